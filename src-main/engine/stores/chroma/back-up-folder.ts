/** A copy of a Chroma folder beside itself, before a newer engine changes it. */
import Database from 'better-sqlite3'
import { constants } from 'node:fs'
import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { explainFileError } from '#platform/file-errors.ts'
import { chromaFile } from './folder-version.ts'

/** Answers with the folder of the copy, which a Chroma of the old version can open. */
export async function backUpFolder(folder: string, backups: string): Promise<string> {
  const target = join(backups, new Date().toISOString().replaceAll(':', '-'))
  const unfinished = `${target}.new`
  try {
    await mkdir(unfinished, { recursive: true })
    const database = new Database(join(folder, chromaFile), { readonly: true })
    try {
      await database.backup(join(unfinished, chromaFile))
    } finally {
      database.close()
    }
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      // A vector index is a folder that is named by an id.
      if (!entry.isDirectory() || !/^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(entry.name)) continue
      await cp(join(folder, entry.name), join(unfinished, entry.name), {
        recursive: true,
        preserveTimestamps: true,
        mode: constants.COPYFILE_FICLONE,
      })
    }
    await rename(unfinished, target)
    return target
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw explainFileError(error, target)
  }
}
