/**
 * Kills a process that works on a storage folder, and looks at what is left: as plain JSON, with the engine, and where it is
 * given with Python. The folder must be as it was before the operation under way, or as it should be after it.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { randomFrom } from '../random-from.ts'
import {
  dimensionsOf,
  documentOf,
  emptyIndex,
  fullPlan,
  newVectorOf,
  randomPlan,
  vectorsIn,
  type Index,
  type MakePlan,
  type Plan,
  type Start,
} from './plan.ts'
import { expectedContents, files, isSame, readFolder, type Contents } from './read-folder.ts'

const here = import.meta.dirname
const pythonFolder = resolve(here, '../fixtures/python-storage/storage')

/** A folder that is tortured, and what Python put into it before. */
export interface Victim {
  readonly persistDir: string
  readonly dataFolder: string
  readonly base: Contents | null
}

export type LookWithPython = (persistDir: string) => Promise<Contents>

export interface Kill {
  /** After the process has begun. */
  readonly afterMs?: number
  /** Just before this step of the writer's file system calls, from 1. */
  readonly step?: number
}

export interface Ending {
  /** Operations that were finished, and whether one more was begun. */
  readonly done: number
  readonly begun: boolean
  readonly killed: boolean
  readonly ms: number
}

export interface RoundReport {
  /** What the process was doing when it was killed. */
  readonly phase: string
  readonly found: 'before' | 'after' | 'between operations'
  /** Killed between two renames: `commit.json` told so, and the engine put the rest in place. */
  readonly torn: boolean
}

export async function makeVictim(
  folder: string,
  kind: 'new' | 'python',
): Promise<{ victim: Victim; start: Start }> {
  const home = await mkdtemp(join(folder, `${kind}-`))
  const persistDir = join(home, 'storage “1”')
  const dataFolder = join(home, 'data')
  await mkdir(dataFolder)
  if (kind === 'new')
    return { victim: { persistDir, dataFolder, base: null }, start: { state: null, persisted: null } }
  await cp(pythonFolder, persistDir, { recursive: true })
  const base = readFolder(persistDir)
  return { victim: { persistDir, dataFolder, base }, start: { state: emptyIndex, persisted: emptyIndex } }
}

export function runChild(
  victim: Pick<Victim, 'persistDir' | 'dataFolder'>,
  plan: Pick<Plan, 'operations'>,
  kill: Kill,
  log = join(victim.dataFolder, 'steps'),
): Promise<Ending> {
  const preload = kill.afterMs === undefined ? ['--import', join(here, 'kill-at-step.mjs')] : []
  const planPath = join(victim.dataFolder, 'plan.json')
  return writeFile(planPath, JSON.stringify(plan.operations)).then(
    () =>
      new Promise<Ending>((done, fail) => {
        const child = spawn(
          process.execPath,
          [...preload, join(here, 'child.ts'), victim.persistDir, victim.dataFolder, planPath],
          {
            stdio: ['ignore', 'pipe', 'pipe'],
            env: {
              ...process.env,
              NODE_OPTIONS: '',
              TORTURE_STEP: String(kill.step ?? 0),
              TORTURE_LOG: log,
            },
          },
        )
        let output = ''
        let errors = ''
        let started = 0
        let timer: NodeJS.Timeout | undefined
        child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
        child.stdout.on('data', (data: Buffer) => {
          output += data.toString()
          if (started > 0 || !output.includes('start\n')) return
          started = performance.now()
          if (kill.afterMs !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), kill.afterMs)
        })
        child.on('error', fail)
        child.on('close', (code, signal) => {
          clearTimeout(timer)
          if (signal !== 'SIGKILL' && code !== 0) fail(new Error(`The tortured process failed: ${errors}`))
          const count = (word: string): number => output.split(`${word} `).length - 1
          done({
            done: count('done'),
            begun: count('intent') > count('done'),
            killed: signal === 'SIGKILL',
            ms: performance.now() - started,
          })
        })
      }),
  )
}

/** Throws an Error that says what is wrong with the folder. Answers with the state from which to go on. */
export async function examine(
  victim: Victim,
  plan: Plan,
  ending: Ending,
  python: LookWithPython | null,
): Promise<{ report: RoundReport; next: Start }> {
  const { persistDir } = victim
  const before = ending.done
  const after = ending.begun ? before + 1 : before
  const operation = ending.begun ? plan.operations[before] : undefined
  const phase = !ending.killed ? 'not killed' : (operation?.kind ?? 'between operations')
  const persisted = [plan.persisted[before]!, plan.persisted[after]!].map((state) =>
    expectedContents(victim.base, state),
  )
  const torn = requireOneOf(persistDir, persisted, 'right after the kill')

  if (!existsSync(persistDir) || isWithoutIndex(persistDir)) {
    if (plan.states[before] !== null) throw new Error('The index is gone.')
    return { report: { phase, found: 'before', torn }, next: { state: null, persisted: null } }
  }
  await using storage = await openStorageFolder({ persistDir, dataFolder: victim.dataFolder })
  if (requireOneOf(persistDir, persisted, 'after opening'))
    throw new Error('The files are still torn after opening.')
  requireNoLeftovers(persistDir)
  const candidates = [plan.states[before] ?? emptyIndex, plan.states[after] ?? emptyIndex] as const
  const state = await stateOf(storage, candidates)
  await requireSearchable(storage, state, victim.base)
  const summary = await storage.summary()
  if (summary.conflict || summary.changedOutside || summary.warnings.length > 0)
    throw new Error(`The summary says: ${JSON.stringify(summary)}`)
  if (summary.settings === null && victim.base === null) throw new Error('The settings are gone.')
  const model = summary.settings?.embedModel?.revision ?? '0'
  if (model !== String(state.generation))
    throw new Error(`stackroom.json names model ${model} for vectors of model ${state.generation}.`)
  await storage.persist()
  const expected = expectedContents(victim.base, state)
  if (!isSame(readFolder(persistDir), expected))
    throw new Error('After a persist the files are not what was committed.')
  if (python && !isSame(await python(persistDir), expected))
    throw new Error('Python sees something else in the folder.')
  const isSameAsBefore = state === candidates[0]
  return {
    report: {
      phase,
      found:
        !ending.begun || candidates[0] === candidates[1]
          ? 'between operations'
          : isSameAsBefore
            ? 'before'
            : 'after',
      torn,
    },
    next: { state, persisted: state },
  }
}

/** Whether the files are a set of which some are old and some new, as `commit.json` must tell then. */
function requireOneOf(persistDir: string, allowed: readonly Contents[], when: string): boolean {
  const found = readFolder(persistDir)
  if (allowed.some((contents) => isSame(found, contents))) return false
  const isTorn = files.every((file) =>
    allowed.some((contents) => isSame({ [file]: found[file] }, { [file]: contents[file] })),
  )
  if (isTorn && existsSync(join(persistDir, '.stackroom/commit.json'))) return true
  throw new Error(`The JSON files ${when} are neither those before nor those after.`)
}

function isWithoutIndex(persistDir: string): boolean {
  const names = readdirSync(persistDir)
  return (
    names.every((name) => name === '.stackroom') && !existsSync(join(persistDir, '.stackroom/working.sqlite'))
  )
}

function requireNoLeftovers(persistDir: string): void {
  const names = [...readdirSync(persistDir), ...readdirSync(join(persistDir, '.stackroom'))]
  const leftovers = names.filter((name) => /stackroom-new|\.new$|commit\.json|set-aside/.test(name))
  if (leftovers.length > 0) throw new Error(`Left behind: ${leftovers.join(', ')}`)
}

async function stateOf(storage: StorageFolder, candidates: readonly [Index, Index]): Promise<Index> {
  const nodesOf = ({ documents }: Index): [string, string][] =>
    [...documents.values()].flatMap((planned) =>
      documentOf(planned).nodes.map(({ node }): [string, string] => [node.id_, node.text]),
    )
  const ids = [...new Set(candidates.flatMap(nodesOf).map(([id]) => id))]
  const found = new Map((await storage.nodes(ids)).map(({ nodeId, text }) => [nodeId, text]))
  const { vectors, dimensions } = await storage.summary()
  const old = (await storage.replacement.oldVectors())?.dimensions ?? null
  const state = candidates.find((candidate) => {
    const expected = nodesOf(candidate)
    return (
      expected.length === found.size &&
      expected.every(([id, text]) => found.get(id) === text) &&
      (vectors === 0 || dimensions === dimensionsOf(candidate.generation)) &&
      old === (candidate.old === null ? null : dimensionsOf(candidate.old))
    )
  })
  if (state) return state
  throw new Error(
    `The working store has ${found.size} nodes, vectors of ${dimensions} dimensions and old ones of ${old}: neither state.`,
  )
}

async function requireSearchable(storage: StorageFolder, state: Index, base: Contents | null): Promise<void> {
  const requireFound = async (nodeId: string, vector: Float32Array): Promise<void> => {
    const [hit] = await storage.query(vector, 1)
    if (hit?.nodeId !== nodeId || Math.abs(hit.score - 1) > 1e-5)
      throw new Error(`A search for ${nodeId} finds ${JSON.stringify(hit)}.`)
  }
  for (const planned of state.documents.values()) {
    const { document, nodes } = documentOf(planned)
    const vectors = vectorsIn(state, planned)
    const [hash] = await storage.documentHashes([document.id])
    if (hash !== document.hash) throw new Error(`The hash of ${document.id} is ${hash}.`)
    for (const [index, { node }] of nodes.entries()) await requireFound(node.id_, vectors[index]!)
  }
  if (state.generation === 0) return
  for (const nodeId of Object.keys(base?.['default__vector_store.json']?.['embedding_dict'] ?? {}))
    await requireFound(nodeId, newVectorOf(nodeId, state.generation))
}

export interface TortureOptions {
  readonly rounds: number
  readonly seed: number
  readonly python?: LookWithPython | null
  readonly onRound?: (round: number, report: RoundReport) => void
}

/** Kills at random moments, going on with what each kill left. */
export async function tortureAtRandom({
  rounds,
  seed,
  python = null,
  onRound,
}: TortureOptions): Promise<RoundReport[]> {
  const random = randomFrom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-torture-'))
  const reports: RoundReport[] = []
  // Of a run that is left alone; then learnt from those that end before they are killed.
  let duration = await durationOfRun(folder)
  try {
    let current = await makeVictim(folder, 'new')
    for (let round = 0; round < rounds; round++) {
      if (round % 5 === 0) {
        await rm(resolve(current.victim.dataFolder, '..'), { recursive: true, force: true })
        current = await makeVictim(folder, round % 10 === 0 ? 'new' : 'python')
      }
      const { victim, start } = current
      const plan = randomPlan(start, 5 + Math.floor(random() * 8), random)
      const ending = await runChild(victim, plan, { afterMs: random() * duration })
      if (!ending.killed) duration = Math.max(300, duration * 0.8)
      else if (ending.done < 2) duration = Math.min(20_000, duration * 1.1)
      try {
        const { report, next } = await examine(victim, plan, ending, python)
        reports.push(report)
        onRound?.(round, report)
        current = { victim, start: next }
      } catch (error) {
        throw new Error(
          `Round ${round} with seed ${seed}: ${error instanceof Error ? error.message : String(error)}`,
          {
            cause: error,
          },
        )
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return reports
}

async function durationOfRun(folder: string): Promise<number> {
  const { victim, start } = await makeVictim(folder, 'new')
  const { ms } = await runChild(victim, randomPlan(start, 9, randomFrom(1)), {})
  return ms
}

export type StepCall = readonly [call: string, path: string]

/** The writer's calls of the file system while it does everything once: each is a moment at which it can be killed. */
export async function stepsOf(kind: 'new' | 'python', makePlan: MakePlan = fullPlan): Promise<StepCall[]> {
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-torture-'))
  try {
    const { victim, start } = await makeVictim(folder, kind)
    const log = join(folder, 'steps')
    const plan = makePlan(start)
    const ending = await runChild(victim, plan, {}, log)
    await examine(victim, plan, ending, null)
    return readSteps(log)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export function readSteps(log: string): StepCall[] {
  return readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as [string, string])
}

/** Of each kind of step that changes something the last one, by what it is; counted from 1. */
export function kindsOf(steps: readonly StepCall[]): Map<string, number> {
  return new Map(
    steps.flatMap(([call, path], index) =>
      ['write', 'rename', 'remove', 'copy', 'link'].includes(call)
        ? [[`${call} ${withoutIds(path)}`, index + 1]]
        : [],
    ),
  )
}

function withoutIds(path: string): string {
  const target = path.split(' → ').at(-1)!
  return target.slice(target.lastIndexOf('/') + 1).replace(/[0-9a-f-]{36}|20\d\d-.*Z/, '')
}

/** Kills just before one step, or in the middle of it when it is a write. */
export async function tortureAtStep(
  kind: 'new' | 'python',
  step: number,
  { python = null, makePlan = fullPlan }: { python?: LookWithPython | null; makePlan?: MakePlan } = {},
): Promise<RoundReport> {
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-torture-'))
  try {
    const { victim, start } = await makeVictim(folder, kind)
    const plan = makePlan(start)
    const ending = await runChild(victim, plan, { step })
    if (!ending.killed) throw new Error(`The process did not come to step ${step}.`)
    const { report, next } = await examine(victim, plan, ending, python)
    // What is left can be worked on.
    await rm(join(victim.dataFolder, 'steps'))
    const again = randomPlan(next, 4, randomFrom(step))
    await examine(victim, again, await runChild(victim, again, {}), python)
    return report
  } catch (error) {
    throw new Error(`Step ${step} (${kind}): ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
