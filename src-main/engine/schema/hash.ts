/** The hashes by which LlamaIndex tells whether a document or a node changed. */
import { createHash } from 'node:crypto'
import { defaultMetadataSeparator, defaultMetadataTemplate, metadataString } from './metadata-mode.ts'
import type { Metadata } from './node.ts'
import { encodeSurrogatePass, pythonRepr } from './python-text.ts'

export function sha256(text: string): string {
  const hash = createHash('sha256')
  return (text.isWellFormed() ? hash.update(text, 'utf8') : hash.update(encodeSurrogatePass(text))).digest(
    'hex',
  )
}

/**
 * `Document.hash` of a document with default templates. `Document(text='')` in Python has no text resource at all, so
 * the hash of an empty text is the hash of the metadata alone.
 */
export function documentHash(text: string, metadata: Metadata): string {
  const parts: string[] = []
  const shown = metadataString(
    {
      metadata,
      excluded_embed_metadata_keys: [],
      excluded_llm_metadata_keys: [],
      metadata_template: defaultMetadataTemplate,
      metadata_separator: defaultMetadataSeparator,
    },
    'all',
  )
  if (shown !== '') parts.push(shown)
  if (text !== '') parts.push(sha256(text))
  return sha256(parts.join('-'))
}

/** `TextNode.hash` */
export function nodeHash(text: string, metadata: Metadata): string {
  return sha256(text + pythonRepr(metadata))
}
