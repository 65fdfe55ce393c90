/**
 * What the records of a collection are, depending on the program that made it: which document a record belongs to, and what
 * its embed model was given. LlamaIndex's say it themselves; of the others it is told from what their programs do.
 */
import type { StoreMaker } from '#contract'
import { embedTextsOf } from '#engine/storage/embed-texts.ts'
import type { SampledNode } from '#engine/storage/sample-nodes.ts'
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import type { NodeSelection, StoreEntry } from './vector-store.ts'

/** A record of a collection that LlamaIndex did not make belongs to its source, or is a document by itself. */
export function withDocument(node: StoredNode, maker: StoreMaker): StoredNode {
  if (node.refDocId !== null) return node
  const source = node.metadata['source']
  const isPart = maker === 'langchain' && typeof source === 'string'
  return { ...node, refDocId: isPart ? source : node.nodeId }
}

/** The nodes of these documents. */
export function nodesOfDocuments(refDocIds: readonly string[], maker: StoreMaker): NodeSelection {
  if (maker === 'plain') return { nodeIds: refDocIds }
  const key = maker === 'langchain' ? 'source' : 'ref_doc_id'
  const [only] = refDocIds
  const filter =
    refDocIds.length === 1 && only !== undefined
      ? { key, value: only }
      : { key, operator: 'in' as const, value: refDocIds }
  return { filters: { filters: [filter] } }
}

/**
 * Null: it cannot be compared with a model.
 * @param embeddedPathOf the path that stood in the text when it was embedded, of a file that was moved since
 */
export function sampleOf(
  { nodeId, node, vector, content }: StoreEntry,
  maker: StoreMaker,
  embeddedPathOf: (path: string) => string | null,
): SampledNode | null {
  if (!node || !vector) return null
  const texts = typeof content === 'string' ? embedTextsOf(`{"__data__": ${content}}`, embeddedPathOf) : null
  if (maker === 'llamaindex' && texts) return { nodeId, ...texts, vector }
  // Chroma's and LangChain's clients embed the document alone.
  return { nodeId, embedText: node.text, plainText: node.text, vector }
}
