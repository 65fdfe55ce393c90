/**
 * LlamaIndex's documents and nodes as plain data, with LlamaIndex's own field names and order, so that a node of ours
 * is, key for key, what `TextNode.to_dict()` gives in Python.
 */
import type { JsonValue, Metadata } from '#contract'

/** `ObjectType` in llama_index.core.schema. */
export type ObjectType = '1' | '2' | '3' | '4' | '5'

/** `RelatedNodeInfo`. */
export interface RelatedNodeInfo {
  readonly node_id: string
  readonly node_type: ObjectType | null
  readonly metadata: Metadata
  readonly hash: string | null
  readonly class_name: 'RelatedNodeInfo'
}

/** `NodeRelationship`: 1 source, 2 previous, 3 next, 4 parent, 5 child. */
export interface NodeRelationships {
  readonly '1'?: RelatedNodeInfo
  readonly '2'?: RelatedNodeInfo
  readonly '3'?: RelatedNodeInfo
  readonly '4'?: RelatedNodeInfo
  readonly '5'?: readonly RelatedNodeInfo[]
}

/** `TextNode.to_dict()`; char indices count Unicode code points, as Python does. */
export interface TextNode {
  readonly id_: string
  readonly embedding: null
  readonly metadata: Metadata
  readonly excluded_embed_metadata_keys: readonly string[]
  readonly excluded_llm_metadata_keys: readonly string[]
  readonly relationships: NodeRelationships
  readonly metadata_template: string
  readonly metadata_separator: string
  readonly text: string
  readonly mimetype: string
  readonly start_char_idx: number | null
  readonly end_char_idx: number | null
  readonly text_template: string
  readonly class_name: 'TextNode'
}

/** What a reader makes of a file or of one page of it: the parts of LlamaIndex's `Document` that differ from file to file. */
export interface SourceDocument {
  /** The ref doc id; as SimpleDirectoryReader with `filename_as_id`: the path, or `<path>_part_<n>`. */
  readonly id: string
  readonly text: string
  readonly metadata: Metadata
  readonly excludedEmbedMetadataKeys: readonly string[]
  readonly excludedLlmMetadataKeys: readonly string[]
  /** As `Document.hash`. */
  readonly hash: string
}

/** The text of one node, as a node parser cut it. */
export interface NodeSplit {
  readonly text: string
  /** Besides the document's, which stands before it. */
  readonly metadata?: Metadata
  /** Keys that neither the embed model nor an LLM is shown, besides the document's. */
  readonly excludedMetadataKeys?: readonly string[]
}

/** A document with the nodes that a node parser cut it into, in order. */
export interface ParsedDocument {
  readonly document: SourceDocument
  readonly nodes: readonly ParsedNode[]
}

export interface ParsedNode {
  readonly node: TextNode
  /** As `TextNode.hash`. */
  readonly hash: string
  /** As `node.get_content(metadata_mode=MetadataMode.EMBED)`: what the embed model gets. */
  readonly embedText: string
  /** The node as JSON text where it comes out of another store, and is kept as it is. */
  readonly content?: string | undefined
}

export type { JsonValue, Metadata }
