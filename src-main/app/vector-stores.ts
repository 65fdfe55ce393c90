/** Vector stores by their addresses: what is in one, and which address a knowledge base has. */
import { resolve } from 'node:path'
import { StackroomError, type StoreCollection, type StoreInspection, type StoreKind } from '#contract'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import { isStoreAddress } from '#engine/stores/store-address.ts'
import {
  hasCollection,
  type CollectionPlace,
  type FoundCollection,
  type StoreKinds,
  type StorePlace,
} from '#engine/stores/store-kinds.ts'
import type { SecretStore } from '#platform/secrets.ts'
import { modelOfEmbeddingFunction } from './model-of-embedding-function.ts'
import type { Models } from './models.ts'
import { realPath } from './open-folders.ts'

export interface VectorStoresOptions {
  readonly kinds: StoreKinds
  readonly models: Models
  readonly secrets: SecretStore
}

/** Which collection of a store, where the address does not say it. */
export interface CollectionChoice {
  readonly collection?: string | undefined
  readonly tenant?: string | undefined
  readonly database?: string | undefined
}

export class VectorStores {
  readonly kinds: StoreKinds
  readonly #models: Models
  readonly #secrets: SecretStore

  constructor({ kinds, models, secrets }: VectorStoresOptions) {
    this.kinds = kinds
    this.#models = models
    this.#secrets = secrets
  }

  list(): StoreKind[] {
    return this.kinds.list()
  }

  /** Of an address, or of the path of a folder that is a store. Throws `invalid-input`, `not-a-storage-folder`. */
  placeOf(addressOrFolder: string): StorePlace {
    if (isStoreAddress(addressOrFolder)) return this.kinds.parse(addressOrFolder)
    const place = this.kinds.placeOfFolder(resolve(addressOrFolder))
    if (place) return place
    throw new StackroomError('not-a-storage-folder', `${addressOrFolder} is no folder of a vector store.`, {
      hint: `Stores have addresses: ${this.list()
        .flatMap(({ examples }) => examples[0] ?? [])
        .join(', ')}.`,
    })
  }

  /** @param listed the knowledge base that has this address, or keeps its vectors there */
  async inspect(
    address: string,
    listed: (address: string) => string | null,
    signal?: AbortSignal,
  ): Promise<StoreInspection> {
    const place = this.placeOf(address)
    const { collections, version, backupFolder, usedBy, error } = await this.kinds.inspect(place, { signal })
    return {
      kind: place.kind,
      address: place.address,
      location: place.location,
      folder: place.folder,
      collections: collections.map((found) => this.#describe(place, found, listed)),
      version,
      backupFolder,
      usedBy,
      key: await this.#keyOf(place),
      error: error?.toShape() ?? null,
    }
  }

  /**
   * One collection of a store: the one that is named, or the only one. Throws `several-collections`, `not-found`, and what
   * keeps the store from being opened.
   */
  async choose(
    addressOrFolder: string,
    choice: CollectionChoice = {},
    signal?: AbortSignal,
  ): Promise<CollectionPlace> {
    const given = this.placeOf(addressOrFolder)
    const place: StorePlace = {
      ...given,
      collection: choice.collection ?? given.collection,
      tenant: choice.tenant ?? given.tenant,
      database: choice.database ?? given.database,
    }
    if (hasCollection(place)) return place
    const { collections, error } = await this.kinds.inspect(place, { signal })
    const [only, ...others] = collections
    if (!only) throw error ?? nothingIn(place)
    if (others.length > 0) throw severalIn(place, collections)
    return { ...place, collection: only.name, tenant: only.tenant, database: only.database }
  }

  /**
   * What a path or an address is as a knowledge base: the real path of a storage folder, or the address of one collection.
   * Throws as `choose`; what is neither stays as it is, for whoever opens it.
   */
  async knowledgeBaseAt(
    pathOrAddress: string,
    choice: CollectionChoice = {},
    signal?: AbortSignal,
  ): Promise<string> {
    const isCollection = Object.values(choice).some((name) => name !== undefined)
    if (!isStoreAddress(pathOrAddress)) {
      const path = await realPath(pathOrAddress)
      const isStore = (await detectFolderKind(path)) === 'chroma'
      if (!isStore && !isCollection) return path
    }
    return this.kinds.addressOf(await this.choose(pathOrAddress, choice, signal))
  }

  async setKey(address: string, key: string | null): Promise<void> {
    const place = this.placeOf(address)
    const name = this.kinds.of(place.address).keyNameOf(place)
    if (name === null) throw new StackroomError('invalid-input', `${place.location} needs no key.`)
    if (key === null) await this.#secrets.delete(name)
    else await this.#secrets.set(name, key)
  }

  async #keyOf(place: StorePlace): Promise<StoreInspection['key']> {
    const name = this.kinds.of(place.address).keyNameOf(place)
    return name === null ? null : ((await this.#secrets.originOf(name)) ?? 'none')
  }

  #describe(
    place: StorePlace,
    found: FoundCollection,
    listed: (address: string) => string | null,
  ): StoreCollection {
    const { name, tenant, database } = found
    const address = this.kinds.addressOf({ ...place, collection: name, tenant, database })
    return {
      ...found,
      address,
      model: modelOfEmbeddingFunction(found.embeddingFunction, this.#models),
      knowledgeBaseId: listed(address),
    }
  }
}

function nothingIn({ location }: StorePlace): StackroomError {
  return new StackroomError('not-found', `There is no collection in ${location}.`, {
    hint: 'Index files into it: a collection is made then.',
  })
}

function severalIn({ location }: StorePlace, collections: readonly FoundCollection[]): StackroomError {
  const names = collections.slice(0, 20).map(({ name }) => name)
  return new StackroomError(
    'several-collections',
    `${location} has ${collections.length} collections: ${names.join(', ')}${collections.length > 20 ? ' …' : ''}.`,
    { hint: 'Choose one of them. On the command line: --collection <name>.' },
  )
}
