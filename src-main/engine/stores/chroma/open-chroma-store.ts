/** Opens Chroma collections as vector stores: of a folder, with an engine of our own, or of a server. */
import { accessSync, constants, mkdirSync, realpathSync, statSync } from 'node:fs'
import { StackroomError } from '#contract'
import { explaining } from '#platform/file-errors.ts'
import type { StoreCallOptions, VectorMetric } from '../vector-store.ts'
import { ChromaClient, defaultDatabase, type ChromaDatabase } from './chroma-client.ts'
import type { ChromaCollection } from './chroma-shapes.ts'
import { ChromaEngine, type ChromaEngineOptions } from './chroma-engine.ts'
import type { ChromaServer } from './chroma-server.ts'
import type { RecordShape } from './chroma-records.ts'
import { ChromaVectorStore } from './chroma-vector-store.ts'

export interface OpenCollectionOptions {
  readonly collection: string
  readonly database?: ChromaDatabase | undefined
  /** Omitted: it must exist. Else `get_or_create_collection`. */
  readonly create?: NewCollectionSettings | undefined
  /** Of records that are added. Omitted: as LlamaIndex writes them. */
  readonly shape?: RecordShape | undefined
}

export interface NewCollectionSettings {
  /** Omitted: Chroma's and LlamaIndex's default, `l2`. */
  readonly metric?: VectorMetric | undefined
  /**
   * What the collection says it is embedded with. `default` is Chroma's own, all-MiniLM-L6-v2; null: programs must bring
   * vectors along.
   */
  readonly embeddingFunction: 'default' | null
}

/** The folder is made when it is not there. Throws `read-only`, `permission-denied`, `not-a-folder`. */
export function openChromaEngine(options: ChromaEngineOptions): ChromaEngine {
  const { folder } = options
  if (statSync(folder, { throwIfNoEntry: false })?.isFile())
    throw new StackroomError('not-a-folder', `${folder} is a file, not a folder.`)
  explaining(folder, () => mkdirSync(folder, { recursive: true }))
  try {
    accessSync(folder, constants.W_OK)
  } catch (error) {
    throw new StackroomError('read-only', `The Chroma folder ${folder} cannot be written to.`, {
      hint: 'Chroma writes to its folder even when it only searches. Copy it to a place where you may write.',
      cause: error,
    })
  }
  return new ChromaEngine({ ...options, folder: realpathSync(folder) })
}

/** Throws `not-found` for a collection that is not there, `invalid-input` for a name that Chroma does not take. */
export async function openChromaStore(
  server: ChromaServer,
  options: OpenCollectionOptions,
  { signal }: StoreCallOptions = {},
): Promise<ChromaVectorStore> {
  const client = new ChromaClient(server, options.database ?? defaultDatabase)
  const collection = await openCollection(client, options, signal)
  return new ChromaVectorStore({
    client,
    collection,
    shared: !(server instanceof ChromaEngine),
    shape: options.shape,
  })
}

async function openCollection(
  client: ChromaClient,
  { collection, create }: OpenCollectionOptions,
  signal?: AbortSignal,
): Promise<ChromaCollection> {
  if (!create) return client.collection(collection, signal)
  requireCollectionName(collection)
  const { metric = 'l2', embeddingFunction } = create
  return client.getOrCreateCollection({ name: collection, metric, embeddingFunction }, signal)
}

/** Throws `invalid-input`. */
export function requireCollectionName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9._-]{1,510}[a-zA-Z0-9]$/.test(name)) return
  throw new StackroomError(
    'invalid-input',
    `Chroma takes no collection of the name “${name.slice(0, 100)}”.`,
    {
      hint: 'A name has 3 to 512 characters: letters without accents, digits, dots, underscores and hyphens, and begins and ends with a letter or digit.',
    },
  )
}
