/** A file on the disk whose head is looked at before it is read. Synchronous: a reader thread has nothing else to do. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { StackroomError } from '#contract'
import { headBytes } from './content-type.ts'
import { toFileError } from './file-errors.ts'
import { fileStatus, type FileStatus } from './file-metadata.ts'

export class SourceFile implements Disposable {
  readonly status: FileStatus
  readonly head: Buffer
  readonly #file: number

  /** @throws StackroomError `empty-file`, and what the file system says */
  constructor(path: string) {
    let file: number | undefined
    try {
      file = openSync(path, 'r')
      this.status = fileStatus(fstatSync(file))
      const head = Buffer.allocUnsafe(Math.min(headBytes, this.status.bytes))
      this.head = head.subarray(0, readSync(file, head, 0, head.length, 0))
      this.#file = file
    } catch (error) {
      if (file !== undefined) closeSync(file)
      throw toFileError(error)
    }
    if (this.status.bytes > 0) return
    this[Symbol.dispose]()
    throw new StackroomError('empty-file', 'This file is empty: it has 0 bytes.', {
      hint: 'There is nothing to index in it.',
    })
  }

  /** @throws StackroomError `file-too-large`, and what the file system says */
  read(maximumBytes: number): Buffer {
    const { bytes } = this.status
    if (bytes > maximumBytes)
      throw new StackroomError(
        'file-too-large',
        `This file has ${megabytes(bytes)}; Stackroom reads files of this kind up to ${megabytes(maximumBytes)}.`,
        { hint: 'Split it into smaller files.' },
      )
    try {
      return readFileSync(this.#file)
    } catch (error) {
      throw toFileError(error)
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`
}
