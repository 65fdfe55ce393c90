/** Which metadata keys a folder's nodes have, kept for a while: a query is parsed with every keystroke. */
import { type SearchKey } from '#contract'
import { searchKeysOf } from '#engine/retrieve/keyword/search-keys.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'

const keptMs = 15_000
/** Nodes that are looked at where there is no index of words. */
const sampled = 500

export class SearchKeys {
  readonly #known = new WeakMap<StorageFolder, { readonly at: number; readonly keys: Promise<SearchKey[]> }>()

  async of(folder: StorageFolder): Promise<SearchKey[]> {
    const known = this.#known.get(folder)
    if (known && Date.now() - known.at < keptMs) return known.keys
    const keys = keysOf(folder)
    this.#known.set(folder, { at: Date.now(), keys })
    keys.catch(() => this.#known.delete(folder))
    return keys
  }

  /** Empty where the query names none. */
  async namedIn(query: string, folders: readonly StorageFolder[]): Promise<string[]> {
    if (!query.includes(':')) return []
    const found = await Promise.all(folders.map((folder) => this.of(folder)))
    return [...new Set(found.flat().map(({ key }) => key))]
  }
}

async function keysOf(folder: StorageFolder): Promise<SearchKey[]> {
  const keys = folder.keywords ? await folder.keywords.keys() : []
  if (keys.length > 0) return keys
  const entries = await folder.entries({ limit: sampled })
  return searchKeysOf(entries.flatMap(({ node }) => (node ? [{ metadata: node.metadata, nodes: 1 }] : [])))
}
