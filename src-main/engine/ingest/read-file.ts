/** One file from the disk to documents, as SimpleDirectoryReader makes them: read, hash, choose the reader, extract the text. */
import { createHash } from 'node:crypto'
import { StackroomError } from '#contract'
import { documentHash } from '#engine/schema/hash.ts'
import type { Metadata, SourceDocument } from '#engine/schema/node.ts'
import { chooseByContent, chooseByHead, type ChosenReader } from './choose-reader.ts'
import { headBytes, markedType } from './content-type.ts'
import { excludedMetadataKeys, fileMetadata, type FileStatus } from './file-metadata.ts'
import {
  hasReaderClass,
  unsupportedType,
  withoutGzip,
  type ReaderName,
  type ReaderOptions,
} from './file-types.ts'
import { gunzip } from './gunzip.ts'
import { isBinary } from './readers/decode-text.ts'
import type { ReadPart } from './readers/reader.ts'
import { loadReader } from './readers/registry.ts'
import { SourceFile } from './source-file.ts'

export interface ReadFileInput extends ReaderOptions {
  readonly path: string
  /** When the content still has this SHA-256 nothing of it is read again. */
  readonly knownContentHash?: string | undefined
  /** HTML with its tags, as SimpleDirectoryReader has it, instead of its main content. */
  readonly keepHtml?: boolean
}

export interface FileDocuments extends FileStatus {
  readonly path: string
  /** SHA-256 of the content, hexadecimal. */
  readonly contentHash: string
  /** Null when the content has the hash that was known. */
  readonly read: { readonly reader: ReaderName; readonly documents: readonly SourceDocument[] } | null
}

/** @throws StackroomError about this file */
export async function readFile(input: ReadFileInput): Promise<FileDocuments> {
  const { path, knownContentHash } = input
  const loaded = await load(input)
  const { bytes, status } = loaded
  const contentHash = createHash('sha256').update(bytes).digest('hex')
  const file = { path, contentHash, ...status }
  if (contentHash === knownContentHash) return { ...file, read: null }

  const { content, chosen } = unpack(loaded, input)
  const reader = await loadReader(input.keepHtml && chosen.name === 'html' ? 'text' : chosen.name)
  const parts = await extract(
    () => reader.read({ path, bytes: content, nameIsTelling: chosen.isTelling, options: input }),
    chosen,
  )
  const metadata = fileMetadata(path, status)
  const isNumbered = reader.numbersParts || hasReaderClass(path)
  const documents = parts
    .filter((part) => part.text.trim() !== '')
    .map((part) => toDocument(part, isNumbered ? `${path}_part_${part.part}` : path, metadata))
  if (documents.length === 0)
    throw new StackroomError('no-text', 'There is no text in this file.', {
      hint: 'Nothing of it can be searched; leave it out.',
    })
  return { ...file, read: { reader: chosen.name, documents } }
}

interface LoadedFile {
  readonly bytes: Buffer
  readonly status: FileStatus
  /** By the first bytes; of a file that is packed, by its name. */
  readonly chosen: ChosenReader
  readonly isPacked: boolean
  readonly maximumBytes: number
}

async function load(input: ReadFileInput): Promise<LoadedFile> {
  using source = new SourceFile(input.path)
  const { status, head } = source
  const isPacked = markedType(head) === 'gzip'
  const chosen = isPacked
    ? chooseByHead(withoutGzip(input.path), Buffer.alloc(0), input)
    : chooseByHead(input.path, head, input)
  // Most files of an unknown type are no text: they are not read to the end to learn that.
  if (!chosen.isTelling && !isPacked && isBinary(head)) throw unsupportedType(input.path)
  const { maximumBytes } = await loadReader(chosen.name)
  return { bytes: source.read(maximumBytes), status, chosen, isPacked, maximumBytes }
}

function unpack(
  { bytes, chosen, isPacked, maximumBytes }: LoadedFile,
  input: ReadFileInput,
): { content: Buffer; chosen: ChosenReader } {
  if (!isPacked) return { content: bytes, chosen: chooseByContent(input.path, bytes, chosen, input) }
  const name = withoutGzip(input.path)
  const content = gunzip(bytes, maximumBytes)
  const byHead = chooseByHead(name, content.subarray(0, headBytes), input)
  return { content, chosen: chooseByContent(name, content, byHead, input) }
}

/** Text that is longer than any string, or nested deeper than the stack goes, is the file's fault and not the program's. */
async function extract(
  read: () => readonly ReadPart[] | Promise<readonly ReadPart[]>,
  { name }: ChosenReader,
): Promise<readonly ReadPart[]> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new StackroomError(
      'memory-limit',
      `The text of this ${name} file is larger than a file's may be.`,
      {
        hint: 'It may be made to fill memory. If it is not, split it into smaller files.',
        cause: error,
      },
    )
  }
}

function toDocument({ text, metadata: own }: ReadPart, id: string, file: Metadata): SourceDocument {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed()
  const metadata = { ...own, ...file }
  return {
    id,
    text: wellFormed,
    metadata,
    excludedEmbedMetadataKeys: excludedMetadataKeys,
    excludedLlmMetadataKeys: excludedMetadataKeys,
    hash: documentHash(wellFormed, metadata),
  }
}
