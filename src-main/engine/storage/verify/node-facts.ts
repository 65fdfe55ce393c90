/** What one entry of the docstore says of a node, for comparing it with the rest. */
import { z } from 'zod'
import type { JsonValue } from '#contract'
import { documentHash, sha256 } from '#engine/schema/hash.ts'
import { defaultMetadataSeparator, defaultMetadataTemplate } from '#engine/schema/metadata-mode.ts'
import { pythonRepr } from '#engine/schema/python-text.ts'
import { membersOf } from '../llamaindex/json-members.ts'
import { parsePythonJson } from '../llamaindex/python-json.ts'
import { pythonFloat } from '../llamaindex/vector-text.ts'

/** `NodeRelationship`; 1 is the source. */
export type RelationKind = 1 | 2 | 3 | 4 | 5

export const relationNames: Readonly<Record<RelationKind, string>> = {
  1: 'source',
  2: 'previous',
  3: 'next',
  4: 'parent',
  5: 'child',
}

export interface NodeFacts {
  /** A document that is kept as a whole. */
  readonly isDocument: boolean
  readonly relations: readonly { readonly kind: RelationKind; readonly target: string }[]
  /** Equal for nodes with equal text and metadata; null for documents and empty texts. */
  readonly content: string | null
  /** The hashes that LlamaIndex gives such a node; none when that is not known of its kind. */
  readonly hashes: readonly string[]
  /** Whether the hash may be of metadata that JSON does not keep as they were: tuples, keys that are numbers. */
  readonly mayDiffer: boolean
}

// What JSON.parse made is JSON: looking through it again, node for node, would take longer than all the rest.
const metadataSchema = z
  .custom<Readonly<Record<string, JsonValue>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  )
  .nullish()
  .catch(null)
const nodeSchema = z.looseObject({
  text: z.string().nullish().catch(null),
  text_resource: z.looseObject({ text: z.string().nullish() }).nullish().catch(null),
  metadata: metadataSchema,
  extra_info: metadataSchema,
  metadata_template: z.string().nullish().catch(null),
  metadata_seperator: z.string().nullish().catch(null),
  metadata_separator: z.string().nullish().catch(null),
  relationships: z.record(z.string(), z.unknown()).nullish().catch(null),
})
const entrySchema = z.looseObject({
  __data__: z.union([nodeSchema, z.string()]),
  __type__: z.string().nullish().catch(null),
})
const targetSchema = z.union([
  z.looseObject({ node_id: z.string() }).transform(({ node_id }) => node_id),
  z.looseObject({ nodeId: z.string() }).transform(({ nodeId }) => nodeId),
  z.string(),
])

const kinds: Readonly<Record<string, RelationKind>> = {
  '1': 1,
  SOURCE: 1,
  '2': 2,
  PREVIOUS: 2,
  '3': 3,
  NEXT: 3,
  '4': 4,
  PARENT: 4,
  '5': 5,
  CHILD: 5,
}

/** What the key of a relationship stands for; null when it is none that is known. */
export function kindOf(name: string): RelationKind | null {
  return (Object.hasOwn(kinds, name) ? kinds[name] : undefined) ?? null
}

/** Null when the entry is no node. */
export function readNodeFacts(value: Buffer): NodeFacts | null {
  let entry: z.infer<typeof entrySchema>
  let node: z.infer<typeof nodeSchema>
  try {
    entry = entrySchema.parse(parsePythonJson(value.toString('utf8')))
    node =
      typeof entry.__data__ === 'string' ? nodeSchema.parse(parsePythonJson(entry.__data__)) : entry.__data__
  } catch {
    return null
  }
  const text = node.text ?? node.text_resource?.text ?? ''
  const metadata = node.metadata ?? node.extra_info ?? {}
  const isPython = typeof entry.__data__ !== 'string' && node.metadata && !node.extra_info
  const isDocument = entry.__type__ === '4' || entry.__type__ === 'DOCUMENT'
  return {
    isDocument,
    relations: relationsOf(node.relationships ?? {}),
    content: isDocument || text.trim() === '' ? null : sha256(text + JSON.stringify(metadata)).slice(0, 32),
    hashes: isPython ? hashesOf(entry.__type__, node, text, metadata, value) : [],
    mayDiffer: mayDiffer(metadata),
  }
}

function relationsOf(relationships: Readonly<Record<string, unknown>>): NodeFacts['relations'] {
  return Object.entries(relationships).flatMap(([name, value]) => {
    const kind = kindOf(name)
    if (kind === null) return []
    const targets: readonly unknown[] = Array.isArray(value) ? value : [value]
    return targets.flatMap((related) => {
      const target = targetSchema.safeParse(related).data
      return target === undefined ? [] : [{ kind, target }]
    })
  })
}

function hashesOf(
  type: string | null | undefined,
  node: z.infer<typeof nodeSchema>,
  text: string,
  metadata: Readonly<Record<string, JsonValue>>,
  value: Buffer,
): string[] {
  const exact = hasNumber(metadata) ? exactRepr(value) : pythonRepr(metadata)
  if (exact === null) return []
  const ofText = sha256(text + exact)
  // A text node, or an index node, which only adds where it leads to.
  if (type === '1' || type === '3') return typeof node.text === 'string' ? [ofText] : []
  if (type !== '4') return []
  const template = node.metadata_template ?? defaultMetadataTemplate
  const separator = node.metadata_separator ?? node.metadata_seperator ?? defaultMetadataSeparator
  const isUsual = template === defaultMetadataTemplate && separator === defaultMetadataSeparator
  // Before 0.12 a document was hashed like a text node.
  return isUsual && !hasNumber(metadata) ? [documentHash(text, metadata), ofText] : []
}

function hasNumber(value: JsonValue): boolean {
  if (typeof value === 'number') return true
  return typeof value === 'object' && value !== null && Object.values(value).some(hasNumber)
}

/** Lists may have been tuples, and JavaScript puts keys that are whole numbers first. */
function mayDiffer(metadata: Readonly<Record<string, JsonValue>>): boolean {
  return Object.entries(metadata).some(
    ([key, value]) =>
      /^\d+$/.test(key) || key === '__proto__' || (typeof value === 'object' && value !== null),
  )
}

const numberOrString = /"(?:[^"\\]|\\[^])*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g
const markedNumber = /'\\x00([^']*)'/g

/** `repr(node.metadata)` with each number as Python read it: 1.0 is not 1. Null when Python's own spellings are in it. */
function exactRepr(entry: Buffer): string | null {
  const data = membersOf(entry, 0)?.find(({ key }) => key === '__data__')
  const metadata = data && membersOf(entry, data.start)?.find(({ key }) => key === 'metadata')
  if (!metadata) return null
  const marked = entry
    .toString('utf8', metadata.start, metadata.end)
    .replace(numberOrString, (token) => (token.startsWith('"') ? token : `"\\u0000${pythonNumber(token)}"`))
  try {
    const value = z.json().parse(JSON.parse(marked))
    return pythonRepr(value).replace(markedNumber, '$1')
  } catch {
    return null
  }
}

function pythonNumber(token: string): string {
  if (/^-?\d+$/.test(token)) return token === '-0' ? '0' : token
  return pythonFloat(Number(token))
}
