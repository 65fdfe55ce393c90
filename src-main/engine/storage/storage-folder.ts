/**
 * One open persist dir, as the rest of the engine sees it. Its implementation runs in workers: every method may be
 * called from the main process's event loop.
 */
import type { FolderKind, Metadata } from '#contract'
import type { ParsedDocument } from '#engine/schema/node.ts'
import type { OldVectors } from './old-vectors.ts'
import type { NewVector, ReplacementProgress, ReplacementTarget, TextPage } from './replace-vectors.ts'
import type { SampledNode } from './sample-nodes.ts'
import type { ConflictSide } from './shared-store.ts'
import type { StackroomSettings } from './stackroom-settings.ts'

export interface StorageSummary {
  readonly kind: FolderKind
  /** Entries of ref_doc_info (documents), and of the docstore (nodes). */
  readonly documents: number
  readonly nodes: number
  /** Nodes with a vector, and the length of the vectors (null: no vectors here). */
  readonly vectors: number
  readonly dimensions: number | null
  /** `simple`, or what external store holds the vectors as far as the folder says. */
  readonly store: string
  readonly readOnly: boolean
  /** Whether the JSON files have everything that the working store has. */
  readonly persisted: boolean
  /** Both sides changed, or another program damaged a file: searchable as Stackroom knows it, changes wait for a choice. */
  readonly conflict: boolean
  /** Another program wrote the JSON files, and that is not brought in yet; asking for the summary starts it. */
  readonly changedOutside: boolean
  readonly settings: StackroomSettings | null
  readonly files: readonly {
    readonly name: string
    readonly bytes: number
    readonly state: 'ok' | 'missing' | 'damaged' | 'unknown'
  }[]
  /** Index structs of the index store: id and type (`vector_store`, `list`, `tree`, …). */
  readonly indexes: readonly { readonly id: string; readonly type: string }[]
  /** All vector stores of the folder; searched is the one of the namespace `default`. */
  readonly vectorStores: readonly {
    readonly namespace: string
    readonly vectors: number
    readonly dimensions: number | null
  }[]
  /** Sentences about what is odd but stops nothing. */
  readonly warnings: readonly string[]
}

/** A document, its nodes, and a vector for each node in the same order. */
export interface DocumentWithVectors extends ParsedDocument {
  readonly vectors: readonly Float32Array[]
}

/** What the manifest keeps of one source file, so that finished files are not read again. */
export interface ManifestEntry {
  /** Absolute path. */
  readonly path: string
  readonly bytes: number
  /** Milliseconds since 1970, fractions kept. */
  readonly modifiedMs: number
  /** SHA-256 of the content, hexadecimal. */
  readonly contentHash: string
  readonly refDocIds: readonly string[]
}

/** One transaction: what it removes goes first. Durable when the promise resolves. */
export interface StorageChange {
  /** As `delete_ref_doc(id, delete_from_docstore=True)`; ids that are not there are passed over. */
  readonly deleteRefDocIds?: readonly string[]
  /** As `delete_ref_doc(id)`: the vectors and the index forget it, the docstore keeps it. */
  readonly deleteFromIndexOnly?: readonly string[]
  readonly insert?: readonly DocumentWithVectors[]
  readonly manifest?: readonly ManifestEntry[]
  /** Paths to take out of the manifest. */
  readonly forgetSources?: readonly string[]
}

export interface ScoredNode {
  readonly nodeId: string
  /** Cosine similarity, as LlamaIndex's SimpleVectorStore scores. */
  readonly score: number
}

export interface StoredNode {
  readonly nodeId: string
  readonly refDocId: string | null
  readonly text: string
  readonly metadata: Metadata
  /** In Unicode code points of the document's text, or null. */
  readonly startCharIdx: number | null
  readonly endCharIdx: number | null
  readonly previousNodeId: string | null
  readonly nextNodeId: string | null
}

/** Replacing all vectors, for a model of another kind: see replace-vectors.ts. */
export interface VectorReplacement {
  /** Goes on with what was begun for the same key. */
  begin(
    target: ReplacementTarget,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<ReplacementProgress>
  /** Texts of nodes that have no new vector yet. */
  texts(page: number, limit: number): Promise<TextPage>
  /** Durable when the promise resolves. */
  add(vectors: readonly NewVector[]): Promise<void>
  /** Puts the new vectors in the place of the old, with the settings, in one step; keeps the old ones. Persist before. */
  finish(settings: StackroomSettings): Promise<void>
  oldVectors(): Promise<OldVectors | null>
  discardOld(): Promise<void>
  /** Throws `not-found`, and `wrong-model` when nodes were added that have no old vector. */
  restoreOld(options?: { signal?: AbortSignal | undefined }): Promise<void>
}

export interface StorageFolder extends AsyncDisposable {
  readonly persistDir: string
  summary(): Promise<StorageSummary>
  /** Exact top k by cosine similarity, best first. Throws `dimension-mismatch` for a query of another length. */
  query(vector: Float32Array, topK: number, options?: { signal?: AbortSignal }): Promise<ScoredNode[]>
  /** Nodes by id, in the ids' order; ids that are not there are left out. */
  nodes(nodeIds: readonly string[]): Promise<StoredNode[]>
  /** The nodes of a document, in the order of the text. */
  nodesOfDocument(refDocId: string): Promise<StoredNode[]>
  /** Nodes from all over the folder with their vectors, those with text first: the same ones as long as nothing changes. */
  sampleNodes(count: number): Promise<SampledNode[]>
  readonly replacement: VectorReplacement
  /** As `docstore.get_document_hash`, in the ids' order: what `refresh_ref_docs` compares. */
  documentHashes(refDocIds: readonly string[]): Promise<(string | null)[]>
  /** Throws `dimension-mismatch`, `read-only`, `disk-full`; then nothing of the change was done. */
  change(change: StorageChange, options?: { signal?: AbortSignal }): Promise<void>
  manifest(): Promise<ManifestEntry[]>
  writeSettings(settings: StackroomSettings): Promise<void>
  /** Brings the JSON files up to date, as a set. Does nothing when they are. Throws `both-sides-changed`. */
  persist(options?: { signal?: AbortSignal }): Promise<void>
  /**
   * Ends a conflict: `files` keeps what other programs wrote, `stackroom` what is in the working store. The other side goes
   * into the folder `backup`, as a whole persist dir. Throws `wrong-usage` when there is no conflict.
   */
  resolveConflict(
    keep: ConflictSide,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<{ backup: string }>
  close(): Promise<void>
}
