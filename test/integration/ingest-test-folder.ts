/** What the tests of ingestion share: a folder of sources, an index of it, and a model that counts what it is asked for. */
import { cp, mkdir, mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { IngestReport } from '#contract'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { defaultNodeParserSettings } from '#engine/ingest/node-parser-settings.ts'
import { ingest, type IngestOptions } from '#engine/ingest/pipeline.ts'
import type { ReaderPool } from '#engine/ingest/reader-pool.ts'
import { createStorageFolder, openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { settings } from './storage-settings.ts'

/** Its vectors tell texts apart by their length and first letter. */
export class CountingModel implements EmbedModel {
  readonly texts: string[] = []
  /** Called before each batch. */
  onBatch: (texts: readonly string[]) => void | Promise<void> = () => undefined
  readonly maximumTokens = 8192
  readonly offline = true
  readonly identity = {
    id: 'test:letters',
    dimensions: 2,
    pooling: 'mean',
    normalized: false,
    queryPrefix: '',
    documentPrefix: '',
    longText: 'cut',
    lineBreaks: 'kept',
    revision: '1',
  } as const

  async embedDocuments(texts: readonly string[]): Promise<Float32Array[]> {
    await this.onBatch(texts)
    this.texts.push(...texts)
    return texts.map((text) => Float32Array.of(text.length, text.charCodeAt(0)))
  }

  embedQuery(text: string): Promise<Float32Array> {
    return Promise.resolve(Float32Array.of(text.length, text.charCodeAt(0)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}

export class IngestTestFolder implements AsyncDisposable {
  readonly home: string
  readonly sources: string
  readonly model = new CountingModel()
  readonly #pool: ReaderPool
  storage: StorageFolder

  private constructor(home: string, pool: ReaderPool, storage: StorageFolder) {
    this.home = home
    this.sources = join(home, 'sources')
    this.#pool = pool
    this.storage = storage
  }

  static async make(
    pool: ReaderPool,
    files: Readonly<Record<string, string>> = {},
  ): Promise<IngestTestFolder> {
    const home = await mkdtemp(join(tmpdir(), 'stackroom-ingest-'))
    const storage = await createStorageFolder({
      persistDir: join(home, 'storage'),
      dataFolder: join(home, 'data'),
      settings,
    })
    const folder = new IngestTestFolder(home, pool, storage)
    await mkdir(folder.sources)
    await folder.write(files)
    return folder
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.storage.close()
    await rm(this.home, { recursive: true, force: true })
  }

  path(name: string): string {
    return join(this.sources, name)
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(this.path(name)), { recursive: true })
      await writeFile(this.path(name), text)
    }
  }

  async move(from: string, to: string): Promise<void> {
    await mkdir(dirname(this.path(to)), { recursive: true })
    await rename(this.path(from), this.path(to))
  }

  async copy(from: string, to: string): Promise<void> {
    await cp(this.path(from), this.path(to))
  }

  async remove(name: string): Promise<void> {
    await unlink(this.path(name))
  }

  /** Says how many texts the model was asked for. */
  async run(options: Partial<IngestOptions> = {}): Promise<IngestReport & { sent: number }> {
    const before = this.model.texts.length
    const report = await ingest({
      storage: this.storage,
      model: this.model,
      sources: [this.sources],
      nodeParserSettings: defaultNodeParserSettings,
      readerPool: this.#pool,
      ...options,
    })
    return { ...report, sent: this.model.texts.length - before }
  }

  refresh(options: Partial<IngestOptions> = {}): Promise<IngestReport & { sent: number }> {
    return this.run({ isRefresh: true, ...options })
  }

  /** Ids of the documents in the index, relative to the sources. */
  async documents(): Promise<string[]> {
    const entries = await this.storage.manifest()
    const ids = entries.flatMap(({ refDocIds }) => refDocIds)
    const hashes = await this.storage.documentHashes(ids)
    return ids
      .filter((_, index) => hashes[index] !== null)
      .map((id) => relative(this.sources, id))
      .sort()
  }

  /** @param meanwhile done while nobody has it open */
  async reopen(meanwhile: () => void = () => undefined): Promise<void> {
    const { persistDir } = this.storage
    await this.storage.close()
    meanwhile()
    this.storage = await openStorageFolder({ persistDir, dataFolder: join(this.home, 'data') })
  }
}
