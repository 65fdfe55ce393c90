/** The machine's files as the window may see them: listed, shown, and opened where they are the source of a hit. */
import { readdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, extname, isAbsolute, join, resolve } from 'node:path'
import { StackroomError, type DirectoryListing, type ParsedInput } from '#contract'
import { toFileError } from '#engine/ingest/file-errors.ts'
import { isStorageFolder } from '#engine/ingest/ignored.ts'
import type { HostServices } from './host-services.ts'
import { lineInFile, pageLabelOf } from './node-source.ts'
import type { Search } from './search.ts'
import { sourceOf } from './search-folder.ts'

/** Documents that the system would run rather than show. A storage folder of someone else names any path it likes. */
const programs = new Set(
  '.sh .bash .zsh .fish .bat .cmd .ps1 .vbs .js .mjs .cjs .py .pyw .rb .pl .lua .jar .desktop .command .app .exe .com .msi .scr .lnk .hta .reg'.split(
    ' ',
  ),
)

export class Files {
  readonly #search: Search
  readonly #host: HostServices

  constructor(search: Search, host: HostServices) {
    this.#search = search
    this.#host = host
  }

  /** Hidden entries are left out. */
  async list(path: string | null): Promise<DirectoryListing> {
    const folder = resolve(path ?? homedir())
    try {
      if ((await stat(folder)).isFile())
        throw new StackroomError('not-a-folder', `${folder} is a file, not a folder.`)
      const names = await readdir(folder, { withFileTypes: true })
      const entries = await Promise.all(
        names
          .filter(({ name }) => !name.startsWith('.'))
          .map(async ({ name }) => {
            const entryPath = join(folder, name)
            const stats = await stat(entryPath).catch(() => null)
            const isDirectory = stats?.isDirectory() ?? false
            return {
              name,
              path: entryPath,
              isDirectory,
              size: stats?.size ?? 0,
              ...(await storageIn(entryPath, isDirectory)),
            }
          }),
      )
      entries.sort((a, b) => Number(b.isDirectory) - Number(a.isDirectory) || a.name.localeCompare(b.name))
      const parent = dirname(folder)
      return { path: folder, parent: parent === folder ? null : parent, entries }
    } catch (error) {
      throw toFileError(error)
    }
  }

  async open(input: ParsedInput<'files.open'>): Promise<void> {
    const node = await this.#search.node(input)
    const path = sourceOf(node)
    if (!this.#host.openFile)
      throw new StackroomError(
        'wrong-usage',
        'Files cannot be opened from here: this machine has no display.',
      )
    if (path === null || !isAbsolute(path) || path.startsWith('\\\\'))
      throw new StackroomError('path-missing', 'The index does not say where this file is.')
    const stats = await stat(path).catch((error: unknown) => Promise.reject(toFileError(error) as Error))
    if (!stats.isFile()) throw new StackroomError('invalid-input', 'This is not a file.')
    if (programs.has(extname(path).toLowerCase()))
      throw new StackroomError('unsupported-type', 'Stackroom does not open programs.', {
        hint: 'Show it in its folder instead.',
      })
    const page = pageLabelOf(node)
    await this.#host.openFile(path, { page, line: page === null ? await lineInFile(path, node.text) : null })
  }

  async reveal(path: string): Promise<void> {
    if (!this.#host.reveal)
      throw new StackroomError('wrong-usage', 'Files cannot be shown from here: this machine has no display.')
    const absolute = resolve(path)
    await stat(absolute).catch((error: unknown) => Promise.reject(toFileError(error) as Error))
    this.#host.reveal(absolute)
  }
}

async function storageIn(
  path: string,
  isDirectory: boolean,
): Promise<{ isStorageFolder: boolean; isChromaFolder: boolean }> {
  const names = new Set(isDirectory ? await readdir(path).catch(() => []) : [])
  return {
    isStorageFolder: isStorageFolder(names),
    isChromaFolder: names.has('chroma.sqlite3') && !names.has('stackroom.json'),
  }
}
