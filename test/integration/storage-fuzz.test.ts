/**
 * Thousands of damaged storage folders: each is opened, read, changed and persisted, or refused with a sentence that names
 * file and place; nothing hangs, and what was not changed keeps its bytes. One case alone, its folder kept:
 * `STORAGE_FUZZ_SEED=1 STORAGE_FUZZ_CASE=42 npx vitest run test/integration/storage-fuzz.test.ts`; more of them:
 * `STORAGE_FUZZ_CASES=100000` and another seed.
 */
import { rmSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepCompiled } from './keep-compiled.ts'
import type { FuzzCase, FuzzResult } from './storage-fuzz-case.ts'

const seed = Number(process.env.STORAGE_FUZZ_SEED ?? 1)
const only = process.env.STORAGE_FUZZ_CASE
const first = only === undefined ? 0 : Number(only)
const cases = only === undefined ? Number(process.env.STORAGE_FUZZ_CASES ?? 5000) : 1
const casesInThreads = 200
/** What a thread may need for a folder of a few kilobytes. */
const megabytes = 300
/** Each step is given ten seconds of computing; this is for a thread that does not answer any more, on a busy machine. */
const longest = 60_000

let compiled: AsyncDisposable
beforeAll(async () => {
  compiled = await keepCompiled()
})
afterAll(() => compiled[Symbol.asyncDispose]())

/** A thread that takes one case after the other; a case that takes too long, or ends the thread, is a fault of its own. */
class FuzzThread {
  #worker: Worker | null = null
  #folder = ''

  async run(fuzzCase: FuzzCase): Promise<FuzzResult> {
    const { number } = fuzzCase
    this.#worker ??= await this.#start()
    const worker = this.#worker
    return new Promise((resolve) => {
      const fail = (fault: string): void => {
        this.#worker = null
        settle()
        void worker.terminate().then(() => {
          rmSync(this.#folder, { recursive: true, force: true })
          resolve({ number, changes: [], outcome: 'a bug', faults: [fault], milliseconds: 0 })
        })
      }
      const timer = setTimeout(() => fail(`nothing for ${longest} ms`), longest)
      const onResult = (result: FuzzResult): void => {
        settle()
        resolve(result)
      }
      const onError = (error: unknown): void => fail(`the thread ended: ${String(error)}`)
      const settle = (): void => {
        clearTimeout(timer)
        worker.off('message', onResult).off('error', onError)
      }
      worker.on('message', onResult).on('error', onError)
      worker.postMessage(fuzzCase)
    })
  }

  async #start(): Promise<Worker> {
    const worker = new Worker(new URL('./storage-fuzz-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: megabytes },
    })
    this.#folder = await new Promise<string>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject)
    })
    return worker
  }

  /** The folder stays when it is told where it is. */
  async end(keep: boolean): Promise<void> {
    if (keep) console.log(`The folder of the case is ${this.#folder}/case`)
    const worker = this.#worker
    if (worker) await worker.terminate()
    if (!keep) rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function fuzz(cases: readonly FuzzCase[], threadCount: number, keep: boolean): Promise<string[]> {
  const outcomes = new Map<string, number>()
  const faults: string[] = []
  const waiting = cases.values()
  const threads = Array.from({ length: threadCount }, () => new FuzzThread())
  await Promise.all(
    threads.map(async (thread) => {
      for (const fuzzCase of waiting) {
        const result = await thread.run(fuzzCase)
        outcomes.set(result.outcome, (outcomes.get(result.outcome) ?? 0) + 1)
        for (const fault of result.faults)
          faults.push(
            `STORAGE_FUZZ_SEED=${seed} STORAGE_FUZZ_CASE=${result.number} (${result.changes.join('; ')}): ${fault}`,
          )
      }
      await thread.end(keep)
    }),
  )
  const counts = [...outcomes]
    .sort(([, one], [, other]) => other - one)
    .map(([outcome, count]) => `${count} ${outcome}`)
  console.log(`Seed ${seed}: ${counts.join(', ')}`)
  expect(faults).toEqual([])
  return [...outcomes.keys()]
}

function casesFrom(start: number, count: number, inThreads: boolean): FuzzCase[] {
  return Array.from({ length: count }, (_, index) => ({ seed, number: start + index, inThreads }))
}

test(
  `${cases} damaged folders (seed ${seed}) are worked with, or refused with file and place`,
  { timeout: Math.max(600_000, cases * 300) },
  async () => {
    const outcomes = await fuzz(
      casesFrom(first, cases, false),
      only === undefined ? 3 : 1,
      only !== undefined,
    )
    // The damage must be neither so small that all of it is worked with, nor so great that nothing is.
    if (only === undefined)
      expect(outcomes).toEqual(
        expect.arrayContaining(['worked', 'damaged-file', 'unsupported-format', 'missing-file']),
      )
  },
)

test.runIf(only === undefined)(
  `${casesInThreads} more are opened as the app opens them, each with two threads of its own`,
  { timeout: 600_000 },
  async () => {
    const outcomes = await fuzz(casesFrom(cases, casesInThreads, true), 2, false)
    expect(outcomes).toEqual(expect.arrayContaining(['worked', 'damaged-file']))
  },
)
