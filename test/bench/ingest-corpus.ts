/** The files that reading is measured with: the documentation of Linux and of Python, as Debian installs it, unpacked. */
import { createReadStream, createWriteStream, existsSync, globSync } from 'node:fs'
import { glob, mkdir, stat } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

/** Files of one kind, in a folder of their own. */
export interface Corpus {
  readonly name: string
  readonly folder: string
  /** What they end with. */
  readonly extensions: readonly string[]
}

/** The version is in the name of the folder. */
const linux = globSync('/usr/share/doc/linux-doc-*')[0] ?? '/usr/share/doc/linux-doc'
const python = '/usr/share/doc/python3.11/html'

const kinds = [
  {
    name: 'HTML (linux-doc, python3.11-doc)',
    extensions: ['.html'],
    sources: [join(linux, 'html'), python],
  },
  {
    name: 'reStructuredText, text and YAML (the same)',
    extensions: ['.rst', '.txt', '.yaml'],
    sources: [join(linux, 'Documentation'), join(python, '_sources')],
  },
] as const

/** Copies what is installed; the source of a page of HTML is not copied with the HTML. */
export async function copyCorpus(into: string): Promise<Corpus[]> {
  const corpora: Corpus[] = []
  for (const [index, { name, extensions, sources }] of kinds.entries()) {
    const folder = join(into, String(index))
    const installed = sources.filter((source) => existsSync(source))
    for (const [part, source] of installed.entries())
      await copyFiles(source, join(folder, String(part)), extensions)
    if (installed.length > 0) corpora.push({ name, folder, extensions })
  }
  return corpora
}

async function copyFiles(source: string, target: string, extensions: readonly string[]): Promise<void> {
  for await (const name of glob('**/*', { cwd: source })) {
    const isPacked = name.endsWith('.gz')
    const plain = isPacked ? name.slice(0, -3) : name
    if (!extensions.includes(extname(plain))) continue
    const stats = await stat(join(source, name)).catch(() => null)
    // Both sides leave out files without content.
    if (!stats?.isFile() || stats.size === 0) continue
    await mkdir(dirname(join(target, plain)), { recursive: true })
    const read = createReadStream(join(source, name))
    const write = createWriteStream(join(target, plain))
    await (isPacked ? pipeline(read, createGunzip(), write) : pipeline(read, write))
  }
}
