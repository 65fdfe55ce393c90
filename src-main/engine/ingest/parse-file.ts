/** One file from the disk to parsed documents: read, hash, extract the text, cut it into nodes. Runs in a reader worker. */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { StackroomError } from '#contract'
import { buildNodes } from '#engine/schema/build-nodes.ts'
import { documentHash } from '#engine/schema/hash.ts'
import {
  defaultMetadataSeparator,
  defaultMetadataTemplate,
  metadataString,
} from '#engine/schema/metadata-mode.ts'
import type { Metadata, ParsedDocument, SourceDocument } from '#engine/schema/node.ts'
import { toFileError } from './file-errors.ts'
import { excludedMetadataKeys, fileMetadata, fileStatus, type FileStatus } from './file-metadata.ts'
import { gunzip } from './gunzip.ts'
import { extensionForPeople, isGzip, readerByName } from './file-types.ts'
import type { SentenceSplitter } from './node-parsers/sentence-splitter.ts'
import type { FileReader, ReadPart } from './readers/reader.ts'
import { loadReader } from './readers/registry.ts'

export interface ParseFileInput {
  readonly path: string
  /** When the content still has this SHA-256 the file is not parsed again. */
  readonly knownContentHash?: string | undefined
}

export interface ParsedFile extends FileStatus {
  readonly path: string
  /** SHA-256 of the content, hexadecimal. */
  readonly contentHash: string
  /** Null when the content has the hash that was known. */
  readonly documents: readonly ParsedDocument[] | null
}

/** @throws StackroomError about this file */
export async function parseFile(input: ParseFileInput, splitter: SentenceSplitter): Promise<ParsedFile> {
  const { path, knownContentHash } = input
  const name = readerByName(path)
  if (name === null) throw unsupportedType(path)
  const reader = await loadReader(name === 'unknown' ? 'text' : name)
  const { bytes, status } = readBytes(path, reader, name === 'unknown')
  const contentHash = createHash('sha256').update(bytes).digest('hex')
  const file = { path, contentHash, ...status }
  if (contentHash === knownContentHash) return { ...file, documents: null }

  const content = isGzip(path) ? gunzip(bytes, reader.maximumBytes) : bytes
  const parts = await reader.read({ path, bytes: content, nameIsTelling: name !== 'unknown' })
  const metadata = fileMetadata(path, status)
  const documents = parts
    .filter((part) => part.text.trim() !== '')
    .map((part) => toDocument(part, path, metadata, reader.numbersParts))
  if (documents.length === 0)
    throw new StackroomError('no-text', 'There is no text in this file.', {
      hint: 'Nothing of it can be searched; leave it out.',
    })
  return { ...file, documents: documents.map((document) => parseDocument(document, splitter)) }
}

/** Synchronous: the thread has nothing else to do, and small files take longer to be waited for than to be read. */
function readBytes(
  path: string,
  reader: FileReader,
  isGuess: boolean,
): { bytes: Buffer; status: FileStatus } {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const status = fileStatus(fstatSync(file))
    if (status.bytes === 0)
      throw new StackroomError('empty-file', 'This file is empty: it has 0 bytes.', {
        hint: 'There is nothing to index in it.',
      })
    if (isGuess && status.bytes > reader.maximumBytes && beginsBinary(file)) throw unsupportedType(path)
    if (status.bytes > reader.maximumBytes) {
      const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`
      throw new StackroomError(
        'file-too-large',
        `This file has ${megabytes(status.bytes)}; Stackroom reads files of this kind up to ${megabytes(reader.maximumBytes)}.`,
        { hint: 'Split it into smaller files.' },
      )
    }
    return { bytes: readFileSync(file), status }
  } catch (error) {
    throw toFileError(error)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** A large file of an unknown type is mostly no text at all; then its size is not what is wrong with it. */
function beginsBinary(file: number): boolean {
  const head = Buffer.alloc(8192)
  return head.subarray(0, readSync(file, head, 0, head.length, 0)).includes(0)
}

function unsupportedType(path: string): StackroomError {
  return new StackroomError('unsupported-type', `Stackroom has no reader for ${extensionForPeople(path)}.`)
}

function toDocument(
  { part, text, metadata: own }: ReadPart,
  path: string,
  file: Metadata,
  numbersParts: boolean,
): SourceDocument {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed()
  const metadata = { ...own, ...file }
  return {
    id: numbersParts ? `${path}_part_${part}` : path,
    text: wellFormed,
    metadata,
    excludedEmbedMetadataKeys: excludedMetadataKeys,
    excludedLlmMetadataKeys: excludedMetadataKeys,
    hash: documentHash(wellFormed, metadata),
  }
}

export function parseDocument(document: SourceDocument, splitter: SentenceSplitter): ParsedDocument {
  const holder = {
    metadata: document.metadata,
    excluded_embed_metadata_keys: document.excludedEmbedMetadataKeys,
    excluded_llm_metadata_keys: document.excludedLlmMetadataKeys,
    metadata_template: defaultMetadataTemplate,
    metadata_separator: defaultMetadataSeparator,
  }
  const embed = metadataString(holder, 'embed')
  const llm = metadataString(holder, 'llm')
  const splits = splitter.splitTextMetadataAware(document.text, embed.length > llm.length ? embed : llm)
  return { document, nodes: buildNodes(document, splits) }
}
