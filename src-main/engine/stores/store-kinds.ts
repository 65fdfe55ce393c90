/**
 * Every kind of vector store that can be opened by its address. An engine's folder has one object of the interface
 * `VectorStoreKind`; which ones there are is said in app/engine-services.ts.
 */
import { StackroomError, type Metadata, type StoreKind, type StoreMaker, type StoreMetric } from '#contract'
import { splitAddress } from './store-address.ts'
import type { StoreCallOptions, VectorStore } from './vector-store.ts'

/** What an address means. */
export interface StorePlace {
  readonly kind: string
  /** Written always in the same way; without a collection. */
  readonly address: string
  /** For people: the folder, or the server's host. */
  readonly location: string
  /** By its real path, where it is one on this machine. */
  readonly folder: string | null
  readonly collection: string | null
  /** Null where the engine has no such thing. */
  readonly tenant: string | null
  readonly database: string | null
}

/** A place with a collection. */
export type CollectionPlace = StorePlace & { readonly collection: string }

export function hasCollection(place: StorePlace): place is CollectionPlace {
  return place.collection !== null
}

export interface FoundCollection {
  readonly name: string
  readonly tenant: string | null
  readonly database: string | null
  readonly records: number
  readonly dimensions: number | null
  readonly metric: StoreMetric | null
  readonly embeddingFunction: { readonly name: string; readonly model: string | null } | null
  readonly maker: StoreMaker
  readonly metadata: Metadata
}

/** Nothing of it is changed or started for that, as far as it can be found out without. */
export interface FoundStore {
  readonly collections: readonly FoundCollection[]
  readonly version: 'same' | 'older' | 'newer'
  readonly backupFolder: string | null
  readonly usedBy: { readonly pid: number; readonly command: string } | null
  readonly error: StackroomError | null
}

export interface OpenStoreOptions extends StoreCallOptions {
  /** Given for a collection that may be new; it is made when it is not there. */
  readonly create?: NewCollection | undefined
  /** Whether an engine may bring what is there up to date for good, after a backup. */
  readonly migrate?: boolean | undefined
}

export interface NewCollection {
  /** Omitted: the engine's own default, as LlamaIndex makes it. */
  readonly metric?: StoreMetric | undefined
  /** The id of the embed model that will fill it: engines that note such a thing note it. */
  readonly model: string
}

/** What is said of the collection itself. */
export type CollectionFacts = Pick<FoundCollection, 'embeddingFunction' | 'maker' | 'metadata'>

export interface OpenedStore {
  readonly store: VectorStore
  readonly facts: CollectionFacts
  /** Whether opening it made it. */
  readonly isNew: boolean
  /** How many documents its nodes are of; null where that would take long, or the engine cannot say. */
  countDocuments(options?: StoreCallOptions): Promise<number | null>
  /** Takes it away again; for one that is new and came to nothing. */
  discard(): Promise<void>
  /** Lets go of the store, and of its engine when nobody else uses it. */
  close(): Promise<void>
}

/** One engine. Everything it throws is a StackroomError: `not-found`, `locked`, `older-format`, `server-down`, `wrong-key` … */
export interface VectorStoreKind {
  readonly info: StoreKind
  /** Throws `invalid-input` for what it cannot be. The scheme is one of its own. */
  parse(address: string): StorePlace
  /** The whole address of a place, collection and all: what `parse` gave this place for. */
  addressOf(place: StorePlace): string
  /** The place of a folder that has such a store in it; null: it has none. Absent: its stores are no folders. */
  placeOfFolder?(folder: string): StorePlace | null
  /** How the key of a store's server is called among the secrets; null: it takes none. */
  keyNameOf(place: StorePlace): string | null
  inspect(place: StorePlace, options?: StoreCallOptions): Promise<FoundStore>
  /** Throws `not-found` for a collection that is not there, unless it may be made. */
  open(place: CollectionPlace, options?: OpenStoreOptions): Promise<OpenedStore>
  /** Ends what is still running. */
  close(): Promise<void>
}

export class StoreKinds implements AsyncDisposable {
  readonly #kinds: readonly VectorStoreKind[]

  constructor(kinds: readonly VectorStoreKind[]) {
    this.#kinds = kinds
  }

  list(): StoreKind[] {
    return this.#kinds.map(({ info }) => info)
  }

  /** Throws `invalid-input` for what is no address, and for a store that this version does not open. */
  of(address: string): VectorStoreKind {
    const { scheme } = splitAddress(address)
    const kind = this.#kinds.find(({ info }) => info.schemes.includes(scheme))
    if (kind) return kind
    throw new StackroomError(
      'unsupported-format',
      `This version of Stackroom opens no stores of ${scheme}:.`,
      {
        hint: `It opens: ${this.#kinds.map(({ info }) => info.name).join(', ')}.`,
      },
    )
  }

  parse(address: string): StorePlace {
    return this.of(address).parse(address)
  }

  addressOf(place: StorePlace): string {
    return this.of(place.address).addressOf(place)
  }

  /** Null: the folder has no store that is known by its looks. */
  placeOfFolder(folder: string): StorePlace | null {
    for (const kind of this.#kinds) {
      const place = kind.placeOfFolder?.(folder)
      if (place) return place
    }
    return null
  }

  inspect(place: StorePlace, options?: StoreCallOptions): Promise<FoundStore> {
    return this.of(place.address).inspect(place, options)
  }

  open(place: CollectionPlace, options?: OpenStoreOptions): Promise<OpenedStore> {
    return this.of(place.address).open(place, options)
  }

  async close(): Promise<void> {
    await Promise.all(this.#kinds.map((kind) => kind.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
