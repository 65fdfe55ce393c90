/**
 * Reads everything in a storage folder and says what is inconsistent, and where. It writes nothing there, takes no lock,
 * and needs nothing to be whole: it runs on folders that cannot be opened, and on those that a process has open.
 */
import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { StackroomError, type VerifyReport } from '#contract'
import { isLocked } from '#platform/folder-lock.ts'
import { detectFolderKind } from '../detect-folder-kind.ts'
import { storeFilesIn } from '../llamaindex/store-files.ts'
import { readSettings, settingsFile } from '../stackroom-settings-file.ts'
import { workingFolderOf } from './working-folder-of.ts'
import type { CheckContext } from './check-context.ts'
import { checkDocuments } from './check-documents.ts'
import { checkDuplicates } from './check-duplicates.ts'
import { checkRelationships } from './check-relationships.ts'
import { checkIndexes, checkVectors } from './check-vectors.ts'
import { Facts } from './facts.ts'
import { findLeftovers } from './find-leftovers.ts'
import { ProblemList } from './problem-list.ts'
import { readStoreFiles } from './read-store-files.ts'
import { WorkingStoreCheck } from './working-store-check.ts'

export interface VerifyFolderOptions {
  readonly persistDir: string
  readonly dataFolder: string
  readonly signal: AbortSignal
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void
}

/** What was found, and the facts it was found by: whoever asked disposes of them. */
export interface VerifiedFolder extends Disposable {
  readonly report: VerifyReport
  readonly facts: Facts
  readonly workingFolder: string
  /** Damaged files that the working store has as a whole. */
  readonly restorable: ReadonlySet<string>
  readonly isPersisted: boolean
}

/** Throws `path-missing`, `not-a-storage-folder`, `unsupported-format`, `permission-denied`, `cancelled`. */
export async function verifyFolder(options: VerifyFolderOptions): Promise<VerifiedFolder> {
  const started = performance.now()
  const { dataFolder, signal, onProgress = () => undefined } = options
  const kind = await detectFolderKind(options.persistDir)
  requireStorageFolder(options.persistDir, kind)
  const persistDir = realpathSync(options.persistDir)
  const workingFolder = workingFolderOf(persistDir, dataFolder)
  const problems = new ProblemList()
  const facts = new Facts()
  try {
    const locked = isLocked(workingFolder)
    mkdirSync(dataFolder, { recursive: true })
    using workingStore = WorkingStoreCheck.open({
      persistDir,
      workingFolder,
      copyTo: dataFolder,
      isLocked: locked,
      facts,
      problems,
    })
    await readStoreFiles({ persistDir, facts, problems, workingStore, signal, onProgress })
    facts.finish()
    const context = contextOf(persistDir, facts, problems)
    checkFiles(context, persistDir, workingStore)
    for (const check of [checkDuplicates, checkVectors, checkIndexes, checkRelationships, checkDocuments]) {
      check(context)
      signal.throwIfAborted()
    }
    workingStore?.finish()
    if (!locked) findLeftovers({ persistDir, workingFolder, problems })
    const read = {
      documents: facts.number('SELECT count(*) FROM documents'),
      nodes: facts.number('SELECT count(*) FROM nodes'),
      vectors: facts.number('SELECT count(*) FROM vectors'),
    }
    const errors = problems.count('error')
    const report: VerifyReport = {
      persistDir,
      kind,
      ok: errors === 0,
      errors,
      warnings: problems.count('warning'),
      notes: problems.count('note'),
      ...(facts.sections.length === 0 && workingStore ? workingStore.counts() : read),
      problems: problems.list,
      counts: problems.counts,
      truncated: problems.isTruncated,
      repair: null,
      seconds: (performance.now() - started) / 1000,
    }
    return {
      report,
      facts,
      workingFolder,
      restorable: workingStore?.restorable ?? new Set(),
      isPersisted: workingStore?.isPersisted ?? true,
      [Symbol.dispose]: () => facts[Symbol.dispose](),
    }
  } catch (error) {
    facts[Symbol.dispose]()
    throw error
  }
}

function requireStorageFolder(persistDir: string, kind: VerifyReport['kind']): void {
  if (kind === 'missing')
    throw new StackroomError('path-missing', `There is no folder at ${persistDir}.`, {
      hint: 'It may have been moved or deleted, or its drive is not connected.',
    })
  if (kind === 'files' || kind === 'empty')
    throw new StackroomError('not-a-storage-folder', `${persistDir} is not a storage folder.`, {
      hint: 'A storage folder has docstore.json in it.',
    })
}

function contextOf(persistDir: string, facts: Facts, problems: ProblemList): CheckContext {
  const files = storeFilesIn(persistDir)
  const isComplete = (role: string): boolean => {
    const ofRole = files.filter((file) => file.role === role)
    return ofRole.length > 0 && ofRole.every(({ name }) => facts.complete.has(name))
  }
  return {
    facts,
    problems,
    hasDocstore: isComplete('docstore'),
    hasIndexStore: isComplete('index-store'),
    hasVectors: files.every(({ name, role }) => role !== 'vector-store' || facts.complete.has(name)),
    isSimpleStore: isSimple(persistDir, problems),
  }
}

function isSimple(persistDir: string, problems: ProblemList): boolean {
  try {
    const settings = readSettings(persistDir)
    return settings === null || settings.vectorStore.kind === 'simple'
  } catch (error) {
    if (!(error instanceof StackroomError)) throw error
    problems.add({ code: 'damaged-file', message: error.message, file: settingsFile, repairable: false })
    return true
  }
}

/** Python loads a storage context only with these. */
function checkFiles(
  { problems }: CheckContext,
  persistDir: string,
  workingStore: WorkingStoreCheck | null,
): void {
  const present = storeFilesIn(persistDir)
  // Nothing was persisted yet: the working store has it all.
  if (present.length === 0 && workingStore && !workingStore.isPersisted) return
  for (const [role, name] of [
    ['docstore', 'docstore.json'],
    ['index-store', 'index_store.json'],
  ] as const) {
    if (present.some((file) => file.role === role) || existsSync(join(persistDir, name))) continue
    problems.add({
      code: 'missing-file',
      message: `${name} is missing: Python cannot load this folder.`,
      file: name,
      repairable: false,
    })
  }
}
