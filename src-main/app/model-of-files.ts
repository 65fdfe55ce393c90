/**
 * The verdict on a folder's model for whoever verifies the folder: of its JSON files as other programs see them, and
 * without writing anything there.
 */
import { copyFile, link, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StackroomError, type FolderProblem, type ModelCheck, type VerifyReport } from '#contract'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { settingsFile } from '#engine/storage/stackroom-settings-file.ts'
import type { ModelChecks } from './model-checks.ts'
import { realPath } from './open-folders.ts'

/** Throws what opening the folder throws. */
export async function modelVerdictOf(
  checks: ModelChecks,
  persistDir: string,
  signal?: AbortSignal,
): Promise<ModelCheck> {
  const real = await realPath(persistDir)
  const temporary = await mkdtemp(join(tmpdir(), 'stackroom-check-'))
  try {
    for (const entry of await readdir(real, { withFileTypes: true }))
      if (!entry.isDirectory()) await bringHere(join(real, entry.name), join(temporary, entry.name))
    const folder = await openStorageFolder({ persistDir: temporary, dataFolder: temporary, signal })
    try {
      // verdicts and consents are the folder's own
      return await checks.check({ ...folder, persistDir: real }, { signal })
    } finally {
      await folder.close()
    }
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** Not every system lets everybody make links. */
async function bringHere(from: string, to: string): Promise<void> {
  await symlink(from, to)
    .catch(() => link(from, to))
    .catch(() => copyFile(from, to))
}

/**
 * The report with the model in it. Where the files are too damaged to be opened (`check` throws), that is what the report
 * is about.
 */
export async function withModelVerdict(
  report: VerifyReport,
  check: () => Promise<ModelCheck>,
  signal?: AbortSignal,
): Promise<VerifyReport> {
  // A Chroma folder has a model for each collection.
  if (report.kind === 'chroma') return report
  let found: ModelCheck
  try {
    found = await check()
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof StackroomError)) throw error
    return report
  }
  const { model, recorded, verdict, reason, score, error } = found
  const withModel = { ...report, model: { id: model, recorded, verdict, reason, score } }
  if (verdict !== 'wrong-model' || !error) return withModel
  const problem: FolderProblem = {
    // without a record nobody claimed that it was this model
    severity: recorded ? 'error' : 'note',
    code: 'wrong-model',
    message: error.message,
    file: recorded ? settingsFile : null,
    section: null,
    key: null,
    offset: null,
    repairable: false,
  }
  return {
    ...withModel,
    ok: report.ok && !recorded,
    errors: report.errors + (recorded ? 1 : 0),
    notes: report.notes + (recorded ? 0 : 1),
    problems: recorded ? [problem, ...report.problems] : [...report.problems, problem],
    counts: { ...report.counts, 'wrong-model': 1 },
  }
}
