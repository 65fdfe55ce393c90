/**
 * Mends what can be mended in a storage folder, after copying its files into `.stackroom/backups`. Files that no program can
 * read are written anew first, as a set; then the folder is opened, its entries are mended in the working store, and the
 * JSON files are brought up to date as by any other change.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { StackroomError, type VerifyReport } from '#contract'
import { fileStamp } from '#platform/atomic-files.ts'
import { backUpFiles } from '../back-up-side.ts'
import { beginCommit, finishCommit, targetOf, temporaryOf, type CommittedFile } from '../commit-files.ts'
import { bothSidesChanged } from '../file-state.ts'
import { storeFilesIn } from '../llamaindex/store-files.ts'
import { OutputFile } from '../output-file.ts'
import { packedEnding } from '../packed-vectors.ts'
import { workingFile } from '../replace-working-store.ts'
import { StorageWriter } from '../storage-writer.ts'
import { openWorkingFolder } from '../working-folder.ts'
import { WorkingStore } from '../working-store.ts'
import { leftoversIn } from './find-leftovers.ts'
import { RepairActions } from './repair-actions.ts'
import { repairEntries } from './repair-entries.ts'
import { salvageFile } from './salvage-file.ts'
import { verifyFolder, type VerifiedFolder, type VerifyFolderOptions } from './verify-folder.ts'

/** Throws as verifying does, and `read-only`, `locked`, `both-sides-changed`, `missing-file`, `disk-full`. */
export async function repairFolder(options: VerifyFolderOptions): Promise<VerifyReport> {
  using found = await verifyFolder(options)
  const { report } = found
  const cannotBeRestored = [...found.facts.broken].some((name) => !found.restorable.has(name))
  if (report.counts['both-sides-changed'] || (!found.isPersisted && cannotBeRestored))
    throw bothSidesChanged()
  if (!report.problems.some(({ repairable }) => repairable))
    return { ...report, repair: { backup: null, actions: [] } }
  if (report.kind === 'llamaindex-ts')
    throw new StackroomError('unsupported-format', 'LlamaIndexTS wrote this folder: it is not repaired.', {
      hint: 'Index the documents into a new folder.',
    })
  const actions = new RepairActions()
  const backup = await prepare(options, found, actions)
  await mendEntries(options, report, actions)
  using after = await verifyFolder(options)
  return { ...after.report, repair: { backup, actions: actions.list } }
}

/** What has to be done before the folder can be opened, under its lock. Answers with the backup's path. */
async function prepare(
  { dataFolder }: VerifyFolderOptions,
  found: VerifiedFolder,
  actions: RepairActions,
): Promise<string> {
  const { persistDir, counts } = found.report
  const working = openWorkingFolder(persistDir, dataFolder)
  try {
    if (working.readOnly) throw working.readOnly
    const backup = await backUpFiles({ persistDir, workingFolder: working.path })
    if (counts['unfinished-persist']) actions.count('unfinished-persist')
    actions.count('leftover-file', counts['leftover-file'] ?? 0)
    for (const name of leftoversIn(working.path)) rmSync(join(working.path, name), { recursive: true })
    if (counts['working-store-damaged']) {
      setAside(working.path, join(backup, 'working-store'))
      actions.count('working-store-damaged')
    }
    rescueFiles(found, working.path, actions)
    return backup
  } finally {
    working.lock?.[Symbol.dispose]()
  }
}

/** It may have changes that the JSON files do not have. */
function setAside(workingFolder: string, target: string): void {
  mkdirSync(target, { recursive: true })
  const vectors = readdirSync(workingFolder).filter((name) => name.endsWith(packedEnding))
  for (const name of [...vectors, `${workingFile}-shm`, `${workingFile}-wal`, workingFile])
    if (existsSync(join(workingFolder, name))) renameSync(join(workingFolder, name), join(target, name))
}

/** Writes files that cannot be read anew, each from the working store or from what is left of it. */
function rescueFiles(found: VerifiedFolder, workingFolder: string, actions: RepairActions): void {
  const { persistDir, counts } = found.report
  const { restorable, facts } = found
  const files = storeFilesIn(persistDir).filter(({ name }) => facts.broken.has(name))
  // A file that is gone is written again from the working store, unless other files are to be read first.
  const canRestore = !counts['changed-by-another-program'] && files.every(({ name }) => restorable.has(name))
  const salvaged: CommittedFile[] = []
  for (const file of files) {
    if (canRestore) {
      rmSync(targetOf(persistDir, file.name))
      actions.tell(
        'damaged-file',
        1,
        `${file.name} was written again from the working store, which had all of it.`,
      )
      continue
    }
    using output = new OutputFile(temporaryOf(persistDir, file.name), targetOf(persistDir, file.name))
    const { kept, dropped } = salvageFile(join(persistDir, file.name), file, output)
    output.finish()
    const stamp = fileStamp(join(persistDir, file.name))
    const base = stamp === null ? null : { stamp, bytes: null, checksum: null }
    salvaged.push({ name: file.name, base, bytes: output.bytes, checksum: output.checksum })
    const lost = facts.complete.has(file.name)
      ? `${dropped} could not be read and are left out.`
      : `${dropped > 0 ? `${dropped} could not be read, and what` : 'What'} came after the damage is lost.`
    actions.tell('damaged-file', kept, `${kept} entries of ${file.name} were saved. ${lost}`)
  }
  if (salvaged.length === 0) return
  beginCommit(persistDir, workingFolder, { unpersisted: null, files: salvaged })
  finishCommit({ store: null, persistDir, workingFolder })
}

async function mendEntries(
  options: VerifyFolderOptions,
  { counts }: VerifyReport,
  actions: RepairActions,
): Promise<void> {
  const { persistDir, dataFolder, signal } = options
  // What the working store has and the JSON files lack belongs to what is looked at.
  await withWriter(options, (writer) => writer.persist(signal))
  if (counts['working-store-disagrees']) {
    readAnew(persistDir, dataFolder)
    actions.count('working-store-disagrees')
  }
  await withWriter(options, async (writer) => {
    using now = await verifyFolder(options)
    await writer.work((folder) => repairEntries(folder, now.facts, actions))
    await writer.persist(signal)
  })
}

async function withWriter(
  { persistDir, dataFolder, signal }: VerifyFolderOptions,
  work: (writer: StorageWriter) => Promise<void>,
): Promise<void> {
  const writer = await StorageWriter.open({ persistDir, dataFolder, settings: null }, signal)
  try {
    const { readOnly } = writer.opened
    if (readOnly) throw StackroomError.fromShape(readOnly)
    await work(writer)
  } finally {
    await writer.close()
  }
}

/** Makes the next opening compare every entry with the JSON files, as if another program had written them. */
function readAnew(persistDir: string, dataFolder: string): void {
  const working = openWorkingFolder(persistDir, dataFolder)
  try {
    if (working.readOnly) throw working.readOnly
    using store = new WorkingStore(join(working.path, workingFile), 'write')
    store.statement("UPDATE files SET stamp = 'unknown', checksum = -1 WHERE stamp IS NOT NULL").run()
  } finally {
    working.lock?.[Symbol.dispose]()
  }
}
