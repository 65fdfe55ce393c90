/**
 * A whole node as JSON text, as it goes from one store into another: with its text in it, or, as external stores keep it, with
 * the text beside it. All else stays character by character, so that a node of any class and any version arrives as it was.
 */
import { z } from 'zod'
import { jsonValueSchema, StackroomError } from '#contract'
import type { RelatedNodeInfo, TextNode } from '#engine/schema/node.ts'
import { membersOf, textOf } from '#engine/storage/llamaindex/json-members.ts'
import { parsePythonJson, pythonJson, pythonJsonString } from '#engine/storage/llamaindex/python-json.ts'

/** `_node_content`: `node_to_metadata_dict(node, remove_text=True)`. */
export function withoutText(content: string): string {
  return changeMembers(content, { text: '""', text_resource: null, embedding: 'null' })
}

/** The other way: `node.set_content(text)`. */
export function withText(content: string, text: string): string {
  const quoted = pythonJsonString(text)
  if (/^(Node|Document)$/.test(classNameOf(content)))
    return changeMembers(content, { text_resource: `{"text": ${quoted}}` }, true)
  return changeMembers(content, { text: quoted }, true)
}

/** As a node of a document. */
export function withSource(content: string, refDocId: string): string {
  const source = {
    node_id: refDocId,
    node_type: '4',
    metadata: {},
    hash: null,
    class_name: 'RelatedNodeInfo',
  }
  const bytes = Buffer.from(content)
  const found = membersOf(bytes)?.find(({ key }) => key === 'relationships')
  const others = found ? (membersOf(bytes, found.start) ?? []) : []
  const kept = others
    .filter(({ key }) => key !== '1')
    .map(({ keyStart, end }) => bytes.toString('utf8', keyStart, end))
  return changeMembers(
    content,
    { relationships: `{${[`"1": ${pythonJson(source)}`, ...kept].join(', ')}}` },
    true,
  )
}

export function classNameOf(content: string): string {
  const bytes = Buffer.from(content)
  const member = membersOf(bytes)?.find(({ key }) => key === 'class_name')
  return (member && textOf(bytes, member)) ?? 'TextNode'
}

/** `ObjectType` of a class, as the docstore notes it beside a node. */
export function objectTypeOf(className: string): string {
  const types: Readonly<Record<string, string>> = {
    ImageNode: '2',
    IndexNode: '3',
    Document: '4',
    ImageDocument: '4',
    Node: '5',
  }
  return types[className] ?? '1'
}

/** Null takes a member away; one that is not there is only added with `add`. */
function changeMembers(
  content: string,
  changes: Readonly<Record<string, string | null>>,
  add = false,
): string {
  const bytes = Buffer.from(content)
  const members = membersOf(bytes)
  if (!members) throw new StackroomError('damaged-file', 'A node is no JSON object.')
  const parts = members.flatMap(({ key, keyStart, start, end }) => {
    const change = Object.hasOwn(changes, key) ? changes[key] : undefined
    if (change === null) return []
    return change === undefined
      ? bytes.toString('utf8', keyStart, end)
      : `${bytes.toString('utf8', keyStart, start)}${change}`
  })
  const there = new Set(members.map(({ key }) => key))
  if (add)
    for (const [key, text] of Object.entries(changes))
      if (text !== null && !there.has(key)) parts.push(`${pythonJsonString(key)}: ${text}`)
  return `{${parts.join(', ')}}`
}

const related = z
  .looseObject({
    node_id: z.string(),
    node_type: z.enum(['1', '2', '3', '4', '5']).nullish().catch(null),
    metadata: z.record(z.string(), jsonValueSchema).nullish().catch(null),
    hash: z.string().nullish().catch(null),
  })
  .transform(({ node_id, node_type, metadata, hash }): RelatedNodeInfo => ({
    node_id,
    node_type: node_type ?? null,
    metadata: metadata ?? {},
    hash: hash ?? null,
    class_name: 'RelatedNodeInfo',
  }))
const keys = z.array(z.string()).catch([])
const index = z.number().nullish().catch(null)

const nodeSchema = z.looseObject({
  metadata: z.record(z.string(), jsonValueSchema).catch({}),
  excluded_embed_metadata_keys: keys,
  excluded_llm_metadata_keys: keys,
  relationships: z
    .looseObject({
      '1': related.optional().catch(undefined),
      '2': related.optional().catch(undefined),
      '3': related.optional().catch(undefined),
      '4': related.optional().catch(undefined),
      '5': z.array(related).optional().catch(undefined),
    })
    .catch({}),
  metadata_template: z.string().catch('{key}: {value}'),
  metadata_separator: z.string().catch('\n'),
  mimetype: z.string().catch('text/plain'),
  start_char_idx: index,
  end_char_idx: index,
  text_template: z.string().catch('{metadata_str}\n\n{content}'),
})

/** What is worked with of a node whose text is kept as it is. */
export function textNodeOf(nodeId: string, content: string, text: string): TextNode {
  const node = nodeSchema.parse(parsePythonJson(content))
  const { '1': source, '2': previous, '3': next, '4': parent, '5': children } = node.relationships
  return {
    id_: nodeId,
    embedding: null,
    metadata: node.metadata,
    excluded_embed_metadata_keys: node.excluded_embed_metadata_keys,
    excluded_llm_metadata_keys: node.excluded_llm_metadata_keys,
    relationships: {
      ...(source && { '1': source }),
      ...(previous && { '2': previous }),
      ...(next && { '3': next }),
      ...(parent && { '4': parent }),
      ...(children && { '5': children }),
    },
    metadata_template: node.metadata_template,
    metadata_separator: node.metadata_separator,
    text,
    mimetype: node.mimetype,
    start_char_idx: node.start_char_idx ?? null,
    end_char_idx: node.end_char_idx ?? null,
    text_template: node.text_template,
    class_name: 'TextNode',
  }
}
