/** Chroma among the kinds of stores: its folders, each with an engine of our own, and its servers. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError, type StoreKind } from '#contract'
import type { StorageVerifyMethods } from '#engine/storage/verify/verify-worker-methods.ts'
import type { SecretStore } from '#platform/secrets.ts'
import { WorkerClient } from '#platform/worker-client.ts'
import { makerOf, recordsToLookAt } from '../collection-maker.ts'
import type {
  CollectionPlace,
  FoundCollection,
  FoundStore,
  OpenedStore,
  OpenStoreOptions,
  StorePlace,
  VectorStoreKind,
} from '../store-kinds.ts'
import type { StoreCallOptions } from '../vector-store.ts'
import { chromaAddressOf, isChromaFolder, parseChromaAddress, placeOf, urlOf } from './chroma-address.ts'
import { ChromaClient, defaultDatabase, type ChromaDatabase } from './chroma-client.ts'
import { metricOf, type ChromaCollection } from './chroma-shapes.ts'
import { ChromaEngines } from './chroma-engines.ts'
import { chromaCloudUrl, remoteServer, type ChromaServer } from './chroma-server.ts'
import { ownFolder } from './engine-process.ts'
import { folderInUse, folderUsers } from './folder-users.ts'
import { embeddingFunctionOf, type InspectedChromaFolder } from './inspect-chroma-folder.ts'
import { openChromaStore, requireCollectionName } from './open-chroma-store.ts'

export interface ChromaKindOptions {
  /** Stackroom's. */
  readonly dataFolder: string
  readonly secrets: SecretStore
}

interface HeldServer extends AsyncDisposable {
  readonly server: ChromaServer
}

/** The environment variable that Chroma's own clients read, for Chroma Cloud; other servers have a name of their own. */
const cloudKeyName = 'CHROMA_API_KEY'
const bundledModel = 'bundled:all-MiniLM-L6-v2'

export class ChromaKind implements VectorStoreKind {
  readonly info: StoreKind = {
    kind: 'chroma',
    name: 'Chroma',
    schemes: ['chroma', 'chroma+http', 'chroma+https'],
    examples: ['chroma:/home/me/chroma', 'chroma+http://localhost:8000', 'chroma+https://api.trychroma.com'],
    folders: true,
    collectionName: 'collection',
  }
  readonly #dataFolder: string
  readonly #secrets: SecretStore
  readonly #engines = new ChromaEngines()

  constructor({ dataFolder, secrets }: ChromaKindOptions) {
    this.#dataFolder = dataFolder
    this.#secrets = secrets
  }

  parse(address: string): StorePlace {
    return parseChromaAddress(address)
  }

  addressOf(place: StorePlace): string {
    return chromaAddressOf(place)
  }

  placeOfFolder(folder: string): StorePlace | null {
    return isChromaFolder(folder) ? placeOf(folder) : null
  }

  /** One for each server: a token is sent to nobody else. */
  keyNameOf({ folder, location }: StorePlace): string | null {
    if (folder !== null) return null
    const host = location.split('/')[0] ?? ''
    if (host === new URL(chromaCloudUrl).host) return cloudKeyName
    return `${cloudKeyName}_${host.replace(/[^a-z0-9]+/gi, '_').toUpperCase()}`
  }

  async inspect(place: StorePlace, { signal }: StoreCallOptions = {}): Promise<FoundStore> {
    if (place.folder === null) return this.#inspectServer(place, signal)
    requireChromaFolder(place.folder)
    const own = await this.#engines.pidOf(place.folder)
    const [usedBy = null] = await folderUsers(place.folder, own === null ? [process.pid] : [process.pid, own])
    const backupFolder = join(place.folder, ownFolder, 'backups')
    try {
      const { version, collections } = await this.#read(place.folder, signal)
      const error =
        version === 'newer' ? newerFolder(place.folder) : usedBy && folderInUse(place.folder, usedBy)
      return {
        collections,
        version: version === 'new' ? 'same' : version,
        backupFolder: version === 'older' ? backupFolder : null,
        usedBy,
        error,
      }
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof StackroomError) || error.code === 'internal') throw error
      return { collections: [], version: 'same', backupFolder: null, usedBy, error }
    }
  }

  async open(place: CollectionPlace, options: OpenStoreOptions = {}): Promise<OpenedStore> {
    const { create, migrate = false, signal } = options
    if (create) requireCollectionName(place.collection)
    else if (place.folder !== null) requireChromaFolder(place.folder)
    const isNewFolder = place.folder !== null && !existsSync(place.folder)
    let isDiscarded = false
    const held = await this.#hold(place, migrate)
    try {
      const { collection: name } = place
      const { tenant, database: named } =
        place.folder === null ? await whereTokenLeads(held.server, place, signal) : databaseOf(place)
      const database = { tenant, database: named }
      const client = new ChromaClient(held.server, database)
      const before = create ? await existing(client, name, signal) : await client.collection(name, signal)
      const maker = before ? await makerIn(client, before, signal) : 'empty'
      const store = await openChromaStore(
        held.server,
        {
          collection: name,
          database,
          shape: maker === 'langchain' || maker === 'plain' ? 'plain' : 'llamaindex',
          ...(!before &&
            create && {
              create: {
                metric: create.metric,
                embeddingFunction: create.model === bundledModel ? 'default' : null,
              },
            }),
        },
        { signal },
      )
      const embeddingFunction = before
        ? embeddingFunctionIn(before)
        : create?.model === bundledModel
          ? { name: 'default', model: null }
          : null
      return {
        store,
        facts: {
          embeddingFunction,
          metadata: before?.metadata ?? {},
          maker,
        },
        isNew: !before,
        countDocuments: ({ signal: counting } = {}) => this.#countDocuments(place, client, counting),
        discard: async () => {
          await client.deleteCollection(name)
          isDiscarded = true
        },
        close: async () => {
          await held[Symbol.asyncDispose]()
          if (isDiscarded && isNewFolder && place.folder !== null)
            await rm(place.folder, { recursive: true, force: true })
        },
      }
    } catch (error) {
      await held[Symbol.asyncDispose]()
      if (isNewFolder && place.folder !== null) await rm(place.folder, { recursive: true, force: true })
      throw error
    }
  }

  /** The process of a folder's engine, by its real path; null: none is running. */
  pidOf(folder: string): Promise<number | null> {
    return this.#engines.pidOf(folder)
  }

  async close(): Promise<void> {
    await this.#engines[Symbol.asyncDispose]()
  }

  async #hold(place: StorePlace, migrate: boolean): Promise<HeldServer> {
    if (place.folder === null) {
      const name = this.keyNameOf(place)
      const token = (name === null ? null : await this.#secrets.get(name)) ?? undefined
      return {
        server: remoteServer({ url: urlOf(place), token }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }
    }
    const held = this.#engines.hold({ folder: place.folder, cacheFolder: this.#dataFolder, migrate })
    return { server: held.engine, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() }
  }

  async #read(folder: string, signal?: AbortSignal): Promise<InspectedChromaFolder> {
    await using worker = new WorkerClient<StorageVerifyMethods>('storage-verify')
    return await worker.call(
      'inspectChroma',
      { persistDir: folder, dataFolder: this.#dataFolder },
      { signal },
    )
  }

  async #inspectServer(place: StorePlace, signal?: AbortSignal): Promise<FoundStore> {
    await using held = await this.#hold(place, false)
    const nothing = { collections: [], version: 'same', backupFolder: null, usedBy: null } as const
    try {
      const led = await whereTokenLeads(held.server, place, signal)
      const { tenant } = led
      const databases = await new ChromaClient(held.server, { tenant, database: '' })
        .listDatabases(signal)
        .catch((error: unknown) => {
          // A token of some databases may not ask for all.
          const isRefused = error instanceof StackroomError && ['wrong-key', 'not-found'].includes(error.code)
          if (!isRefused) throw error
          return led.databases ?? [led.database]
        })
      const collections: FoundCollection[] = []
      for (const database of databases) {
        const client = new ChromaClient(held.server, { tenant, database })
        for (const collection of await client.listCollections(signal))
          collections.push({
            name: collection.name,
            tenant,
            database,
            records: await client.count(collection.id, signal),
            dimensions: collection.dimension ?? null,
            metric: metricOf(collection),
            embeddingFunction: embeddingFunctionIn(collection),
            maker: await makerIn(client, collection, signal),
            metadata: collection.metadata ?? {},
          })
      }
      return { ...nothing, collections, error: null }
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof StackroomError) || error.code === 'internal') throw error
      return { ...nothing, error }
    }
  }

  /** Of a folder from its files, which the engine would have to send record by record. */
  async #countDocuments(
    place: CollectionPlace,
    client: ChromaClient,
    signal?: AbortSignal,
  ): Promise<number | null> {
    if (place.folder === null) return null
    const maker = await makerIn(client, await client.collection(place.collection, signal), signal)
    const key = maker === 'llamaindex' ? 'ref_doc_id' : maker === 'langchain' ? 'source' : null
    await using worker = new WorkerClient<StorageVerifyMethods>('storage-verify')
    const of = { name: place.collection, ...databaseOf(place), key }
    return await worker
      .call(
        'countChromaDocuments',
        { persistDir: place.folder, dataFolder: this.#dataFolder, ...of },
        { signal },
      )
      .catch((error: unknown) => {
        signal?.throwIfAborted()
        // The engine is writing this moment: it is counted the next time.
        if (error instanceof StackroomError && error.code === 'locked') return null
        throw error
      })
  }
}

function databaseOf({ tenant, database }: StorePlace): ChromaDatabase {
  return { tenant: tenant ?? '', database: database ?? '' }
}

/** Where no tenant is named, the token's own: Chroma Cloud has no default one. */
async function whereTokenLeads(
  server: ChromaServer,
  place: StorePlace,
  signal?: AbortSignal,
): Promise<ChromaDatabase & { readonly databases: readonly string[] | null }> {
  const named = databaseOf(place)
  if (named.tenant !== defaultDatabase.tenant) return { ...named, databases: null }
  const { tenant, databases } = await new ChromaClient(server, named).identity(signal)
  const [only, ...others] = databases ?? []
  const isOnly = only !== undefined && others.length === 0 && named.database === defaultDatabase.database
  return { tenant: tenant ?? named.tenant, database: isOnly ? only : named.database, databases }
}

function existing(
  client: ChromaClient,
  name: string,
  signal?: AbortSignal,
): Promise<ChromaCollection | null> {
  return client.collection(name, signal).catch((error: unknown) => {
    if (error instanceof StackroomError && error.code === 'not-found') return null
    throw error
  })
}

const configSchema = z.looseObject({ config: z.record(z.string(), z.unknown()).optional() })

function embeddingFunctionIn({ configuration_json }: ChromaCollection): FoundCollection['embeddingFunction'] {
  const told = configuration_json.embedding_function
  if (!told) return null
  return embeddingFunctionOf({ name: told.name ?? told.type, config: configSchema.parse(told).config ?? {} })
}

async function makerIn(
  client: ChromaClient,
  collection: ChromaCollection,
  signal?: AbortSignal,
): Promise<FoundCollection['maker']> {
  const { ids, metadatas } = await client.get(
    collection.id,
    { include: ['metadatas'], limit: recordsToLookAt },
    signal,
  )
  const looked = ids.map((_, index) => metadatas?.[index] ?? {})
  return makerOf(looked, { hasEmbeddingFunction: embeddingFunctionIn(collection) !== null })
}

function requireChromaFolder(folder: string): void {
  if (isChromaFolder(folder)) return
  if (!existsSync(folder))
    throw new StackroomError('path-missing', `There is no folder at ${folder}.`, {
      hint: 'It may have been moved, or its drive may not be connected.',
    })
  throw new StackroomError('not-a-storage-folder', `${folder} is no Chroma folder.`, {
    hint: 'A Chroma folder has chroma.sqlite3 in it.',
  })
}

function newerFolder(folder: string): StackroomError {
  return new StackroomError(
    'unsupported-format',
    `${folder} was written by a newer Chroma than the engine of this Stackroom.`,
    {
      hint: 'Update Stackroom, or start that Chroma as a server (`chroma run`) and open it by its address.',
    },
  )
}
