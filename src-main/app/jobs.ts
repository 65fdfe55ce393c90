/** Long work: one job at a time for each folder, several folders side by side; told of by events, ten a second at most. */
import { randomUUID } from 'node:crypto'
import {
  isCancelled,
  StackroomError,
  toErrorShape,
  type Emit,
  type IngestReport,
  type Job,
  type JobProgress,
} from '#contract'
import type { PauseGate } from '#engine/ingest/pause-gate.ts'
import type { Log } from '#platform/log.ts'

export interface JobResult {
  readonly report: IngestReport
  /** Set when the work was done but came to nothing. */
  readonly error: StackroomError | null
}

export interface JobWork {
  readonly kind: Job['kind']
  readonly knowledgeBaseId: string
  readonly title: string
  /** Default: `asked`. */
  readonly origin?: Job['origin']
  /** Jobs with the same queue run one after the other. */
  readonly queue: string
  /** Of work that can be held up. */
  readonly pause?: PauseGate | undefined
  readonly run: (signal: AbortSignal, onProgress: (progress: JobProgress) => void) => Promise<JobResult>
}

const eventIntervalMs = 100
/** Failed files that a job's report names: it is sent with every event. */
const failedFilesInReport = 1000

const quitting = new StackroomError('cancelled', 'The app was closed.')

/** Whether work was cancelled because the app ends, and not because somebody wanted it to stop. */
export function isQuitting(reason: unknown): boolean {
  return reason === quitting
}

const nothingYet: JobProgress = {
  phase: 'scanning',
  filesDone: 0,
  filesTotal: 0,
  bytesDone: 0,
  bytesTotal: 0,
  documents: 0,
  nodes: 0,
  failed: 0,
  skipped: 0,
  nodesPerSecond: null,
  secondsLeft: null,
  currentFile: null,
}

interface Entry {
  job: Job
  readonly controller: AbortController
  readonly queue: string
  readonly pause: PauseGate | undefined
  lastEvent: number
  timer: NodeJS.Timeout | undefined
  isRunning: boolean
  ended: Promise<void>
}

export class Jobs {
  readonly #entries = new Map<string, Entry>()
  readonly #emit: Emit
  readonly #log: Log

  constructor(emit: Emit, log: Log) {
    this.#emit = emit
    this.#log = log
  }

  start(work: JobWork): Job {
    const before = this.#activeIn(work.queue)
    const job: Job = {
      id: randomUUID(),
      kind: work.kind,
      knowledgeBaseId: work.knowledgeBaseId,
      title: work.title,
      state: 'queued',
      origin: work.origin ?? 'asked',
      startedAt: new Date().toISOString(),
      finishedAt: null,
      progress: nothingYet,
      report: null,
      error: null,
    }
    const entry: Entry = {
      job,
      controller: new AbortController(),
      queue: work.queue,
      pause: work.pause,
      lastEvent: 0,
      timer: undefined,
      isRunning: false,
      ended: Promise.resolve(),
    }
    this.#entries.set(job.id, entry)
    this.#emit('jobs.changed', job)
    entry.ended = this.#run(entry, work, Promise.all(before.map(({ ended }) => ended)))
    return job
  }

  list(): Job[] {
    return [...this.#entries.values()].map(({ job }) => job)
  }

  get(jobId: string): Job {
    return this.#get(jobId).job
  }

  /** Says whether it is held up now: work that has ended is not. Throws `wrong-usage` for work that cannot be. */
  pause(jobId: string): boolean {
    const entry = this.#get(jobId)
    if (!entry.pause) throw new StackroomError('wrong-usage', 'This work cannot be paused, only cancelled.')
    if (!isActive(entry.job) || entry.job.state === 'cancelling') return false
    entry.pause.pause()
    const progress = { ...entry.job.progress, nodesPerSecond: null, secondsLeft: null }
    this.#change(entry, { state: 'paused', progress })
    return true
  }

  resume(jobId: string): boolean {
    const entry = this.#get(jobId)
    if (entry.job.state !== 'paused') return false
    entry.pause?.resume()
    this.#change(entry, { state: entry.isRunning ? 'running' : 'queued' })
    return true
  }

  cancel(jobId: string, reason = new StackroomError('cancelled', 'The work was cancelled.')): void {
    const entry = this.#get(jobId)
    if (!isActive(entry.job)) return
    this.#change(entry, { state: 'cancelling' })
    entry.controller.abort(reason)
  }

  dismiss(jobId: string): void {
    const entry = this.#get(jobId)
    if (isActive(entry.job))
      throw new StackroomError('busy', 'This work is still going on.', { hint: 'Cancel it first.' })
    this.#entries.delete(jobId)
    this.#emit('jobs.dismissed', { jobId })
  }

  isBusy(queue: string): boolean {
    return this.#activeIn(queue).length > 0
  }

  /** Throws `busy` while anything is under way in the queue. */
  requireIdle(queue: string): void {
    if (this.isBusy(queue))
      throw new StackroomError('busy', 'Files are being indexed into this knowledge base.', {
        hint: 'Cancel that first, or wait until it is done.',
      })
  }

  /** Resolves when nothing is under way in the queue. */
  async idle(queue: string): Promise<void> {
    for (;;) {
      const active = this.#activeIn(queue)
      if (active.length === 0) return
      await Promise.all(active.map(({ ended }) => ended))
    }
  }

  /** Cancels everything and waits until what was committed is kept. */
  async close(): Promise<void> {
    const entries = [...this.#entries.values()].filter(({ job }) => isActive(job))
    for (const { job } of entries) this.cancel(job.id, quitting)
    await Promise.all(entries.map(({ ended }) => ended))
  }

  async #run(entry: Entry, work: JobWork, before: Promise<unknown>): Promise<void> {
    const { signal } = entry.controller
    try {
      await before
      signal.throwIfAborted()
      entry.isRunning = true
      this.#change(entry, { state: entry.pause?.isPaused ? 'paused' : 'running' })
      const { report, error } = await work.run(signal, (progress) => this.#progress(entry, progress))
      const failed = report.failed.slice(0, failedFilesInReport)
      this.#end(entry, {
        state: error ? 'failed' : 'done',
        report: { ...report, failed },
        error: error?.toShape() ?? null,
      })
    } catch (error) {
      if (signal.aborted && (isCancelled(error) || error === signal.reason))
        return this.#end(entry, { state: 'cancelled' })
      const shape = toErrorShape(error)
      this.#log.error(`The job “${entry.job.title}” failed`, error)
      this.#end(entry, { state: 'failed', error: shape })
    }
  }

  #end(entry: Entry, change: Partial<Job>): void {
    const progress: JobProgress = {
      ...entry.job.progress,
      phase: 'done',
      currentFile: null,
      nodesPerSecond: null,
      secondsLeft: null,
    }
    this.#change(entry, { ...change, progress, finishedAt: new Date().toISOString() })
  }

  #progress(entry: Entry, progress: JobProgress): void {
    entry.job = { ...entry.job, progress }
    if (entry.timer) return
    const wait = entry.lastEvent + eventIntervalMs - performance.now()
    if (wait <= 0) this.#change(entry, {})
    else entry.timer = setTimeout(() => this.#change(entry, {}), wait)
  }

  #change(entry: Entry, change: Partial<Job>): void {
    clearTimeout(entry.timer)
    entry.timer = undefined
    entry.lastEvent = performance.now()
    entry.job = { ...entry.job, ...change }
    this.#emit('jobs.changed', entry.job)
  }

  #activeIn(queue: string): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.queue === queue && isActive(entry.job))
  }

  #get(jobId: string): Entry {
    const entry = this.#entries.get(jobId)
    if (entry) return entry
    throw new StackroomError('not-found', 'This work is not on the list any more.')
  }
}

function isActive({ state }: Job): boolean {
  return state === 'queued' || state === 'running' || state === 'paused' || state === 'cancelling'
}
