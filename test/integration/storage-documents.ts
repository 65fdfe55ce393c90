/** Small documents with vectors for the storage tests: the vector depends on the text alone. */
import { createHash } from 'node:crypto'
import type { DocumentWithVectors } from '#engine/storage/storage-folder.ts'

export function buildNodes(refDocId: string, texts: readonly string[], dimensions = 8): DocumentWithVectors {
  return {
    document: {
      id: refDocId,
      text: texts.join('\n'),
      metadata: { file_path: refDocId },
      excludedEmbedMetadataKeys: [],
      excludedLlmMetadataKeys: [],
      hash: `hash of ${refDocId}`,
    },
    nodes: texts.map((text) => ({
      hash: `hash of ${text}`,
      embedText: text,
      node: {
        id_: `${refDocId}#${text}`,
        embedding: null,
        metadata: { file_path: refDocId },
        excluded_embed_metadata_keys: [],
        excluded_llm_metadata_keys: [],
        relationships: {
          '1': { node_id: refDocId, node_type: '4', metadata: {}, hash: null, class_name: 'RelatedNodeInfo' },
        },
        metadata_template: '{key}: {value}',
        metadata_separator: '\n',
        text,
        mimetype: 'text/plain',
        start_char_idx: null,
        end_char_idx: null,
        text_template: '{metadata_str}\n\n{content}',
        class_name: 'TextNode',
      },
    })),
    vectors: texts.map((text) => vectorOf(text, dimensions)),
  }
}

function vectorOf(text: string, dimensions: number): Float32Array {
  return Float32Array.from({ length: dimensions }, (_, index) => {
    const digest = createHash('sha256').update(`${index} ${text}`).digest()
    return digest.readInt32LE(0) / 2 ** 31
  })
}
