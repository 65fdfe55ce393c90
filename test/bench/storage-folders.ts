/** The folders that the storage benchmark measures on: written by Python LlamaIndex, once, and kept in .cache. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
export const cacheFolder = join(root, '.cache/bench-storage')
export const python = process.env['STACKROOM_PYTHON'] ?? join(root, '.venv/bin/python')
export const reference = join(import.meta.dirname, 'storage_reference.py')

export interface BenchFolder {
  readonly name: string
  readonly nodes: number
  readonly dimensions: number
}

export const benchFolders: readonly BenchFolder[] = [
  { name: '10k', nodes: 10_000, dimensions: 384 },
  { name: '50k', nodes: 50_000, dimensions: 384 },
  { name: '100k', nodes: 100_000, dimensions: 384 },
  { name: '20k-1536', nodes: 20_000, dimensions: 1536 },
]

/** Where the folder is; written now when it is not there yet. */
export async function providePristine({ name, nodes, dimensions }: BenchFolder): Promise<string> {
  const path = join(cacheFolder, name)
  if (existsSync(path)) return path
  const unfinished = `${path}.new`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  const tokenizer = join(root, 'resources/models/all-MiniLM-L6-v2/tokenizer.json')
  await promisify(execFile)(python, [
    reference,
    'make',
    unfinished,
    String(nodes),
    String(dimensions),
    tokenizer,
  ])
  await rename(unfinished, path)
  return path
}

/**
 * A copy to work on, on the disk and in the page cache: both sides read what was just written, and neither waits for the
 * other's writes.
 */
export async function copyOf(pristine: string, name: string): Promise<string> {
  const path = join(cacheFolder, `${name}.copy`)
  await rm(path, { recursive: true, force: true })
  await cp(pristine, path, { recursive: true })
  for (const file of await readdir(path)) {
    const handle = await open(join(path, file), 'r+')
    await handle.sync()
    await handle.close()
  }
  return path
}
