/**
 * A node as the metadata of an entry in an external store, and back: `node_to_metadata_dict`, `metadata_dict_to_node` and, for
 * entries before 0.7, `legacy_metadata_dict_to_node`.
 */
import type { JsonValue, Metadata } from '#contract'
import type { TextNode } from '#engine/schema/node.ts'
import { parsePythonJson, pythonJson } from '#engine/storage/llamaindex/python-json.ts'
import { readNodeDict } from '#engine/storage/read-node.ts'
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import { classNameOf, withoutText, withText } from './node-content.ts'

type Flat = string | number | boolean | null

/** `node.ref_doc_id` */
export function refDocIdOf(node: TextNode): string | null {
  return node.relationships['1']?.node_id ?? null
}

/**
 * With `remove_text=True`. Of the node's metadata those that are flat stand beside it: LlamaIndex refuses a node with others in a
 * store of flat metadata; here they are in `_node_content` alone.
 */
export function nodeToMetadataDict(node: TextNode, content?: string): Record<string, Flat> {
  const flat = Object.entries(node.metadata).filter((entry): entry is [string, Flat] => isFlat(entry[1]))
  return { ...Object.fromEntries(flat), ...ownEntries(node, content) }
}

/** With `flat_metadata=False`: for stores that keep metadata of any kind. */
export function nodeToNestedMetadataDict(node: TextNode, content?: string): Metadata {
  return { ...node.metadata, ...ownEntries(node, content) }
}

function ownEntries(node: TextNode, content?: string): Record<string, Flat> {
  const refDocId = refDocIdOf(node) ?? 'None'
  return {
    _node_content:
      content === undefined
        ? pythonJson({ ...node, text: '', embedding: null }, (text) => JSON.stringify(text))
        : withoutText(content),
    _node_type: content === undefined ? node.class_name : classNameOf(content),
    document_id: refDocId,
    doc_id: refDocId,
    ref_doc_id: refDocId,
  }
}

/** `_node_content` with the node's text, where there is one. */
export function contentOf(metadata: Metadata, text: string | null): string | null {
  const content = metadata['_node_content']
  if (typeof content !== 'string' || tryParse(content) === null) return null
  return text === null ? content : withText(content, text)
}

function isFlat(value: JsonValue): value is Flat {
  return value === null || typeof value !== 'object'
}

/** An entry of any program: LlamaIndex's own, an old one's, or one that LlamaIndex never saw. */
export function metadataDictToNode(nodeId: string, metadata: Metadata, text: string | null): StoredNode {
  const content = metadata['_node_content']
  const node = typeof content === 'string' ? readNodeDict(nodeId, tryParse(content)) : undefined
  if (node) return text === null ? node : { ...node, text }
  return legacyNode(nodeId, metadata, text)
}

/** Keys that are LlamaIndex's, not the node's. */
const ownKeys = new Set(['node_info', 'relationships', 'text', '_node_content', '_node_type'])

function legacyNode(nodeId: string, dict: Metadata, text: string | null): StoredNode {
  const info = tryParse(dict['node_info'])
  const relationships = tryParse(dict['relationships'])
  const node = readNodeDict(nodeId, { node_info: info, relationships, text: text ?? '' })
  const named = dict['ref_doc_id'] ?? dict['document_id'] ?? dict['doc_id']
  const refDocId = node?.refDocId ?? (typeof named === 'string' && named !== 'None' ? named : null)
  const isLlamaIndex = typeof node?.refDocId === 'string' || 'ref_doc_id' in dict
  const isOwn = ([key, value]: [string, unknown]): boolean =>
    ownKeys.has(key) || (isLlamaIndex && isIdKey(key) && value === refDocId)
  const metadata = Object.fromEntries(Object.entries(dict).filter((entry) => !isOwn(entry)))
  return {
    nodeId,
    refDocId,
    text: text ?? '',
    metadata,
    startCharIdx: node?.startCharIdx ?? null,
    endCharIdx: node?.endCharIdx ?? null,
    previousNodeId: node?.previousNodeId ?? null,
    nextNodeId: node?.nextNodeId ?? null,
  }
}

function isIdKey(key: string): boolean {
  return key === 'document_id' || key === 'doc_id' || key === 'ref_doc_id'
}

function tryParse(text: JsonValue | undefined): unknown {
  if (typeof text !== 'string') return null
  try {
    return parsePythonJson(text)
  } catch {
    return null
  }
}
