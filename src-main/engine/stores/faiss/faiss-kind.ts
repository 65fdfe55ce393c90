/** FAISS among the kinds of stores: storage folders of LlamaIndex with a FAISS index in them. */
import { existsSync, realpathSync } from 'node:fs'
import { StackroomError, type StoreKind } from '#contract'
import { folderInAddress, folderOfAddress, joinAddress, splitAddress } from '../store-address.ts'
import type {
  CollectionPlace,
  FoundStore,
  OpenedStore,
  OpenStoreOptions,
  StorePlace,
  VectorStoreKind,
} from '../store-kinds.ts'
import { listFaissCollections, openFaissStore } from './open-faiss-store.ts'

/** A folder has one index. */
const collection = 'default'

export class FaissKind implements VectorStoreKind {
  readonly info: StoreKind = {
    kind: 'faiss',
    name: 'FAISS',
    schemes: ['faiss'],
    examples: ['faiss:/home/me/storage'],
    folders: true,
    collectionName: 'index',
  }

  parse(address: string): StorePlace {
    const path = folderOfAddress(splitAddress(address).rest)
    const folder = existsSync(path) ? realpathSync(path) : path
    return {
      kind: this.info.kind,
      address: joinAddress('faiss', folderInAddress(folder), {}),
      location: folder,
      folder,
      collection,
      tenant: null,
      database: null,
    }
  }

  addressOf({ address }: StorePlace): string {
    return address
  }

  keyNameOf(): null {
    return null
  }

  inspect({ location }: StorePlace): Promise<FoundStore> {
    const nothing = { collections: [], version: 'same', backupFolder: null, usedBy: null } as const
    try {
      const collections = listFaissCollections(location).map(({ name, records, dimension, metric }) => ({
        ...{ name, tenant: null, database: null, records, dimensions: dimension, metric },
        ...{ embeddingFunction: null, maker: 'llamaindex' as const, metadata: {} },
      }))
      return Promise.resolve({ ...nothing, collections, error: null })
    } catch (error) {
      if (error instanceof StackroomError && error.code !== 'internal')
        return Promise.resolve({ ...nothing, error })
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async open({ location }: CollectionPlace, { create, signal }: OpenStoreOptions = {}): Promise<OpenedStore> {
    signal?.throwIfAborted()
    if (create)
      throw new StackroomError('read-only', 'FAISS indexes are searched and copied from, not written.', {
        hint: 'Choose a storage folder, Chroma or PGVector.',
      })
    const store = openFaissStore(location)
    const documents = new Set((await store.get({})).map(({ node }) => node?.refDocId))
    return {
      store,
      facts: { embeddingFunction: null, maker: 'llamaindex', metadata: {} },
      isNew: false,
      countDocuments: () => Promise.resolve(documents.size),
      discard: () => Promise.resolve(),
      close: () => store.close(),
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
