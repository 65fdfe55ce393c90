/** The persist dirs that LlamaIndex itself wrote, and a copy of one to work on. */
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { scanStoreFile } from '#engine/storage/llamaindex/json-scanner.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import { StorageReader } from '#engine/storage/storage-reader.ts'
import { StorageWriter } from '#engine/storage/storage-writer.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'

const fixtures = resolve(import.meta.dirname, '../fixtures/persist-dirs')

export const persistDirs = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort()

/** The reader and the writer of one folder in this thread: starting two threads takes longer than everything else. */
export type OpenFolder = Pick<
  StorageFolder,
  'summary' | 'query' | 'nodes' | 'nodesOfDocument' | 'documentHashes' | 'change' | 'persist' | 'close'
>

export async function openHere(
  persistDir: string,
  dataFolder: string,
  settings: StackroomSettings | null = null,
): Promise<OpenFolder> {
  const { signal } = new AbortController()
  const writer = await StorageWriter.open({ persistDir, dataFolder, settings }, signal)
  const reader = new StorageReader(writer.opened)
  return {
    summary: async () => reader.summary(),
    query: async (vector, topK) => reader.query({ vector, topK }),
    nodes: async (nodeIds) => reader.nodes(nodeIds),
    nodesOfDocument: async (refDocId) => reader.nodesOfDocument(refDocId),
    documentHashes: async (refDocIds) => reader.documentHashes(refDocIds),
    change: (change) => writer.change(change),
    persist: () => writer.persist(signal),
    async close() {
      await reader[Symbol.asyncDispose]()
      await writer.close()
    },
  }
}

export class WorkingCopy implements AsyncDisposable {
  readonly persistDir: string
  readonly #folder: string
  readonly #opened: OpenFolder[] = []

  private constructor(folder: string) {
    this.#folder = folder
    this.persistDir = join(folder, 'storage')
  }

  /** Of one of the persist dirs above. */
  static async of(name: string): Promise<WorkingCopy> {
    const copy = new WorkingCopy(await mkdtemp(join(tmpdir(), 'stackroom-formats-')))
    await cp(join(fixtures, name), copy.persistDir, { recursive: true })
    return copy
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async open(): Promise<OpenFolder> {
    const storage = await openHere(this.persistDir, join(this.#folder, 'data'))
    this.#opened.push(storage)
    return storage
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((storage) => storage.close()))
  }

  /** Every file but Stackroom's own, as latin1, so that each byte counts. */
  async texts(): Promise<Map<string, string>> {
    const names = (await readdir(this.persistDir)).filter((name) => name !== '.stackroom').sort()
    const texts = names.map(
      async (name) => [name, await readFile(join(this.persistDir, name), 'latin1')] as const,
    )
    return new Map(await Promise.all(texts))
  }

  /** Each entry of each section with its text, in order. */
  entries(file: string): Map<string, [key: string, text: string][]> {
    const sections = new Map<string, [string, string][]>()
    let entries: [string, string][] = []
    for (const token of scanStoreFile(join(this.persistDir, file))) {
      if (token.kind === 'section-start') sections.set(token.name, (entries = []))
      else if (token.kind === 'entry') entries.push([token.key, token.value.toString('latin1')])
    }
    return sections
  }

  /** The value of one index struct's `__data__`. */
  struct(indexId: string): unknown {
    const entry = this.entries('index_store.json')
      .get('index_store/data')
      ?.find(([key]) => key === indexId)
    const { __data__: data } = JSON.parse(entry?.[1] ?? '{}') as { __data__: unknown }
    return typeof data === 'string' ? JSON.parse(data) : data
  }
}
