/**
 * Opens a file at a page or a line, where the program that the system would open it with is one that can be told so.
 * Only Linux says which program that is; elsewhere, and for any other program, nothing is opened and the answer is false.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

export interface FilePlace {
  /** As the document labels it: not always a number. */
  readonly page: string | null
  /** From 1. */
  readonly line: number | null
}

interface Program {
  /** Of the name of its desktop entry. */
  readonly entry: RegExp
  readonly command: string
  readonly page?: (path: string, page: string) => readonly string[]
  readonly line?: (path: string, line: number) => readonly string[]
}

const atUrl = (path: string, page: string): readonly string[] => [`${pathToFileURL(path).href}#page=${page}`]
const afterPlus = (path: string, line: number): readonly string[] => [`+${line}`, path]
const atColon = (path: string, line: number): readonly string[] => ['--goto', `${path}:${line}`]

const programs: readonly Program[] = [
  { entry: /evince/i, command: 'evince', page: (path, page) => [`--page-label=${page}`, path] },
  { entry: /papers/i, command: 'papers', page: (path, page) => [`--page-label=${page}`, path] },
  { entry: /atril/i, command: 'atril', page: (path, page) => [`--page-label=${page}`, path] },
  { entry: /xreader/i, command: 'xreader', page: (path, page) => [`--page-label=${page}`, path] },
  { entry: /okular/i, command: 'okular', page: (path, page) => ['--page', page, path] },
  { entry: /zathura/i, command: 'zathura', page: (path, page) => [`--page=${page}`, path] },
  { entry: /qpdfview/i, command: 'qpdfview', page: (path, page) => [`${path}#${page}`] },
  { entry: /firefox/i, command: 'firefox', page: atUrl },
  { entry: /google-chrome/i, command: 'google-chrome', page: atUrl },
  { entry: /chromium/i, command: 'chromium', page: atUrl },
  { entry: /gnome\.?-?text-?editor/i, command: 'gnome-text-editor', line: afterPlus },
  { entry: /gedit/i, command: 'gedit', line: afterPlus },
  { entry: /pluma/i, command: 'pluma', line: afterPlus },
  { entry: /xed/i, command: 'xed', line: afterPlus },
  { entry: /kate/i, command: 'kate', line: (path, line) => ['--line', `${line}`, path] },
  { entry: /kwrite/i, command: 'kwrite', line: (path, line) => ['--line', `${line}`, path] },
  { entry: /mousepad/i, command: 'mousepad', line: (path, line) => [`--line=${line}`, path] },
  { entry: /codium/i, command: 'codium', line: atColon },
  { entry: /(^|visual-studio-)code\b/i, command: 'code', line: atColon },
  { entry: /sublime/i, command: 'subl', line: (path, line) => [`${path}:${line}`] },
]

const run = promisify(execFile)

/** Whether a program was started. */
export async function openAtPlace(path: string, { page, line }: FilePlace): Promise<boolean> {
  if (process.platform !== 'linux' || (page === null && line === null)) return false
  const entry = await defaultProgram(path)
  for (const program of programs) {
    if (!program.entry.test(entry)) continue
    const args =
      page !== null ? program.page?.(path, page) : line !== null ? program.line?.(path, line) : undefined
    if (args !== undefined) return start(program.command, args)
  }
  return false
}

async function defaultProgram(path: string): Promise<string> {
  try {
    const type = (await run('xdg-mime', ['query', 'filetype', path])).stdout.trim()
    return (await run('xdg-mime', ['query', 'default', type])).stdout.trim()
  } catch {
    // a system without xdg-utils opens files in its own way
    return ''
  }
}

async function start(command: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, { detached: true, stdio: 'ignore' })
  try {
    await once(child, 'spawn')
    child.unref()
    return true
  } catch {
    // the entry is there, the program under another name
    return false
  }
}
