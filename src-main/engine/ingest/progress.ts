/** The progress of an ingestion: counted by the pipeline, told a few times a second, with a speed and the time left. */
import type { JobProgress } from '#contract'

/** The speed is that of the last seconds, so that it follows what is going on. */
const speedWindowMs = 8_000
/** The time left needs some work to be judged by. */
const firstEstimateMs = 3_000
const leastShareDone = 0.005

type Counts = Omit<JobProgress, 'nodesPerSecond' | 'secondsLeft'>

export interface IngestProgressOptions {
  readonly onProgress?: ((progress: JobProgress) => void) | undefined
  /** Milliseconds between reports. Default: 100. */
  readonly intervalMs?: number
  /** Milliseconds from any start. Default: `performance.now`. */
  readonly now?: () => number
}

export class IngestProgress {
  readonly #options: IngestProgressOptions
  readonly #now: () => number
  #counts: Counts = {
    phase: 'scanning',
    filesDone: 0,
    filesTotal: 0,
    bytesDone: 0,
    bytesTotal: 0,
    documents: 0,
    nodes: 0,
    failed: 0,
    skipped: 0,
    currentFile: null,
  }
  #lastReport = -Infinity
  #indexingSince = 0
  /** Bytes that were done without work: unchanged files. */
  #freeBytes = 0
  readonly #samples: { readonly at: number; readonly nodes: number }[] = []

  constructor(options: IngestProgressOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  get counts(): Counts {
    return this.#counts
  }

  update(change: Partial<Counts>): void {
    const isNewPhase = change.phase !== undefined && change.phase !== this.#counts.phase
    this.#counts = { ...this.#counts, ...change }
    if (isNewPhase && change.phase === 'indexing') this.#indexingSince = this.#now()
    if (change.nodes !== undefined) this.#sample()
    this.#report(isNewPhase)
  }

  /** Tells where things stand, however short ago that was last told. */
  reportNow(): void {
    this.#report(true)
  }

  /** Counts bytes that cost nothing, which say nothing about the time that the others take. */
  addFreeBytes(bytes: number): void {
    this.#freeBytes += bytes
    this.update({ bytesDone: this.#counts.bytesDone + bytes })
  }

  snapshot(): JobProgress {
    return { ...this.#counts, nodesPerSecond: this.#nodesPerSecond(), secondsLeft: this.#secondsLeft() }
  }

  #sample(): void {
    const at = this.#now()
    this.#samples.push({ at, nodes: this.#counts.nodes })
    // One sample from before the window stays, to measure from.
    while ((this.#samples[1]?.at ?? Infinity) < at - speedWindowMs) this.#samples.shift()
  }

  #nodesPerSecond(): number | null {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (!first || !last || last.nodes === first.nodes) return null
    return (last.nodes - first.nodes) / (Math.max(last.at - first.at, this.#now() - first.at) / 1000)
  }

  #secondsLeft(): number | null {
    const { bytesDone, bytesTotal, phase } = this.#counts
    if (phase !== 'indexing') return null
    const elapsed = this.#now() - this.#indexingSince
    const worked = bytesDone - this.#freeBytes
    if (elapsed < firstEstimateMs || worked <= 0 || worked < (bytesTotal - this.#freeBytes) * leastShareDone)
      return null
    return ((bytesTotal - bytesDone) * elapsed) / worked / 1000
  }

  #report(now: boolean): void {
    const { onProgress, intervalMs = 100 } = this.#options
    const at = this.#now()
    if (!onProgress || (!now && at - this.#lastReport < intervalMs)) return
    this.#lastReport = at
    onProgress(this.snapshot())
  }
}
