/** Nodes out of docstore.json's entries, as LlamaIndex 0.9 to 0.14 wrote them. */
import { z } from 'zod'
import { metadataSchema } from '#contract'
import { refDocInfoSchema } from './apply-change.ts'
import type { StoredNode } from './storage-folder.ts'
import type { WorkingStore } from './working-store.ts'

const relatedSchema = z.looseObject({ node_id: z.string() }).nullish()

const nodeSchema = z.looseObject({
  text: z.string().nullish(),
  /** Where a Document has its text since 0.12. */
  text_resource: z.looseObject({ text: z.string().nullish() }).nullish(),
  metadata: metadataSchema.nullish(),
  /** What metadata was called before 0.7. */
  extra_info: metadataSchema.nullish(),
  start_char_idx: z.number().nullish(),
  end_char_idx: z.number().nullish(),
  relationships: z.record(z.string(), z.unknown()).nullish(),
})
const entrySchema = z.looseObject({ __data__: z.union([nodeSchema, z.string()]) })

/** Null when there is no such node, or nothing can be read of it. */
export function readNode(store: WorkingStore, nodeId: string): StoredNode | null {
  const text = store.text('docstore.json', 'docstore/data', nodeId)
  if (text === null) return null
  const entry = entrySchema.safeParse(parseLoosely(text))
  if (!entry.success) return null
  const { __data__: data } = entry.data
  const node = typeof data === 'string' ? nodeSchema.safeParse(parseLoosely(data)).data : data
  if (!node) return null
  const related = (kind: string): string | null =>
    relatedSchema.safeParse(node.relationships?.[kind]).data?.node_id ?? null
  return {
    nodeId,
    refDocId: related('1'),
    text: node.text ?? node.text_resource?.text ?? '',
    metadata: node.metadata ?? node.extra_info ?? {},
    startCharIdx: node.start_char_idx ?? null,
    endCharIdx: node.end_char_idx ?? null,
    previousNodeId: related('2'),
    nextNodeId: related('3'),
  }
}

/** Python writes NaN and Infinity into metadata; for reading, they are null. */
function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return JSON.parse(
      text.replace(/("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity)\b/g, (_, string?: string) => string ?? 'null'),
    )
  }
}

/** As the document's ref_doc_info lists them. */
export function nodeIdsOfDocument(store: WorkingStore, refDocId: string): string[] {
  const text = store.text('docstore.json', 'docstore/ref_doc_info', refDocId)
  return text === null ? [] : refDocInfoSchema.parse(JSON.parse(text)).node_ids
}
