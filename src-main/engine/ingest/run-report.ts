/** What a run did with each file: counted here, kept in the working store a batch at a time. */
import { isCancelled, toErrorShape, type FailedFile, type FileState, type ReportedFile } from '#contract'
import type { ManifestEntry, StorageChange, StorageFolder } from '#engine/storage/storage-folder.ts'

/** Rows that wait to be kept: they go with a batch of nodes, or by themselves when there are many. */
const mostWaiting = 2000

export type ReportStorage = Pick<StorageFolder, 'change' | 'ingestion'>

export class RunReport {
  readonly counts: Record<FileState, number> = {
    added: 0,
    changed: 0,
    moved: 0,
    removed: 0,
    missing: 0,
    unchanged: 0,
    skipped: 0,
    failed: 0,
  }
  readonly failed: FailedFile[] = []
  readonly #storage: ReportStorage
  readonly #onFailure: ((path: string, error: unknown) => void) | undefined
  #rows: ReportedFile[] = []
  #entries: ManifestEntry[] = []

  constructor(storage: ReportStorage, onFailure?: (path: string, error: unknown) => void) {
    this.#storage = storage
    this.#onFailure = onFailure
  }

  /** @param entry goes into the manifest together with the row */
  add(path: string, state: FileState, details: Partial<ReportedFile> = {}, entry?: ManifestEntry): void {
    this.counts[state]++
    this.#rows.push({ path, state, code: null, message: null, from: null, ...details })
    if (entry) this.#entries.push(entry)
  }

  /** Throws what is no failure of the file: that the work was cancelled. */
  addFailure(
    path: string,
    error: unknown,
    entryOf?: (failure: FailedFile) => ManifestEntry | undefined,
  ): void {
    if (isCancelled(error)) throw error
    const { code, message } = toErrorShape(error)
    const failure = { path, code, message }
    this.failed.push(failure)
    this.add(path, 'failed', { code, message }, entryOf?.(failure))
    this.#onFailure?.(path, error)
  }

  /** Takes the rows that wait, for a change that is about to be made. */
  take(): Required<Pick<StorageChange, 'report' | 'manifest'>> {
    const taken = { report: this.#rows, manifest: this.#entries }
    this.#rows = []
    this.#entries = []
    return taken
  }

  /** Keeps the rows that wait when there are many, or whatever there is. */
  async flush(atLeast = 1): Promise<void> {
    if (this.#rows.length < atLeast) return
    await this.#storage.change(this.take())
  }

  flushMany(): Promise<void> {
    return this.flush(mostWaiting)
  }
}
