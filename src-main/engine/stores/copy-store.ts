/**
 * Copies all nodes of one vector store into another, with their vectors: nothing is embedded, the source is only read, and at the
 * end both are compared. What is there already is passed over, so that a copy that was broken off goes on when it is begun again.
 */
import { StackroomError } from '#contract'
import { checkCopy, type CopyCheck } from './check-copy.ts'
import { pythonJson } from '#engine/storage/llamaindex/python-json.ts'
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import { textNodeOf, withSource } from './node-content.ts'
import type { NodeWithVector, StoreEntry, VectorStore } from './vector-store.ts'

export interface CopyProgress {
  readonly phase: 'looking' | 'copying' | 'checking'
  readonly done: number
  readonly total: number
}

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined
}

export interface CopyReport {
  readonly nodes: number
  /** Of an earlier copy that was broken off. */
  readonly alreadyThere: number
  readonly check: CopyCheck
}

/** Nodes that are in memory at a time. */
const pageSize = 500

/**
 * Throws `invalid-input` when the target has other nodes, `dimension-mismatch`, `missing-file` for nodes whose text is nowhere,
 * `file-changed` when the source changed meanwhile, and `bad-answer` when the copy is not what the source is.
 */
export async function copyStore(
  from: VectorStore,
  to: VectorStore,
  { signal, onProgress }: CopyOptions = {},
): Promise<CopyReport> {
  const total = await from.count({ signal })
  const isContinued = (await to.count({ signal })) > 0
  if (isContinued) await requireOnlyCopies(from, to, { signal, onProgress })
  let done = 0
  let alreadyThere = 0
  for await (const page of pagesOf(from, { vectors: true, contents: true }, signal)) {
    const nodes = page.map((entry) => nodeOf(entry, to))
    const missing = isContinued ? await notYetThere(nodes, to, signal) : nodes
    if (missing.length > 0) await to.add(missing, { signal })
    done += page.length
    alreadyThere += page.length - missing.length
    onProgress?.({ phase: 'copying', done, total })
  }
  if (done !== total || (await from.count({ signal })) !== total)
    throw new StackroomError('file-changed', 'The source changed while it was copied.', {
      hint: 'Copy again: what is there already is passed over.',
    })
  const check = await checkCopy(from, to, {
    signal,
    onProgress: (checked, all) => onProgress?.({ phase: 'checking', done: checked, total: all }),
  })
  return { nodes: total, alreadyThere, check }
}

async function* pagesOf(
  store: VectorStore,
  what: { readonly vectors?: boolean; readonly contents?: boolean },
  signal?: AbortSignal,
): AsyncGenerator<StoreEntry[]> {
  for (let offset = 0; ;) {
    const page = await store.get({ ...what, offset, limit: pageSize }, { signal })
    if (page.length > 0) yield page
    offset += page.length
    if (page.length < pageSize) return
  }
}

/** A target that somebody else filled is left alone. */
async function requireOnlyCopies(
  from: VectorStore,
  to: VectorStore,
  { signal, onProgress }: CopyOptions,
): Promise<void> {
  const total = await to.count({ signal })
  let done = 0
  for await (const page of pagesOf(to, {}, signal)) {
    const nodeIds = page.map(({ nodeId }) => nodeId)
    const known = await from.get({ nodeIds }, { signal })
    if (known.length < nodeIds.length)
      throw new StackroomError('invalid-input', 'The target of the copy has other nodes in it.', {
        hint: 'Copy into a new collection, or one that an earlier copy of the same index was broken off in.',
      })
    done += page.length
    onProgress?.({ phase: 'looking', done, total })
  }
}

async function notYetThere(
  nodes: readonly NodeWithVector[],
  to: VectorStore,
  signal?: AbortSignal,
): Promise<NodeWithVector[]> {
  const there = await to.get({ nodeIds: nodes.map(({ node }) => node.id_), vectors: true }, { signal })
  const found = new Map(there.map((entry) => [entry.nodeId, entry]))
  return nodes.filter(({ node, vector }) => {
    const copy = found.get(node.id_)
    return copy?.node?.text !== node.text || !copy.vector || !isSameVector(vector, copy.vector)
  })
}

function isSameVector(a: Float32Array, b: Float32Array): boolean {
  return (
    a.length === b.length &&
    a.every((value, index) => Math.abs(value - b[index]!) <= 1e-6 * Math.max(1, Math.abs(value)))
  )
}

function nodeOf({ nodeId, node, vector, content }: StoreEntry, to: VectorStore): NodeWithVector {
  if (!node)
    throw new StackroomError(
      'missing-file',
      `The text of node ${nodeId.slice(0, 200)} is not in the source.`,
      {
        hint: 'Run `stackroom verify` on the source: its docstore lacks nodes that have vectors.',
      },
    )
  if (!vector)
    throw new StackroomError('invalid-vector', `Node ${nodeId.slice(0, 200)} has no vector in the source.`, {
      hint: 'Run `stackroom verify` on the source.',
    })
  const whole = content ?? contentOfStored(node)
  // A storage folder keeps nodes by their documents: one without any is a document by itself.
  const kept = to.kind === 'simple' && node.refDocId === null ? withSource(whole, nodeId) : whole
  return { node: textNodeOf(nodeId, kept, node.text), vector, content: kept }
}

/** Of a record that LlamaIndex did not make: its text and its metadata. */
function contentOfStored({ nodeId, refDocId, text, metadata, startCharIdx, endCharIdx }: StoredNode): string {
  const relationships =
    refDocId === null
      ? {}
      : {
          '1': { node_id: refDocId, node_type: '4', metadata: {}, hash: null, class_name: 'RelatedNodeInfo' },
        }
  return pythonJson({
    id_: nodeId,
    embedding: null,
    metadata,
    excluded_embed_metadata_keys: [],
    excluded_llm_metadata_keys: [],
    relationships,
    metadata_template: '{key}: {value}',
    metadata_separator: '\n',
    text,
    mimetype: 'text/plain',
    start_char_idx: startCharIdx,
    end_char_idx: endCharIdx,
    text_template: '{metadata_str}\n\n{content}',
    class_name: 'TextNode',
  })
}
