/** What every reader is: bytes of one file in, its documents' texts out. Readers run in a worker and may be killed there. */
import type { Metadata } from '#contract'
import type { ReaderOptions } from '../file-types.ts'

export interface FileContent {
  readonly path: string
  readonly bytes: Buffer
  /** Whether the file's name or its first bytes promise this reader's kind of content, or the reader is only tried on it. */
  readonly nameIsTelling: boolean
  readonly options?: ReaderOptions
}

export interface ReadPart {
  /** Counts from 0; parts without text are left out but keep their number. */
  readonly part: number
  readonly text: string
  /** Put before the metadata of the file, as LlamaIndex's readers do. */
  readonly metadata: Metadata
}

export interface FileReader {
  /** Larger files are refused before they are read. */
  readonly maximumBytes: number
  /**
   * Whether files of this kind give several documents: their ids are `<path>_part_<n>`. Where this is false they are the path,
   * but for the endings that SimpleDirectoryReader has a reader class for.
   */
  readonly numbersParts: boolean
  /** @throws StackroomError with a sentence about the file, without its path. */
  read(content: FileContent): readonly ReadPart[] | Promise<readonly ReadPart[]>
}
