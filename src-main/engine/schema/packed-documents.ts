/**
 * Parsed documents as bytes: from the thread that reads a file to the one that stores it, through one that only needs to
 * know what is to be embedded, and that would otherwise make and drop an object for every node's every field.
 */
import { deserialize, serialize } from 'node:v8'
import type { ParsedDocument } from './node.ts'

export interface PackedDocuments {
  /** Of `serialize`; only ever made and read by this program. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Ref doc ids. */
  readonly ids: readonly string[]
  /** What the embed model gets for each node of each document, in order. */
  readonly embedTexts: readonly string[]
}

/** Without what nobody needs any more: the documents' texts, and those that are in `embedTexts`. */
export function packDocuments(documents: readonly ParsedDocument[]): PackedDocuments {
  const embedTexts: string[] = []
  const bare = documents.map(({ document, nodes }): ParsedDocument => ({
    document: { ...document, text: '' },
    nodes: nodes.map((parsed) => {
      embedTexts.push(parsed.embedText)
      return { ...parsed, embedText: '' }
    }),
  }))
  return {
    bytes: Uint8Array.from(serialize(bare)),
    ids: documents.map(({ document }) => document.id),
    embedTexts,
  }
}

export function unpackDocuments({ bytes }: Pick<PackedDocuments, 'bytes'>): readonly ParsedDocument[] {
  return deserialize(bytes) as readonly ParsedDocument[]
}
