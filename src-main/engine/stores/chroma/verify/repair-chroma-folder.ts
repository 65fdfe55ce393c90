/**
 * Mends a Chroma folder in place, after a backup, where its SQLite part is whole; else saves what can be read to a new folder
 * beside it. Nothing is deleted: HNSW files that are not used any more are set aside in the folder.
 */
import Database from 'better-sqlite3'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { StackroomError, type FolderRepair, type VerifyReport } from '#contract'
import { syncFolder } from '#platform/atomic-files.ts'
import { explainFileError } from '#platform/file-errors.ts'
import { FolderLock } from '#platform/folder-lock.ts'
import { ownFolder } from '../engine-process.ts'
import { chromaFile } from '../folder-version.ts'
import { folderInUse, folderUsers } from '../folder-users.ts'
import type { CheckedCollection } from './check-collection.ts'
import { rebuildSegment } from './rebuild-segment.ts'
import { salvageChromaFolder } from './salvage-chroma-folder.ts'
import { explainBusy, verifyChromaFolder, type VerifyChromaOptions } from './verify-chroma-folder.ts'

/** Throws as verifying does, and `locked`, `read-only`, `disk-full`. No program may have the folder open. */
export async function repairChromaFolder(options: VerifyChromaOptions): Promise<VerifyReport> {
  const found = verifyChromaFolder(options)
  const { report } = found
  if (!report.problems.some(({ repairable }) => repairable))
    return { ...report, repair: { backup: null, actions: [] } }
  const folder = report.persistDir
  requireWritable(folder)
  await requireUnused(folder)
  const own = join(folder, ownFolder)
  let lock: FolderLock | undefined
  try {
    mkdirSync(own, { recursive: true })
    lock = new FolderLock(own, 'Stackroom')
    if (report.counts['damaged-database']) {
      const { saved, actions } = salvageChromaFolder({ folder, signal: options.signal })
      return { ...report, repair: { backup: null, actions, saved } }
    }
    const backup = await backUpDatabase(folder, own)
    const actions = mend(options, report, found.collections, folder, own)
    return { ...verifyChromaFolder(options).report, repair: { backup, actions } }
  } catch (error) {
    throw explainFileError(explainBusy(error, folder), folder)
  } finally {
    lock?.[Symbol.dispose]()
  }
}

function requireWritable(folder: string): void {
  try {
    for (const path of [folder, join(folder, chromaFile)]) accessSync(path, constants.W_OK)
  } catch (error) {
    throw new StackroomError('read-only', `${folder} cannot be written to.`, {
      hint: 'Copy it to a folder of your own, and repair the copy.',
      cause: error,
    })
  }
}

async function requireUnused(folder: string): Promise<void> {
  const [user] = await folderUsers(folder, [process.pid])
  if (user) throw folderInUse(folder, user)
}

/** HNSW files need none: they are never changed, only moved. */
async function backUpDatabase(folder: string, own: string): Promise<string> {
  const backup = join(own, 'backups', folderNameOfNow())
  mkdirSync(backup, { recursive: true })
  const database = new Database(join(folder, chromaFile), { fileMustExist: true })
  try {
    await database.backup(join(backup, chromaFile))
  } finally {
    database.close()
  }
  syncFolder(backup)
  return backup
}

function folderNameOfNow(): string {
  return new Date().toISOString().replaceAll(':', '-')
}

function mend(
  { signal }: VerifyChromaOptions,
  { counts, problems }: VerifyReport,
  collections: readonly CheckedCollection[],
  folder: string,
  own: string,
): FolderRepair['actions'] {
  const actions: FolderRepair['actions'] = []
  const database = new Database(join(folder, chromaFile), { fileMustExist: true })
  try {
    database.pragma('synchronous = FULL')
    const badIndexes = counts['damaged-database-index'] ?? 0
    if (badIndexes > 0) {
      database.exec('REINDEX')
      if (hasTable(database, 'embedding_fulltext_search'))
        database.exec("INSERT INTO embedding_fulltext_search (embedding_fulltext_search) VALUES ('rebuild')")
      actions.push({
        code: 'damaged-database-index',
        count: badIndexes,
        message: 'Made the indexes of chroma.sqlite3 anew from its tables.',
      })
    }
    const oldNumbers = problems.filter(({ section }) => section === 'max_seq_id').length
    if (oldNumbers > 0) {
      modernSeqIds(database)
      actions.push({
        code: 'unreadable-entry',
        count: oldNumbers,
        message: `Wrote ${oldNumbers} numbers of last changes as this version of Chroma reads them.`,
      })
    }
    const setAside = join(own, 'set-aside', folderNameOfNow())
    for (const { collection, needsRebuild } of collections) {
      if (!needsRebuild) continue
      signal.throwIfAborted()
      const rebuilt = rebuildSegment({ folder, database, collection, setAside, signal })
      if (!rebuilt) continue
      const kept = rebuilt.records - rebuilt.withoutVector.length
      const lost =
        rebuilt.withoutVector.length === 0
          ? ''
          : ` ${rebuilt.withoutVector.length} records have no vector in any file: their documents are there, and can be embedded again.`
      const unnamed =
        rebuilt.withoutId === 0 ? '' : ` ${rebuilt.withoutId} vectors belong to no known id; they stay there.`
      const aside = rebuilt.setAside === null ? '' : ` Its old HNSW files are in ${rebuilt.setAside}.`
      actions.push({
        code: 'damaged-segment',
        count: kept,
        message: `Collection ${collection.name}: ${kept} of ${rebuilt.records} vectors are in Chroma’s queue, from which it builds its HNSW files when it opens the folder next.${aside}${lost}${unnamed}`,
      })
    }
  } finally {
    database.close()
  }
  return actions
}

function hasTable(database: Database.Database, name: string): boolean {
  return (
    database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined
  )
}

/** Eight bytes, the most significant first, as a whole number. */
function modernSeqIds(database: Database.Database): void {
  database.function('number_of', { deterministic: true }, (bytes: unknown) =>
    bytes instanceof Uint8Array && bytes.length >= 8
      ? Buffer.from(bytes).readBigUInt64BE(bytes.length - 8)
      : null,
  )
  database.exec(`
    UPDATE max_seq_id SET seq_id = number_of(seq_id) WHERE typeof(seq_id) = 'blob' AND number_of(seq_id) IS NOT NULL;
    DELETE FROM max_seq_id WHERE typeof(seq_id) <> 'integer'`)
}
