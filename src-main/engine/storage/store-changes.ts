/**
 * What another vector store has to learn of a folder's changes: noted in the transaction that makes them, and forgotten when
 * that store has all of it. Whatever is noted may be done twice, so that a crash in between costs nothing.
 */
import type { TextNode } from '#engine/schema/node.ts'
import { readTextNode } from './copy-document.ts'
import { originalKey, storedKey } from './llamaindex/python-json.ts'
import type { WorkingStore } from './working-store.ts'

export const storeChangesTable = `
  /* Nodes with their new vector, or with none: they leave the store. Documents: all their nodes leave it, before new ones come. */
  CREATE TABLE IF NOT EXISTS store_changes (
    id INTEGER PRIMARY KEY, what TEXT NOT NULL, key TEXT NOT NULL, vector BLOB, UNIQUE (what, key)
  );
`

export interface PendingStoreChanges {
  /** To be passed to `settleStoreChanges` when all is done. */
  readonly last: number
  readonly refDocIds: readonly string[]
  readonly deletedNodeIds: readonly string[]
  readonly nodes: readonly { readonly node: TextNode; readonly vector: Float32Array }[]
}

/** For the transaction of a change. */
export class StoreChanges {
  readonly #store: WorkingStore

  constructor(store: WorkingStore) {
    this.#store = store
  }

  removeDocument(refDocId: string): void {
    this.#note('document', storedKey(refDocId), null)
  }

  remove(nodeId: string): void {
    this.#note('node', storedKey(nodeId), null)
  }

  put(nodeId: string, vector: Float32Array): void {
    this.#note('node', storedKey(nodeId), Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength))
  }

  #note(what: 'document' | 'node', key: string, vector: Buffer | null): void {
    this.#store
      .statement('INSERT OR REPLACE INTO store_changes (what, key, vector) VALUES (?, ?, ?)')
      .run(what, key, vector)
  }
}

interface ChangeRow {
  readonly id: number
  readonly what: 'document' | 'node'
  readonly key: string
  readonly vector: Buffer | null
}

/** Null: the store has everything. */
export function pendingStoreChanges(store: WorkingStore): PendingStoreChanges | null {
  const rows = store
    .statement('SELECT id, what, key, vector FROM store_changes ORDER BY id')
    .all() as ChangeRow[]
  const last = rows.at(-1)
  if (!last) return null
  const section = store.sections().find(({ role }) => role === 'nodes')
  const nodes = rows.flatMap(({ key, vector }) => {
    const node = section && vector && readTextNode(store.get(section.id, key))
    return node ? [{ node, vector: toVector(vector) }] : []
  })
  const keysOf = (what: ChangeRow['what']): string[] =>
    rows.filter((row) => row.what === what && row.vector === null).map(({ key }) => originalKey(key))
  return { last: last.id, refDocIds: keysOf('document'), deletedNodeIds: keysOf('node'), nodes }
}

export function settleStoreChanges(store: WorkingStore, last: number): void {
  store.statement('DELETE FROM store_changes WHERE id <= ?').run(last)
}

function toVector(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer)
}
