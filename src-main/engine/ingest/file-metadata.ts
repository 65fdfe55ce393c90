/** The metadata that SimpleDirectoryReader gives to every document of a file, in its order. */
import { basename } from 'node:path'
import type { Metadata } from '#contract'
import { guessMimeType } from './mime-types.ts'

/** Left out of what the embed model and the LLM see: all but the path. */
export const excludedMetadataKeys: readonly string[] = [
  'file_name',
  'file_type',
  'file_size',
  'creation_date',
  'last_modified_date',
  'last_accessed_date',
]

export interface FileStatus {
  readonly bytes: number
  readonly modifiedMs: number
  /** Of the file's creation where the system knows it as Python does, of its last change of status on Linux. */
  readonly createdMs: number
}

export function fileStatus(stats: {
  size: number
  mtimeMs: number
  ctimeMs: number
  birthtimeMs: number
}): FileStatus {
  // Python has st_birthtime on macOS and Windows only; fsspec falls back to st_ctime.
  const createdMs = process.platform === 'linux' ? stats.ctimeMs : stats.birthtimeMs
  return { bytes: stats.size, modifiedMs: stats.mtimeMs, createdMs }
}

export function fileMetadata(path: string, status: FileStatus): Metadata {
  const type = guessMimeType(path)
  return {
    file_path: path,
    file_name: basename(path),
    ...(type === null ? {} : { file_type: type }),
    file_size: status.bytes,
    creation_date: utcDate(status.createdMs),
    last_modified_date: utcDate(status.modifiedMs),
  }
}

/** `%Y-%m-%d` in UTC, as `_format_file_timestamp`. */
function utcDate(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10)
}
