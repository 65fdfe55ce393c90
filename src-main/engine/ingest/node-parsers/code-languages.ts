/**
 * The programming languages whose structure is known: tree-sitter's grammars, as WebAssembly from VS Code's package. They
 * are named as in `tree_sitter_language_pack`, where LlamaIndex takes them from.
 */
import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type * as TreeSitter from '@vscode/tree-sitter-wasm'

interface CodeLanguage {
  /** In the name of its file in the package. */
  readonly grammar: string
  readonly extensions: string
}

const languages: Readonly<Record<string, CodeLanguage>> = {
  bash: { grammar: 'bash', extensions: 'sh bash' },
  // the package has no grammar of C alone; that of C++ reads it
  c: { grammar: 'cpp', extensions: 'c' },
  cpp: { grammar: 'cpp', extensions: 'cc cpp cxx h hh hpp hxx' },
  csharp: { grammar: 'c-sharp', extensions: 'cs' },
  css: { grammar: 'css', extensions: 'css' },
  go: { grammar: 'go', extensions: 'go' },
  java: { grammar: 'java', extensions: 'java' },
  javascript: { grammar: 'javascript', extensions: 'js mjs cjs jsx' },
  php: { grammar: 'php', extensions: 'php' },
  powershell: { grammar: 'powershell', extensions: 'ps1' },
  python: { grammar: 'python', extensions: 'py pyi' },
  ruby: { grammar: 'ruby', extensions: 'rb' },
  rust: { grammar: 'rust', extensions: 'rs' },
  tsx: { grammar: 'tsx', extensions: 'tsx' },
  typescript: { grammar: 'typescript', extensions: 'ts mts cts' },
}

export const codeLanguages = Object.keys(languages)

const languageOfExtension = new Map<string, string>(
  Object.entries(languages).flatMap(([name, { extensions }]) =>
    extensions.split(' ').map((extension) => [`.${extension}`, name] as const),
  ),
)

/** Null for files that are no source code, or in a language without a grammar here. */
export function codeLanguageOf(path: string): string | null {
  return languageOfExtension.get(extname(path).toLowerCase()) ?? null
}

const requireFrom = createRequire(import.meta.url)
const parsers = new Map<string, Promise<TreeSitter.Parser>>()

/** One parser is kept for each language that was met: compiling a grammar takes up to a tenth of a second. */
export function codeParser(language: string): Promise<TreeSitter.Parser> {
  const known = parsers.get(language)
  if (known) return known
  const loading = load(languages[language]?.grammar ?? language)
  parsers.set(language, loading)
  return loading
}

async function load(grammar: string): Promise<TreeSitter.Parser> {
  const { Parser, Language } = requireFrom('@vscode/tree-sitter-wasm') as typeof TreeSitter
  await Parser.init()
  const path = requireFrom.resolve(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${grammar}.wasm`)
  const parser = new Parser()
  parser.setLanguage(await Language.load(await readFile(path)))
  return parser
}
