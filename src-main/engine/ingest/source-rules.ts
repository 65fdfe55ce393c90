/** The rules of a source at work: its globs, and the ignore files that lie in its folders. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import picomatch from 'picomatch'
import type { SourceRules } from '#contract'

export type RuleReason = 'excluded' | 'not-included' | 'gitignore' | 'stackroomignore' | 'too-large'

/** As the file systems of the three systems are by default. */
const ignoreCase = process.platform !== 'linux'

/** Files of patterns, written as `.gitignore`; the later one has the last word. */
const ignoreFiles = { gitignore: '.gitignore', stackroomignore: '.stackroomignore' } as const
type IgnoreFileName = keyof typeof ignoreFiles

export const ignoreFileNames: readonly string[] = Object.values(ignoreFiles)

/** Patterns that hold from one folder on downwards. */
interface FolderPatterns {
  /** Relative to the source, with a slash at its end; empty for the source itself. */
  readonly prefix: string
  readonly reason: IgnoreFileName
  readonly patterns: Ignore
}

/** From the source's folder down to the one that is looked at. */
export type PatternChain = readonly FolderPatterns[]

type Matches = (relativePath: string) => boolean

export class CompiledRules {
  readonly rules: SourceRules
  readonly #excluded: Matches
  readonly #included: Matches

  constructor(rules: SourceRules) {
    this.rules = rules
    this.#excluded = matcherOf(rules.exclude)
    this.#included = rules.include.length === 0 ? () => true : matcherOf(rules.include)
  }

  /** Why a file or folder is left out; paths are relative to the source, with slashes. */
  reasonAgainst(relativePath: string, isFolder: boolean, chain: PatternChain): RuleReason | null {
    if (this.#excluded(relativePath)) return 'excluded'
    if (!isFolder && !this.#included(relativePath)) return 'not-included'
    for (let index = chain.length - 1; index >= 0; index--) {
      const { prefix, reason, patterns } = chain[index]!
      const inside = relativePath.slice(prefix.length)
      const { ignored, unignored } = patterns.test(isFolder ? `${inside}/` : inside)
      if (ignored) return reason
      if (unignored) return null
    }
    return null
  }

  isTooLarge(bytes: number): boolean {
    return this.rules.maximumBytes !== null && bytes > this.rules.maximumBytes
  }

  /**
   * The patterns that hold in a folder: those of the folders above and its own.
   * @param prefix of the folder, relative to the source
   */
  async chainIn(
    folder: string,
    names: ReadonlySet<string>,
    prefix: string,
    chain: PatternChain,
  ): Promise<PatternChain> {
    const own: FolderPatterns[] = []
    for (const [reason, name] of Object.entries(ignoreFiles) as [IgnoreFileName, string][]) {
      if (!names.has(name) || (reason === 'gitignore' && !this.rules.gitignore)) continue
      const text = await readFile(join(folder, name), 'utf8')
      own.push({ prefix, reason, patterns: ignore({ ignorecase: ignoreCase }).add(text) })
    }
    return own.length === 0 ? chain : [...chain, ...own]
  }
}

/** A pattern without a slash is of any depth; one that names a folder is of all that is in it. */
function matcherOf(globs: readonly string[]): Matches {
  if (globs.length === 0) return () => false
  const patterns = globs.flatMap((glob) => {
    const plain = glob
      .replaceAll('\\', '/')
      .replace(/^\.?\/+/, '')
      .replace(/\/+$/, '')
    const isAnchored = /^\.?\//.test(glob) || plain.includes('/')
    const pattern = isAnchored ? plain : `**/${plain}`
    return [pattern, `${pattern}/**`]
  })
  const matches = picomatch(patterns, { dot: true, nocase: ignoreCase, nonegate: true })
  return (relativePath) => matches(relativePath)
}
