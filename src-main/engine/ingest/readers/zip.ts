/** Takes files out of the zip containers that office documents and books are, with a limit on what they unpack to. */
import { unzipSync } from 'fflate'
import { StackroomError } from '#contract'
import type { ReaderName } from '../file-types.ts'

/** What a container may unpack to. Buffers are outside of a worker's heap limit, so this stands in for it. */
const maximumUnpackedBytes = 256 * 1024 * 1024

const decoder = new TextDecoder()

/**
 * The wanted files of the container, by name.
 * @throws StackroomError `broken-file`, `encrypted-file`, `file-too-large`
 */
export function readZip(bytes: Uint8Array, wanted: (name: string) => boolean): Map<string, Uint8Array> {
  // Office programs put documents with a password into another kind of container.
  if (bytes[0] === 0xd0 && bytes[1] === 0xcf && bytes[2] === 0x11 && bytes[3] === 0xe0)
    throw new StackroomError(
      'encrypted-file',
      'This document is protected with a password, or of an older format.',
      {
        hint: 'Save a copy without the password in the current format and add that.',
      },
    )
  let unpacked = 0
  try {
    const files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!wanted(name)) return false
        unpacked += originalSize
        if (unpacked > maximumUnpackedBytes) throw tooLarge()
        return true
      },
    })
    return new Map(Object.entries(files))
  } catch (error) {
    if (error instanceof StackroomError) throw error
    throw brokenDocument(error)
  }
}

const tellingNames = new Map<string, ReaderName>([
  ['word/document.xml', 'docx'],
  ['ppt/presentation.xml', 'pptx'],
  ['xl/workbook.xml', 'xlsx'],
  ['META-INF/container.xml', 'epub'],
])

/** Which kind of document a container holds; null for an archive, and for what is no container. */
export function zipContent(bytes: Uint8Array): ReaderName | null {
  let found: ReaderName | null = null
  try {
    unzipSync(bytes, {
      filter: ({ name }) => {
        found ??= tellingNames.get(name) ?? null
        return false
      },
    })
  } catch {
    return null
  }
  return found
}

export function zipText(files: ReadonlyMap<string, Uint8Array>, name: string): string | undefined {
  const bytes = files.get(name)
  return bytes === undefined ? undefined : decoder.decode(bytes)
}

export function brokenDocument(cause?: unknown): StackroomError {
  return new StackroomError(
    'broken-file',
    'This document is damaged, or not of the format that its ending says.',
    {
      hint: 'Open it in the program that made it, save a copy from there and add that.',
      cause,
    },
  )
}

function tooLarge(): StackroomError {
  return new StackroomError(
    'file-too-large',
    `Unpacked, this document has more than ${maximumUnpackedBytes / 1024 / 1024} MB.`,
    { hint: 'It may be made to fill memory. If it is not, split it into smaller ones.' },
  )
}
