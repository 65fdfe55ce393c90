/**
 * The form that connects to a vector store on a server. A token is handed from the form to the engine and is never part of
 * the state: what is known of it afterwards is where it is.
 */
import { isCancelled, type ErrorShape, type StoreInspection, type StoreKind } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'
import { chromaServerAddress } from './store-address.ts'

export interface StoreServerDraft {
  /** Of `stores.kinds`. */
  readonly kind: string
  /** Of Chroma the URL, of others the whole address. */
  readonly url: string
  readonly tenant: string
  readonly database: string
}

export interface StoreServerForm {
  readonly draft: StoreServerDraft
  readonly working: 'testing' | 'connecting' | null
  readonly error: ErrorShape | null
  /** What the server answered for this draft. */
  readonly found: StoreInspection | null
  /** Where the token of this server is, as far as it was asked. */
  readonly key: StoreInspection['key']
}

export interface StoreServerSlice {
  readonly storeServerForm: StoreServerForm | null
  /** `address` fills the form; null begins anew. */
  readonly openStoreServer: (address: string | null) => void
  readonly changeStoreServer: (change: Partial<StoreServerDraft>) => void
  readonly closeStoreServer: () => void
  /** Asks the server what is in it. `key` is null where none was entered. */
  readonly testStoreServer: (key: string | null) => Promise<void>
  /** The same, and goes on to its collections. */
  readonly connectStoreServer: (key: string | null) => Promise<void>
  readonly deleteStoreKey: () => Promise<void>
}

export const localChroma = 'http://localhost:8000'

export const createStoreServerSlice: SliceCreator<StoreServerSlice> = ({ client, set, get }) => {
  let current = new AbortController()

  const update = (change: Partial<StoreServerForm>): void =>
    set(({ storeServerForm: form }) => (form === null ? {} : { storeServerForm: { ...form, ...change } }))

  /** Null: it did not answer, or nobody waits for it any more. */
  async function ask(
    working: 'testing' | 'connecting',
    key: string | null,
  ): Promise<{ address: string; found: StoreInspection } | null> {
    const { storeServerForm: form } = get()
    if (form === null || form.working !== null) return null
    current.abort()
    const { signal } = (current = new AbortController())
    const address = addressOf(form.draft)
    update({ working, error: null, found: null })
    try {
      if (key !== null) await client.call('stores.setKey', { address, key }, { signal })
      const answer = await client.call('stores.inspect', { address }, { signal })
      if (signal.aborted) return null
      const found = onlyDatabase(answer, form.draft.database.trim())
      update({ working: null, error: found.error, found, key: found.key })
      return found.error === null ? { address, found } : null
    } catch (error) {
      if (!signal.aborted && !isCancelled(error)) update({ working: null, error: describeError(error) })
      return null
    }
  }

  return {
    storeServerForm: null,

    openStoreServer(address) {
      get().closeStore()
      const draft = draftOf(address, get().storeKinds)
      set({ storeServerForm: { draft, working: null, error: null, found: null, key: null } })
    },

    changeStoreServer(change) {
      const { storeServerForm: form } = get()
      if (form === null) return
      current.abort()
      const other = change.kind !== undefined && change.kind !== form.draft.kind
      const fresh = other
        ? { url: change.kind === 'chroma' ? localChroma : '', tenant: '', database: '' }
        : {}
      const draft = { ...form.draft, ...fresh, ...change }
      update({ draft, working: null, error: null, found: null, key: null })
    },

    closeStoreServer() {
      current.abort()
      set({ storeServerForm: null })
    },

    async testStoreServer(key) {
      await ask('testing', key)
    },

    async connectStoreServer(key) {
      const answer = await ask('connecting', key)
      if (answer === null) return
      set({ storeServerForm: null })
      await get().showStore(answer.address, answer.found)
    },

    async deleteStoreKey() {
      const { storeServerForm: form } = get()
      if (form === null) return
      try {
        await client.call('stores.setKey', { address: addressOf(form.draft), key: null })
        update({ key: 'none', found: null })
      } catch (error) {
        update({ error: describeError(error) })
      }
    },
  }
}

export function addressOf({ kind, url, tenant, database }: StoreServerDraft): string {
  return kind === 'chroma' ? chromaServerAddress({ url, tenant, database }) : url.trim()
}

/** A server lists all databases of a tenant; who names one wants that one. */
function onlyDatabase(found: StoreInspection, database: string): StoreInspection {
  if (database === '') return found
  return { ...found, collections: found.collections.filter((each) => each.database === database) }
}

function draftOf(address: string | null, kinds: readonly StoreKind[]): StoreServerDraft {
  const empty = { tenant: '', database: '' }
  if (address === null) return { kind: 'chroma', url: localChroma, ...empty }
  const chroma = /^chroma\+(https?:[^?]+)(?:\?(.*))?$/i.exec(address)
  if (chroma === null) {
    const scheme = address.slice(0, address.indexOf(':')).toLowerCase()
    const kind = kinds.find(({ schemes }) => schemes.includes(scheme))?.kind ?? 'chroma'
    return { kind, url: address, ...empty }
  }
  const query = new URLSearchParams(chroma[2] ?? '')
  return {
    kind: 'chroma',
    url: chroma[1] ?? '',
    tenant: query.get('tenant') ?? '',
    database: query.get('database') ?? '',
  }
}
