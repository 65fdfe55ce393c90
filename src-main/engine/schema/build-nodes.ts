/**
 * From a document and the splits it was cut into to nodes: `build_nodes_from_splits` and `_postprocess_parsed_nodes` of
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
import type { Metadata, NodeSplit, ParsedNode, RelatedNodeInfo, SourceDocument, TextNode } from './node.ts'

export function buildNodes(document: SourceDocument, splits: readonly NodeSplit[]): ParsedNode[] {
  // what is the same for all nodes stays one object: it is copied once then, from thread to thread
  const metadata = splits.map((split) =>
    split.metadata ? { ...document.metadata, ...split.metadata } : document.metadata,
  )
  const source: RelatedNodeInfo = {
    node_id: document.id,
    node_type: '4',
    metadata: document.metadata,
    hash: document.hash,
    class_name: 'RelatedNodeInfo',
  }
  const ids = splits.map(() => randomUUID())
  const positions = findSplits(document.text, splits)
  const hashes = splits.map(({ text }, index) => nodeHash(text, metadata[index] ?? {}))

  return splits.map(({ text, excludedMetadataKeys }, index) => {
    const related = (other: number, otherMetadata: Metadata, hash: string): RelatedNodeInfo => ({
      node_id: ids[other] ?? '',
      node_type: '1',
      metadata: otherMetadata,
      hash,
      class_name: 'RelatedNodeInfo',
    })
    const position = positions[index] ?? null
    const previous = metadata[index - 1]
    const next = splits[index + 1]
    // Python links forward before the next node has got its document's metadata: it and its hash are those of its own.
    const nextMetadata = next?.metadata ?? {}
    const node: TextNode = {
      id_: ids[index] ?? '',
      embedding: null,
      metadata: metadata[index] ?? {},
      excluded_embed_metadata_keys: withKeys(document.excludedEmbedMetadataKeys, excludedMetadataKeys),
      excluded_llm_metadata_keys: withKeys(document.excludedLlmMetadataKeys, excludedMetadataKeys),
      relationships: {
        '1': source,
        ...(previous && { '2': related(index - 1, previous, hashes[index - 1] ?? '') }),
        ...(next && { '3': related(index + 1, nextMetadata, nodeHash(next.text, nextMetadata)) }),
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

function withKeys(keys: readonly string[], more: readonly string[] | undefined): readonly string[] {
  return more ? [...keys, ...more] : keys
}

/**
 * Where each split stands in the text, in code points. As in Python each is searched from one character after the start
 * of the one before, so that overlapping and repeated chunks are found in order; a split that is not there has none.
 */
function findSplits(
  text: string,
  splits: readonly NodeSplit[],
): ({ readonly start: number; readonly end: number } | null)[] {
  const counter = new CodePointCounter(text)
  let searchStart = 0
  return splits.map((split) => {
    const found = text.indexOf(split.text, searchStart)
    if (found < 0) return null
    searchStart = found + 1
    const start = counter.codePointIndex(found)
    return { start, end: start + codePointLength(split.text) }
  })
}
