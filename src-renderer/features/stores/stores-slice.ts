/** Opening a vector store: look at what is in it, choose collections, open them as knowledge bases. */
import { isCancelled, type ErrorShape, type StoreInspection, type StoreKind } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'

/** The store that is on screen. */
export interface StoreOpening {
  /** Of the store, or the path of its folder: as it was asked for. */
  readonly address: string
  readonly step: 'looking' | 'choosing' | 'opening'
  readonly inspection: StoreInspection | null
  /** Addresses of collections. */
  readonly chosen: readonly string[]
  /** Why it could not be looked at, or opened. */
  readonly error: ErrorShape | null
}

export interface StoresSlice {
  readonly storeKinds: readonly StoreKind[]
  readonly storeOpening: StoreOpening | null
  readonly loadStoreKinds: () => Promise<void>
  /** Looks at what is in it. Its only collection opens at once; of several the user chooses. */
  readonly openStore: (address: string) => Promise<void>
  /** Shows what was found already. */
  readonly showStore: (address: string, inspection: StoreInspection) => Promise<void>
  readonly chooseCollections: (addresses: readonly string[]) => void
  readonly openChosen: () => Promise<void>
  readonly closeStore: () => void
}

export const createStoresSlice: SliceCreator<StoresSlice> = ({ client, set, get }) => {
  let current = new AbortController()

  const begin = (opening: StoreOpening | null): AbortSignal => {
    current.abort()
    current = new AbortController()
    set({ storeOpening: opening })
    return current.signal
  }
  const update = (change: Partial<StoreOpening>): void =>
    set(({ storeOpening }) => (storeOpening === null ? {} : { storeOpening: { ...storeOpening, ...change } }))

  /** Null: it was opened. */
  async function open(
    address: string,
    migrate: boolean,
    isFirst: boolean,
    signal: AbortSignal,
  ): Promise<ErrorShape | null> {
    if (isFirst) set({ openingDir: address })
    try {
      const knowledgeBase = await client.call('stores.open', { address, migrate }, { signal })
      if (signal.aborted) return null
      get().receiveKnowledgeBase(knowledgeBase)
      if (isFirst) get().select(knowledgeBase.id)
      return null
    } catch (error) {
      return signal.aborted || isCancelled(error) ? null : describeError(error)
    } finally {
      if (isFirst) set({ openingDir: null })
    }
  }

  return {
    storeKinds: [],
    storeOpening: null,

    async loadStoreKinds() {
      try {
        set({ storeKinds: await client.call('stores.kinds', {}) })
      } catch (error) {
        get().notifyError(error)
      }
    },

    async openStore(address) {
      const signal = begin({ address, step: 'looking', inspection: null, chosen: [], error: null })
      try {
        const inspection = await client.call('stores.inspect', { address }, { signal })
        if (!signal.aborted) await get().showStore(address, inspection)
      } catch (error) {
        if (!signal.aborted && !isCancelled(error)) update({ step: 'choosing', error: describeError(error) })
      }
    },

    async showStore(address, inspection) {
      const { collections, version, error } = inspection
      const [only] = collections.length === 1 ? collections : []
      const chosen = only === undefined ? [] : [only.address]
      begin({ address, step: 'choosing', inspection, chosen, error: null })
      if (only !== undefined && version === 'same' && error === null) await get().openChosen()
    },

    chooseCollections: (chosen) => update({ chosen, error: null }),

    async openChosen() {
      const { storeOpening } = get()
      if (storeOpening === null) return
      const { address, inspection, chosen } = storeOpening
      if (inspection === null || chosen.length === 0) return
      const signal = begin({ address, step: 'opening', inspection, chosen, error: null })
      for (const [index, collection] of chosen.entries()) {
        const error = await open(collection, inspection.version === 'older', index === 0, signal)
        if (signal.aborted) return
        if (error !== null) {
          // what was opened before it stays open
          update({ step: 'choosing', chosen: chosen.slice(index), error })
          return
        }
      }
      set({ storeOpening: null })
    },

    closeStore: () => void begin(null),
  }
}
