/**
 * Reads everything in a Chroma folder and says what is wrong, and where: the SQLite part, the HNSW part, and what differs
 * between them. It needs no engine, changes nothing in the folder, and takes no lock.
 */
import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { StackroomError, type VerifyReport } from '#contract'
import { errorCodeOf, isDamage } from '#platform/file-errors.ts'
import { ProblemList } from '../../../storage/verify/problem-list.ts'
import { chromaFile } from '../folder-version.ts'
import { checkCollection, type CheckedCollection } from './check-collection.ts'
import { checkDatabase } from './check-database.ts'
import { readCollections } from './chroma-collections.ts'
import { ChromaDatabase } from './chroma-database.ts'
import { hnswFiles } from './hnsw-header.ts'
import { segmentFoldersIn } from './segment-folders.ts'

export interface VerifyChromaOptions {
  readonly folder: string
  /** Stackroom's data folder; a database with a log is copied there while it is read. */
  readonly dataFolder: string
  readonly signal: AbortSignal
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void
}

export interface VerifiedChroma {
  readonly report: VerifyReport
  readonly collections: readonly CheckedCollection[]
}

/** Throws `path-missing`, `not-a-storage-folder`, `permission-denied`, `locked`, `cancelled`. */
export function verifyChromaFolder(options: VerifyChromaOptions): VerifiedChroma {
  const started = performance.now()
  const { dataFolder, signal } = options
  const folder = chromaFolderAt(options.folder)
  mkdirSync(dataFolder, { recursive: true })
  const problems = new ProblemList()
  const collections: CheckedCollection[] = []
  let documents = 0
  try {
    using database = ChromaDatabase.open(folder, dataFolder)
    checkDatabase(database, problems)
    const found = readCollections(database)
    const progress = progressOver(folder, options)
    for (const collection of found) {
      signal.throwIfAborted()
      collections.push(checkCollection({ folder, database, collection, problems, signal, onBytes: progress }))
    }
    documents = database.number("SELECT count(*) FROM embedding_metadata WHERE key = 'chroma:document'")
    findLeftovers(folder, database, problems)
  } catch (error) {
    if (!isDamaged(error)) throw explainBusy(error, folder)
    // What is damaged has been said, or is said now; more than this cannot be looked at.
    if (!problems.has('damaged-database'))
      problems.add({
        code: 'damaged-database',
        message: `SQLite cannot read it to the end: ${error.message}`,
        file: chromaFile,
        repairable: true,
      })
  }
  const errors = problems.count('error')
  const sum = (of: 'records' | 'vectors'): number => collections.reduce((total, each) => total + each[of], 0)
  return {
    collections,
    report: {
      persistDir: folder,
      kind: 'chroma',
      ok: errors === 0,
      errors,
      warnings: problems.count('warning'),
      notes: problems.count('note'),
      documents,
      nodes: sum('records'),
      vectors: sum('vectors'),
      problems: problems.list,
      counts: problems.counts,
      truncated: problems.isTruncated,
      repair: null,
      seconds: (performance.now() - started) / 1000,
    },
  }
}

/** Whether another program is writing to it right now; the error itself when it is another one. */
export function explainBusy(error: unknown, folder: string): unknown {
  if (!errorCodeOf(error).startsWith('SQLITE_BUSY')) return error
  return new StackroomError('locked', `Another program is writing to ${folder}.`, {
    hint: 'Wait until its work has ended, or close it.',
    cause: error,
  })
}

/** A table that is gone, or rows of another kind than Chroma writes, are damage as well. */
export function isDamaged(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  return (
    isDamage(error) ||
    error.name === 'ZodError' ||
    /no such (table|column)|malformed|fts5/.test(error.message)
  )
}

export function chromaFolderAt(path: string): string {
  if (!existsSync(path))
    throw new StackroomError('path-missing', `There is no folder at ${path}.`, {
      hint: 'It may have been moved or deleted, or its drive is not connected.',
    })
  if (!existsSync(join(path, chromaFile)))
    throw new StackroomError('not-a-storage-folder', `${path} is not a Chroma folder.`, {
      hint: `A Chroma folder has ${chromaFile} in it.`,
    })
  return realpathSync(path)
}

function progressOver(folder: string, { onProgress }: VerifyChromaOptions): (count: number) => void {
  const total = segmentFoldersIn(folder)
    .map((name) => join(folder, name, hnswFiles.vectors))
    .filter((path) => existsSync(path))
    .reduce((sum, path) => sum + statSync(path).size, 0)
  let done = 0
  let told = 0
  return (count) => {
    done += count
    if (done - told < 1 << 22) return
    told = done
    onProgress?.(done, total)
  }
}

/** Chroma leaves the files of deleted collections behind. */
function findLeftovers(folder: string, database: ChromaDatabase, problems: ProblemList): void {
  for (const name of segmentFoldersIn(folder)) {
    if (database.number('SELECT count(*) FROM segments WHERE id = ?', name) > 0) continue
    problems.add({
      code: 'leftover-file',
      message: `${name} belongs to no collection: its collection was deleted.`,
      file: name,
      repairable: false,
    })
  }
}
