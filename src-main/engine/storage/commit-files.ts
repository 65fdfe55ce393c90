/**
 * `commit.json` names the files of a persist that wait beside the old ones. It is there from the moment when all of them
 * are on the disk until the last one is in place: a crash before it leaves the old set, one after it is rolled forward by
 * the next open.
 */
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { fileStamp, replaceFile, syncFolder } from '#platform/atomic-files.ts'
import { isBeginningOf, moveOver } from '#platform/move-over.ts'
import { checksumOf } from './llamaindex/json-scanner.ts'
import { storeFileOf } from './llamaindex/store-files.ts'
import type { WorkingStore } from './working-store.ts'

const commitFile = 'commit.json'
const temporaryEnding = '.stackroom-new'
/** Bytes, as most file systems have it. */
const longestName = 255

const fileSchema = z.object({
  name: z.string(),
  /** The file that is to be replaced; null when there was none. Without a checksum: whatever has this stamp. */
  base: z
    .object({ stamp: z.string(), bytes: z.number().nullable(), checksum: z.number().nullable() })
    .nullable(),
  bytes: z.number(),
  checksum: z.number(),
})
const commitSchema = z.object({
  /** `WorkingStore.unpersisted` when the files were written. */
  unpersisted: z.string().nullable(),
  files: z.array(fileSchema),
})
export type CommittedFile = z.infer<typeof fileSchema>
export type Commit = z.infer<typeof commitSchema>

export interface CommitOptions {
  /** Null when it cannot be read: the files are rolled forward all the same. */
  readonly store: WorkingStore | null
  readonly persistDir: string
  readonly workingFolder: string
}

/** Symbolic links stay what they are: the file they point to is replaced. Throws `path-missing` for one into nowhere. */
export function targetOf(persistDir: string, name: string): string {
  const path = join(persistDir, name)
  if (existsSync(path)) return realpathSync(path)
  if (lstatSync(path, { throwIfNoEntry: false }))
    throw new StackroomError('path-missing', `${path} is a link to a file that is not there.`, {
      hint: 'The drive of that file may not be connected. To write a new file here, delete the link.',
    })
  return path
}

/** Beside the file itself, as only there it can be renamed into its place. */
export function temporaryOf(persistDir: string, name: string): string {
  const target = targetOf(persistDir, name)
  if (Buffer.byteLength(basename(target)) + temporaryEnding.length <= longestName)
    return target + temporaryEnding
  const short = createHash('sha256').update(basename(target)).digest('hex').slice(0, 32)
  return join(dirname(target), short + temporaryEnding)
}

/** The waiting files must be on the disk. From here on they are going to take the old ones' places. */
export function beginCommit(persistDir: string, workingFolder: string, commit: Commit): void {
  for (const folder of foldersOf(persistDir, commit.files)) syncFolder(folder)
  replaceFile(join(workingFolder, commitFile), JSON.stringify(commit))
}

function foldersOf(persistDir: string, files: readonly CommittedFile[]): Set<string> {
  return new Set(files.map(({ name }) => dirname(targetOf(persistDir, name))))
}

/** Nothing waits in here, so that no change can come between the files and the mark in the working store. */
export function finishCommit(options: CommitOptions): void {
  const { persistDir, workingFolder } = options
  const commit = readCommit(workingFolder)
  putInPlace(persistDir, commit)
  markPersisted(options, commit, (name) => fileStamp(join(persistDir, name)))
  endCommit(workingFolder)
}

function putInPlace(persistDir: string, commit: Commit): void {
  for (const { name } of waitingOf(persistDir, commit))
    moveOver(temporaryOf(persistDir, name), targetOf(persistDir, name))
  for (const folder of foldersOf(persistDir, commit.files)) syncFolder(folder)
}

/** After a crash, or a commit that the system did not let finish. Works without the working store, too. */
export function recoverCommit(options: CommitOptions): void {
  const { persistDir, workingFolder } = options
  if (isCommitPending(workingFolder)) rollForward(options)
  for (const name of readdirSync(persistDir)) {
    const ofStore = name.endsWith(temporaryEnding) ? name.slice(0, -temporaryEnding.length) : name
    if (!storeFileOf(ofStore) || isLinkToNowhere(join(persistDir, ofStore))) continue
    rmSync(temporaryOf(persistDir, ofStore), { force: true })
  }
}

export function isCommitPending(workingFolder: string): boolean {
  return existsSync(join(workingFolder, commitFile))
}

/** What a commit that was broken off has written, by the names of the files. */
export function pendingFiles(workingFolder: string): ReadonlyMap<string, CommittedFile> {
  const files = isCommitPending(workingFolder) ? readCommit(workingFolder).files : []
  return new Map(files.map((file) => [file.name, file]))
}

function isLinkToNowhere(path: string): boolean {
  return !existsSync(path) && lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function rollForward(options: CommitOptions): void {
  const { persistDir, workingFolder } = options
  const commit = readCommit(workingFolder)
  const canGoOn = waitingOf(persistDir, commit).every(
    (file) => isWhole(temporaryOf(persistDir, file.name), file) && isStillBase(persistDir, file),
  )
  // Where another program wrote since the crash its files stay; ours are in the working store, and opening tells of both.
  if (canGoOn) {
    putInPlace(persistDir, commit)
    const byName = new Map(commit.files.map((file) => [file.name, file]))
    markPersisted(options, commit, (name) => {
      const path = join(persistDir, name)
      const file = byName.get(name)
      // Ours was in place, and another program has changed it since.
      return file && isWhole(path, file) ? fileStamp(path) : 'replaced'
    })
  }
  endCommit(workingFolder)
}

function waitingOf(persistDir: string, { files }: Commit): CommittedFile[] {
  return files.filter(({ name }) => existsSync(temporaryOf(persistDir, name)))
}

function isWhole(path: string, { bytes, checksum }: { bytes: number; checksum: number }): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === bytes && checksumOf(path) === checksum
}

function isStillBase(persistDir: string, { name, base }: CommittedFile): boolean {
  const path = join(persistDir, name)
  const now = fileStamp(path)
  if (now === null || base === null) return now === null && base === null
  if (now === base.stamp) return true
  const { bytes, checksum } = base
  if (bytes !== null && checksum !== null && isWhole(path, { bytes, checksum })) return true
  // A file with a mount of its own is written over: the crash may have been in the middle of that.
  return isBeginningOf(path, temporaryOf(persistDir, name))
}

function readCommit(workingFolder: string): Commit {
  try {
    return commitSchema.parse(JSON.parse(readFileSync(join(workingFolder, commitFile), 'utf8')))
  } catch {
    // It is renamed into place when it is whole: this one is not ours.
    return { unpersisted: null, files: [] }
  }
}

function endCommit(workingFolder: string): void {
  rmSync(join(workingFolder, commitFile), { recursive: true })
  syncFolder(workingFolder)
}

function markPersisted(
  { store }: CommitOptions,
  { files, unpersisted }: Commit,
  stampOf: (name: string) => string | null,
): void {
  store?.database.transaction(() => {
    for (const { name, bytes, checksum } of files) {
      if (storeFileOf(name)?.role === 'graph-store') continue
      store.addFile(name)
      store
        .statement('UPDATE files SET stamp = ?, bytes = ?, checksum = ? WHERE name = ?')
        .run(stampOf(name), bytes, checksum, name)
    }
    // Notes of a change that came after the files were written stay: what they say twice does no harm.
    if (store.unpersisted !== unpersisted) return
    store.statement('DELETE FROM changed').run()
    store.setMeta('unpersisted', null)
  })()
}
