/** Nodes and documents out of docstore.json's entries, as LlamaIndex 0.5 to 0.14 and LlamaIndexTS wrote them. */
import { z } from 'zod'
import { StackroomError, type Metadata } from '#contract'
import { parsedObjectSchema } from '#platform/parsed-object.ts'
import { parsePythonJson } from './llamaindex/python-json.ts'
import type { StoredNode } from './storage-folder.ts'

const metadataSchema = parsedObjectSchema.catch({})
const index = z.number().nullish().catch(null)

const nodeSchema = z.looseObject({
  text: z.string().nullish().catch(null),
  /** Where a Document has its text since 0.12. */
  text_resource: z.looseObject({ text: z.string().nullish() }).nullish().catch(null),
  metadata: metadataSchema.nullish(),
  /** What metadata was called before 0.6. */
  extra_info: metadataSchema.nullish(),
  start_char_idx: index,
  end_char_idx: index,
  startCharIdx: index,
  endCharIdx: index,
  /** Before 0.6: `{start, end}`. */
  node_info: z.looseObject({ start: index, end: index }).nullish().catch(null),
  relationships: parsedObjectSchema.nullish().catch(null),
})
const entrySchema = z.looseObject({ __data__: z.union([nodeSchema, z.string()]) })
const relatedSchema = z.union([
  z.looseObject({ node_id: z.string() }).transform(({ node_id }) => node_id),
  z.looseObject({ nodeId: z.string() }).transform(({ nodeId }) => nodeId),
  // Before 0.6.
  z.string(),
])

/**
 * @param file name of the docstore's file
 * @throws StackroomError `damaged-file` when the entry is no node
 */
export function readNode(nodeId: string, text: string, file: string): StoredNode {
  const node = parseNode(text)
  if (!node)
    throw new StackroomError(
      'damaged-file',
      `${file} is damaged: node ${shortened(nodeId)} cannot be read.`,
      { hint: 'Run `stackroom verify` on the folder to see what else is damaged.' },
    )
  return storedNode(nodeId, node)
}

/** Of `node.to_dict()`, as it was parsed; undefined when it is no node. */
export function readNodeDict(nodeId: string, dict: unknown): StoredNode | undefined {
  const node = nodeSchema.safeParse(dict)
  return node.success ? storedNode(nodeId, node.data) : undefined
}

function storedNode(nodeId: string, node: z.infer<typeof nodeSchema>): StoredNode {
  const related = (...kinds: string[]): string | null => {
    for (const kind of kinds) {
      const found = relatedSchema.safeParse(node.relationships?.[kind])
      if (found.success) return found.data
    }
    return null
  }
  return {
    nodeId,
    refDocId: related('1', 'SOURCE'),
    text: node.text ?? node.text_resource?.text ?? '',
    metadata: node.metadata ?? node.extra_info ?? {},
    startCharIdx: node.start_char_idx ?? node.startCharIdx ?? node.node_info?.start ?? null,
    endCharIdx: node.end_char_idx ?? node.endCharIdx ?? node.node_info?.end ?? null,
    previousNodeId: related('2', 'PREVIOUS'),
    nextNodeId: related('3', 'NEXT'),
  }
}

/** For a sentence. */
export function shortened(id: string): string {
  return id.length > 200 ? `${id.slice(0, 200)}…` : id
}

function parseNode(text: string): z.infer<typeof nodeSchema> | undefined {
  try {
    const entry = entrySchema.parse(parsePythonJson(text))
    // LlamaIndexTS writes the node as a text of its own.
    return typeof entry.__data__ === 'string'
      ? nodeSchema.parse(parsePythonJson(entry.__data__))
      : entry.__data__
  } catch {
    return undefined
  }
}

export interface RefDocInfo {
  readonly nodeIds: readonly string[]
  readonly metadata: Metadata
}

const idsSchema = z.array(z.string()).optional()
const refDocInfoSchema = z.looseObject({
  node_ids: idsSchema,
  metadata: metadataSchema.optional(),
  /** Before 0.7. */
  doc_ids: idsSchema,
  extra_info: metadataSchema.optional(),
  /** LlamaIndexTS. */
  nodeIds: idsSchema,
  extraInfo: metadataSchema.optional(),
})

/** As `_remove_legacy_info` gives it. Nothing, and what cannot be read, is a document without nodes. */
export function readRefDocInfo(text: string | null): RefDocInfo {
  if (text === null) return { nodeIds: [], metadata: {} }
  let parsed: unknown
  try {
    parsed = parsePythonJson(text)
  } catch {
    return { nodeIds: [], metadata: {} }
  }
  const info = refDocInfoSchema.safeParse(parsed).data
  return {
    nodeIds: info?.node_ids ?? info?.doc_ids ?? info?.nodeIds ?? [],
    metadata: info?.metadata ?? info?.extra_info ?? info?.extraInfo ?? {},
  }
}
