/**
 * One open persist dir, as the rest of the engine sees it. Its implementation runs in workers: every method may be
 * called from the main process's event loop.
 */
import type {
  ErrorCode,
  FileReport,
  FolderKind,
  Metadata,
  ReportedFile,
  StoreCollection,
  StoreMaker,
  VectorStorePlace,
} from '#contract'
import type { ParsedDocument, SourceDocument } from '#engine/schema/node.ts'
import type { PackedDocuments } from '#engine/schema/packed-documents.ts'
import type { FileReportQuery, ReportBeginning } from './file-report.ts'
import type { KeywordSearch } from './keyword-search.ts'
import type { OldVectors } from './old-vectors.ts'
import type { NewVector, ReplacementProgress, ReplacementTarget, TextPage } from './replace-vectors.ts'
import type { SampledNode } from './sample-nodes.ts'
import type { NodeChoice } from './select-nodes.ts'
import type { ConflictSide } from './shared-store.ts'
import type { ManifestQuery } from './source-manifest.ts'
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
  /** Source files that are gone while their documents are still here, as the last run found them. */
  readonly missingFiles: number
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
  /** Where the vectors are in another store: which collection it is, and what that says of itself. */
  readonly collection?: {
    readonly place: VectorStorePlace
    readonly maker: StoreMaker
    readonly embeddingFunction: StoreCollection['embeddingFunction']
  }
  /** Sentences about what is odd but stops nothing. */
  readonly warnings: readonly string[]
}

/** Whether the folder's own files are up to date: another store is not asked for it. */
export type FileState = Pick<StorageSummary, 'readOnly' | 'persisted' | 'conflict' | 'changedOutside'>

/** A document, its nodes, and a vector for each node in the same order. */
export interface DocumentWithVectors extends ParsedDocument {
  readonly vectors: readonly Float32Array[]
}

/** Documents of a file as bytes, and a vector for each of their nodes in the same order. */
export interface PackedWithVectors {
  readonly documents: Pick<PackedDocuments, 'bytes'>
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
  /** What made the documents: reader and node parser, with versions and settings. Empty: before that was kept. */
  readonly readBy?: string
  /** The path that stands in the text that was embedded, where it is not `path`. */
  readonly embeddedPath?: string | null
  /** Why nothing could be made of the file as it is; the documents are then those of an earlier content. */
  readonly failure?: { readonly code: ErrorCode; readonly message: string } | null
}

/** What tells whether a file is as it was. */
export type ManifestLooks = Pick<ManifestEntry, 'path' | 'bytes' | 'modifiedMs' | 'readBy' | 'failure'>

/** A document whose nodes and vectors are taken from another one of the same content. */
export interface DocumentCopy {
  /** Ref doc id of the other one. */
  readonly from: string
  readonly document: SourceDocument
  /** The other one goes, and its nodes are the new one's: a moved file. Else the nodes get ids of their own. */
  readonly keepNodeIds: boolean
  /** Of the other one's nodes, where they are in another store. */
  readonly vectors?: ReadonlyMap<string, Float32Array> | undefined
}

/** One transaction: what is copied is read first, then goes what it removes. Durable when the promise resolves. */
export interface StorageChange {
  /** As `delete_ref_doc(id, delete_from_docstore=True)`; ids that are not there are passed over. */
  readonly deleteRefDocIds?: readonly string[]
  /** As `delete_ref_doc(id)`: the vectors and the index forget it, the docstore keeps it. */
  readonly deleteFromIndexOnly?: readonly string[]
  /** As `delete_nodes(ids)`: their vectors go, and the index forgets them; the docstore keeps them. */
  readonly deleteVectors?: readonly string[]
  /** As `delete_nodes(ids, delete_from_docstore=True)`. */
  readonly deleteNodes?: readonly string[]
  readonly insert?: readonly DocumentWithVectors[]
  /** As `insert`; the bytes are moved to the thread that stores them. */
  readonly insertPacked?: readonly PackedWithVectors[]
  /** Documents of which `ingestion.copyable` said that they can be copied; throws `not-found` for another. */
  readonly copy?: readonly DocumentCopy[]
  readonly manifest?: readonly ManifestEntry[]
  /** Paths to take out of the manifest. */
  readonly forgetSources?: readonly string[]
  readonly report?: readonly ReportedFile[]
}

/** What is kept of source files and of runs over them, besides the manifest entries of a change. */
export interface IngestRecords {
  /** In the order of the paths. */
  manifestPage(query: ManifestQuery): Promise<ManifestEntry[]>
  manifestLooks(query: ManifestQuery): Promise<ManifestLooks[]>
  manifestEntries(paths: readonly string[]): Promise<ManifestEntry[]>
  /** Files that have documents, of a file or a folder. */
  countFiles(under: readonly string[]): Promise<number[]>
  /** Files that were indexed with one of these contents. */
  withContent(contentHashes: readonly string[]): Promise<ManifestEntry[]>
  /** Of each document, whether it can be copied. */
  copyable(refDocIds: readonly string[]): Promise<boolean[]>
  beginReport(beginning: ReportBeginning): Promise<void>
  finishReport(finishedAt: string): Promise<void>
  report(query: FileReportQuery): Promise<FileReport>
  /** A run that was begun and not finished, as whoever noted it wrote it; null: there is none. */
  unfinished(): Promise<string | null>
  noteUnfinished(text: string | null): Promise<void>
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

export interface NodeQuery extends NodeChoice {
  readonly vector: Float32Array
  readonly topK: number
}

/** Chosen nodes only, or all. */
export interface QueryOptions extends NodeChoice {
  readonly signal?: AbortSignal | undefined
}

export interface EntryQuery extends NodeChoice {
  readonly offset?: number | undefined
  readonly limit?: number | undefined
  /** Whether the vectors come along. */
  readonly vectors?: boolean | undefined
  /** Whether the nodes come along as JSON text, too. */
  readonly contents?: boolean | undefined
}

export interface StoredEntry {
  readonly nodeId: string
  /** Null: the docstore does not have it. */
  readonly node: StoredNode | null
  readonly vector: Float32Array | null
  /** As the docstore has it; null where it was not asked for, or is not there. */
  readonly content?: string | null | undefined
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
  fileState(): Promise<FileState>
  /** Exact top k by cosine similarity, best first. Throws `dimension-mismatch` for a query of another length. */
  query(vector: Float32Array, topK: number, options?: QueryOptions): Promise<ScoredNode[]>
  /** Nodes with a vector, of the vector store that is searched. */
  entries(query: EntryQuery, options?: { signal?: AbortSignal | undefined }): Promise<StoredEntry[]>
  /** Nodes by id, in the ids' order; ids that are not there are left out. */
  nodes(nodeIds: readonly string[]): Promise<StoredNode[]>
  /** The nodes of a document, in the order of the text. */
  nodesOfDocument(refDocId: string): Promise<StoredNode[]>
  /** Nodes from all over the folder with their vectors, those with text first: the same ones as long as nothing changes. */
  sampleNodes(count: number): Promise<SampledNode[]>
  /** Absent where there is nothing to make a keyword index of. */
  readonly keywords?: KeywordSearch | undefined
  readonly replacement: VectorReplacement
  readonly ingestion: IngestRecords
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
