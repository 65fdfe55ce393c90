/** What a change works on. */
import type { FolderLayout } from './folder-layout.ts'
import type { StoreChanges } from './store-changes.ts'
import type { StructNotes } from './struct-notes.ts'
import type { VectorStores } from './vector-stores.ts'
import type { WorkingStore } from './working-store.ts'

export interface ChangeWork {
  readonly store: WorkingStore
  readonly vectors: VectorStores
  readonly layout: FolderLayout
  readonly structs: StructNotes
  /** Where the vectors are in another store; null: they are the folder's own. */
  readonly storeChanges: StoreChanges | null
}
