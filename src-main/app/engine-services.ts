/** What every use case needs of the engine, made in one place and closed in order: for the app and the command line. */
import { ReaderPool } from '#engine/ingest/reader-pool.ts'
import { ChromaKind } from '#engine/stores/chroma/chroma-kind.ts'
import { FaissKind } from '#engine/stores/faiss/faiss-kind.ts'
import { PgvectorKind } from '#engine/stores/pgvector/pg-vector-kind.ts'
import { StoreKinds } from '#engine/stores/store-kinds.ts'
import type { SecretStore } from '#platform/secrets.ts'
import { ModelChecks } from './model-checks.ts'
import { Models } from './models.ts'
import { OpenFolders } from './open-folders.ts'
import { VectorStores } from './vector-stores.ts'

export interface EngineServicesOptions {
  readonly dataFolder: string
  readonly resourcesFolder: string
  /** Default: the environment, then a file that only the user can read. */
  readonly secrets?: SecretStore | undefined
}

export class EngineServices implements AsyncDisposable {
  readonly dataFolder: string
  readonly folders: OpenFolders
  readonly models: Models
  readonly checks: ModelChecks
  readonly readerPool: ReaderPool
  readonly stores: VectorStores

  constructor(options: EngineServicesOptions) {
    this.dataFolder = options.dataFolder
    this.models = new Models(options)
    this.checks = new ModelChecks(this.models, options.dataFolder)
    this.readerPool = new ReaderPool()
    const { secrets } = this.models.registry
    const kinds = new StoreKinds([
      new ChromaKind({ dataFolder: options.dataFolder, secrets }),
      new PgvectorKind({ secrets }),
      new FaissKind(),
    ])
    this.stores = new VectorStores({ kinds, models: this.models, secrets })
    this.folders = new OpenFolders({ dataFolder: options.dataFolder, kinds })
  }

  async close(): Promise<void> {
    await this.readerPool.close()
    await this.folders.close()
    await this.stores.kinds.close()
    await this.models.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
