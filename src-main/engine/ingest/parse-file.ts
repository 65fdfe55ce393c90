/** One file from the disk to parsed documents: read it, cut its documents into nodes. Runs in a reader worker. */
import type { NodeParserName } from '#contract'
import { buildNodes } from '#engine/schema/build-nodes.ts'
import type { ParsedDocument, SourceDocument } from '#engine/schema/node.ts'
import type { PackedDocuments } from '#engine/schema/packed-documents.ts'
import type { FileStatus } from './file-metadata.ts'
import type { FileNodeParser, NodeParser } from './node-parsers/node-parser.ts'
import { readFile, type ReadFileInput } from './read-file.ts'

export type ParseFileInput = ReadFileInput

export interface ParsedFile extends FileStatus {
  readonly path: string
  /** SHA-256 of the content, hexadecimal. */
  readonly contentHash: string
  /** What cut it: the chosen parser, or the one that cuts files of other kinds. */
  readonly nodeParser: NodeParserName
  /** Null when the content has the hash that was known. */
  readonly documents: readonly ParsedDocument[] | null
}

/** The same, with the documents as bytes. */
export interface PackedFile extends Omit<ParsedFile, 'documents'> {
  readonly documents: PackedDocuments | null
}

/** @throws StackroomError about this file */
export async function parseFile(input: ParseFileInput, parser: NodeParser): Promise<ParsedFile> {
  const { ownKind } = parser
  const keepHtml = ownKind?.keepsHtml ?? false
  const { read, ...file } = await readFile({ ...input, keepHtml })
  if (read === null) return { ...file, nodeParser: parser.className, documents: null }
  const own = await ownKind?.parserFor(input.path, read.reader)
  const parsed = own && parseAsItsKind(read.documents, own)
  if (own && parsed) return { ...file, nodeParser: own.className, documents: parsed }
  const hasTags = keepHtml && read.reader === 'html'
  const again = hasTags ? (await readFile({ ...input, knownContentHash: undefined })).read : null
  const { documents } = again ?? read
  return {
    ...file,
    nodeParser: parser.className,
    documents: documents.map((document) => parseDocument(document, parser)),
  }
}

export function parseDocument(document: SourceDocument, parser: NodeParser): ParsedDocument {
  return { document, nodes: buildNodes(document, parser.split(document)) }
}

/** Null where the parser cannot make anything of one of the documents. */
function parseAsItsKind(
  documents: readonly SourceDocument[],
  parser: FileNodeParser,
): ParsedDocument[] | null {
  const parsed: ParsedDocument[] = []
  for (const document of documents) {
    const splits = parser.split(document)
    if (splits === null || splits.length === 0) return null
    parsed.push({ document, nodes: buildNodes(document, splits) })
  }
  return parsed
}
