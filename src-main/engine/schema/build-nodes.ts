/**
 * From a document and the texts it was cut into to nodes: `build_nodes_from_splits` and `_postprocess_parsed_nodes` of
 * LlamaIndex's node parsers.
 */
import { randomUUID } from 'node:crypto'
import { CodePointCounter, codePointLength } from './code-points.ts'
import { nodeHash } from './hash.ts'
import {
  defaultMetadataSeparator,
  defaultMetadataTemplate,
  defaultTextTemplate,
  getContent,
} from './metadata-mode.ts'
import type { Metadata, ParsedNode, RelatedNodeInfo, SourceDocument, TextNode } from './node.ts'

export interface BuildNodesOptions {
  /** The node's id, given its position and its document. Default: a random UUID. */
  readonly idFunction?: (index: number, document: SourceDocument) => string
  readonly includeMetadata?: boolean
  readonly includePrevNextRel?: boolean
}

export function buildNodes(
  document: SourceDocument,
  splits: readonly string[],
  options: BuildNodesOptions = {},
): ParsedNode[] {
  const { idFunction = () => randomUUID(), includeMetadata = true, includePrevNextRel = true } = options
  const metadata: Metadata = includeMetadata ? document.metadata : {}
  const source: RelatedNodeInfo = {
    node_id: document.id,
    node_type: '4',
    metadata: document.metadata,
    hash: document.hash,
    class_name: 'RelatedNodeInfo',
  }
  const ids = splits.map((_, index) => idFunction(index, document))
  const positions = findSplits(document.text, splits)
  const hashes = splits.map((text) => nodeHash(text, metadata))

  return splits.map((text, index) => {
    const related = (other: number, otherMetadata: Metadata, hash: string): RelatedNodeInfo => ({
      node_id: ids[other] ?? '',
      node_type: '1',
      metadata: otherMetadata,
      hash,
      class_name: 'RelatedNodeInfo',
    })
    const position = positions[index] ?? null
    const node: TextNode = {
      id_: ids[index] ?? '',
      embedding: null,
      metadata,
      excluded_embed_metadata_keys: document.excludedEmbedMetadataKeys,
      excluded_llm_metadata_keys: document.excludedLlmMetadataKeys,
      relationships: {
        '1': source,
        ...(includePrevNextRel && index > 0
          ? { '2': related(index - 1, metadata, hashes[index - 1] ?? '') }
          : {}),
        // Python links forward before the next node has got its metadata, so that it and its hash are those of bare text.
        ...(includePrevNextRel && index < splits.length - 1
          ? { '3': related(index + 1, {}, nodeHash(splits[index + 1] ?? '', {})) }
          : {}),
      },
      metadata_template: defaultMetadataTemplate,
      metadata_separator: defaultMetadataSeparator,
      text,
      mimetype: 'text/plain',
      start_char_idx: position?.start ?? null,
      end_char_idx: position?.end ?? null,
      text_template: defaultTextTemplate,
      class_name: 'TextNode',
    }
    return { node, hash: hashes[index] ?? '', embedText: getContent(node, 'embed') }
  })
}

/**
 * Where each split stands in the text, in code points. As in Python each is searched from one character after the start
 * of the one before, so that overlapping and repeated chunks are found in order; a split that is not there has none.
 */
function findSplits(
  text: string,
  splits: readonly string[],
): ({ readonly start: number; readonly end: number } | null)[] {
  const counter = new CodePointCounter(text)
  let searchStart = 0
  return splits.map((split) => {
    const found = text.indexOf(split, searchStart)
    if (found < 0) return null
    searchStart = found + 1
    const start = counter.codePointIndex(found)
    return { start, end: start + codePointLength(split) }
  })
}
