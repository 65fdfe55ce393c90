/** What the tests of storage folders share: a folder of their own, opened storage that is closed, errors as codes. */
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { StackroomError } from '#contract'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { buildNodes } from './storage-documents.ts'
import { settings } from './storage-settings.ts'

export const pythonFolder = resolve(import.meta.dirname, '../fixtures/python-storage/storage')
export const jsonFiles = ['docstore.json', 'index_store.json', 'default__vector_store.json'] as const
/** Of the vectors in the folder that Python wrote. */
export const dimensions = 384

export class TestFolder implements AsyncDisposable {
  readonly home: string
  persistDir: string
  dataFolder: string
  readonly #opened: StorageFolder[] = []

  private constructor(home: string) {
    this.home = home
    this.persistDir = join(home, 'storage')
    this.dataFolder = join(home, 'data')
  }

  static async make(): Promise<TestFolder> {
    return new TestFolder(await mkdtemp(join(tmpdir(), 'stackroom-storage-')))
  }

  async closeAll(): Promise<void> {
    await Promise.allSettled(this.#opened.splice(0).map((storage) => storage.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeAll()
    await rm(this.home, { recursive: true, force: true })
  }

  async create(): Promise<StorageFolder> {
    const { persistDir, dataFolder } = this
    return this.#keep(await createStorageFolder({ persistDir, dataFolder, settings }))
  }

  async open(): Promise<StorageFolder> {
    const { persistDir, dataFolder } = this
    return this.#keep(await openStorageFolder({ persistDir, dataFolder }))
  }

  /** A copy of the folder that Python wrote, opened. */
  async openPython(): Promise<StorageFolder> {
    await cp(pythonFolder, this.persistDir, { recursive: true })
    return this.open()
  }

  #keep(storage: StorageFolder): StorageFolder {
    this.#opened.push(storage)
    return storage
  }

  async close(storage: StorageFolder): Promise<void> {
    this.#opened.splice(this.#opened.indexOf(storage), 1)
    await storage.close()
  }

  async texts(folder = this.persistDir): Promise<Record<string, string>> {
    return Object.fromEntries(
      await Promise.all(
        jsonFiles.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const),
      ),
    )
  }

  async names(): Promise<string[]> {
    return (await readdir(this.persistDir)).sort()
  }
}

export function insertOf(id: string, ...texts: string[]) {
  return { insert: [buildNodes(id, texts, dimensions)] }
}

export async function isFound(storage: StorageFolder, id: string, text: string): Promise<boolean> {
  const [vector] = buildNodes(id, [text], dimensions).vectors
  const [hit] = await storage.query(vector!, 1)
  return hit?.nodeId === `${id}#${text}`
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: unknown) => (error instanceof StackroomError ? error.code : String(error)),
  )
}

interface Docstore {
  readonly 'docstore/ref_doc_info': Readonly<Record<string, unknown>>
  readonly 'docstore/data': Readonly<Record<string, unknown>>
}

/** docstore.json, by its text. */
export function docstoreOf(text: string | undefined): Docstore {
  return JSON.parse(text ?? '') as Docstore
}
