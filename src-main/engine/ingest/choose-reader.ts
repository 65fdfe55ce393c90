/** The reader for a file, by name and content: the content decides where it is clear, the name where it is not. */
import { markedType, openDocumentType, textType } from './content-type.ts'
import {
  readerByName,
  recognizesText,
  unsupportedType,
  type ReaderName,
  type ReaderOptions,
} from './file-types.ts'
import { zipContent } from './readers/zip.ts'

export interface ChosenReader {
  readonly name: ReaderName
  /** Whether the name or the content promises this reader's kind of content, or the reader is only tried on it. */
  readonly isTelling: boolean
}

/**
 * From the first bytes. A zip container goes to a reader of documents in such containers; `chooseByContent` says which.
 * @throws StackroomError `unsupported-type`
 */
export function chooseByHead(path: string, head: Buffer, options: ReaderOptions): ChosenReader {
  const byName = readerByName(path, options)
  if (byName === null) throw unsupportedType(path)
  const marked = markedType(head)
  if (marked === 'pdf' || marked === 'rtf') return { name: marked, isTelling: true }
  if (marked === 'zip') return { name: isContainer(byName) ? byName : 'docx', isTelling: true }
  if (marked === 'image' && recognizesText(options)) return { name: 'image', isTelling: true }
  // What the readers of containers say of it is that it has a password, or is of an older format.
  if (marked === 'ole' && !isContainer(byName)) throw unsupportedType(path)
  // A text that is named as one is taken as it stands, whatever it begins with.
  if (byName !== 'unknown' && !isContainer(byName) && byName !== 'pdf' && byName !== 'rtf')
    return { name: byName, isTelling: true }
  const type = textType(head)
  if (type !== undefined) return { name: type, isTelling: true }
  return byName === 'unknown' ? { name: 'text', isTelling: false } : { name: byName, isTelling: true }
}

/**
 * From the whole content, where its head was not enough.
 * @throws StackroomError `unsupported-type`
 */
export function chooseByContent(
  path: string,
  bytes: Buffer,
  chosen: ChosenReader,
  options: ReaderOptions,
): ChosenReader {
  if (markedType(bytes) !== 'zip') return chosen
  const inside = openDocumentType(bytes) ?? zipContent(bytes)
  if (inside !== null) return { name: inside, isTelling: true }
  // Damaged or not: its reader says so. What is named as none of them is an archive.
  if (isContainer(readerByName(path, options))) return chosen
  throw unsupportedType(path)
}

const containers = ['docx', 'pptx', 'xlsx', 'odt', 'ods', 'odp', 'epub'] as const

function isContainer(name: ReaderName | 'unknown' | null): name is (typeof containers)[number] {
  return containers.some((each) => each === name)
}
