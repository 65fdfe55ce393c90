/** A process that works on a storage folder is killed: the folder is as it was before, or as it should be after. */
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tortureIndexing } from '../torture/indexing.ts'
import { randomFrom } from '../random-from.ts'
import { replacementPlan } from '../torture/plan.ts'
import { damages, makePatient, tortureRepair } from '../torture/repair.ts'
import {
  kindsOf,
  readSteps,
  runChild,
  stepsOf,
  tortureAtRandom,
  tortureAtStep,
  type StepCall,
} from '../torture/torture.ts'
import { keepCompiled } from './keep-compiled.ts'
import { insertOf, jsonFiles, TestFolder } from './storage-test-folder.ts'

/** Fixed, so that a failure can be repeated; `npm run torture` takes another one each time. */
const seed = 20261125

let compiled: AsyncDisposable
beforeAll(async () => {
  compiled = await keepCompiled()
})
afterAll(() => compiled[Symbol.asyncDispose]())

test('killed at random moments, a folder is as before or as after the operation, and nothing acknowledged is lost', async () => {
  const reports = await tortureAtRandom({ rounds: 30, seed })
  expect(reports).toHaveLength(30)
}, 900_000)

test('killed at random moments of indexing, there are whole documents only, and indexing again comes to the same', async () => {
  const reports = await tortureIndexing(5, seed)
  expect(reports).toHaveLength(5)
  expect(reports.some(({ killed }) => killed)).toBe(true)
}, 900_000)

test('killed at each kind of step of writing a folder, it is as before or as after', async () => {
  const steps = await stepsOf('python')
  const kinds = kindsOf(steps)
  expect([...kinds.keys()].join('\n')).toContain('rename commit.json')
  expect(kinds.size).toBeGreaterThanOrEqual(12)
  for (const step of kinds.values()) await tortureAtStep('python', step)
}, 900_000)

test('killed at each kind of step of replacing all vectors, they are all old or all new, as the settings say', async () => {
  const kinds = kindsOf(await stepsOf('python', replacementPlan))
  expect([...kinds.keys()].join('\n')).toContain('link default__vector_store.json')
  for (const step of kinds.values()) await tortureAtStep('python', step, { makePlan: replacementPlan })
}, 900_000)

test.each(damages)(
  'killed while a folder is repaired (%s), its files are in a backup, and repairing again comes to the same',
  async (damage) => {
    await using patient = await makePatient(damage)
    const kinds = kindsOf(patient.steps)
    expect(kinds.size).toBeGreaterThan(4)
    const found = new Set<string>()
    // The others go the same ways for the most part.
    const every = damage === 'entries' || damage === 'cut off' ? 1 : 3
    for (const [index, [kind, step]] of [...kinds].entries()) {
      if (index % every > 0) continue
      const openBetween = index % 2 === 1
      await tortureRepair(patient, { step }, { openBetween }).then(
        (state) => found.add(state),
        (error: unknown) => expect.fail(`${kind}: ${String(error)}`),
      )
    }
    expect(found.size).toBeGreaterThan(1)
    const random = randomFrom(seed)
    for (let round = 0; round < 2; round++) await tortureRepair(patient, { afterMs: random() * patient.ms })
  },
  900_000,
)

test.each(['files', 'stackroom'] as const)(
  'killed while %s are kept in a conflict, both sides are still there and it can be done again',
  async (keep) => {
    await using home = await TestFolder.make()
    await makeConflict(home)
    const operations = [{ kind: 'open' }, { kind: 'resolve', keep }, { kind: 'close' }] as const
    const log = join(home.home, 'steps')
    await using first = await TestFolder.make()
    await cp(home.persistDir, first.persistDir, { recursive: true })
    await mkdir(first.dataFolder)
    await runChild(first, { operations }, {}, log)
    const kinds = kindsOf(readSteps(log))
    expect(kinds.size).toBeGreaterThan(6)
    for (const [kind, step] of kinds) {
      await using folder = await TestFolder.make()
      await cp(home.persistDir, folder.persistDir, { recursive: true })
      await mkdir(folder.dataFolder)
      const { killed } = await runChild(folder, { operations }, { step })
      expect(killed, kind).toBe(true)
      const storage = await folder.open()
      const { conflict } = await storage.summary()
      const backups = await backupsOf(folder)
      const has = async (id: string): Promise<string[]> => [
        ...((await folder.texts())['docstore.json']!.includes(id) ? ['files'] : []),
        ...((await storage.nodes([`${id}#${id}`])).length > 0 ? ['working store'] : []),
        ...(backups.some((text) => text.includes(id)) ? ['backup'] : []),
      ]
      expect(await has('/ours.txt'), kind).not.toEqual([])
      expect(await has('/theirs.txt'), kind).not.toEqual([])
      if (conflict) await storage.resolveConflict(keep)
      await storage.persist()
      expect(await storage.summary()).toMatchObject({
        conflict: false,
        persisted: true,
        changedOutside: false,
      })
      const winner = keep === 'files' ? '/theirs.txt' : '/ours.txt'
      const loser = keep === 'files' ? '/ours.txt' : '/theirs.txt'
      expect((await folder.texts())['docstore.json'], kind).toContain(winner)
      expect((await folder.texts())['docstore.json'], kind).not.toContain(loser)
      expect((await backupsOf(folder)).join(), kind).toContain(loser)
    }
  },
  900_000,
)

/** Of the docstores in the backups. */
async function backupsOf({ persistDir }: TestFolder): Promise<string[]> {
  const backups = join(persistDir, '.stackroom/backups')
  const names = existsSync(backups) ? await readdir(backups) : []
  expect(names.filter((name) => name.endsWith('.new'))).toEqual([])
  return Promise.all(names.map((name) => readFile(join(backups, name, 'docstore.json'), 'utf8')))
}

async function makeConflict(folder: TestFolder): Promise<void> {
  await using other = await TestFolder.make()
  const theirs = await other.openPython()
  await theirs.change(insertOf('/theirs.txt', '/theirs.txt'))
  await theirs.persist()
  const ours = await folder.openPython()
  await ours.change(insertOf('/ours.txt', '/ours.txt'))
  await folder.close(ours)
  for (const name of jsonFiles) await cp(join(other.persistDir, name), join(folder.persistDir, name))
}

test('what a rename, a commit or a deletion depends on was flushed before it', async () => {
  const steps = await stepsOf('new')
  for (const [index, [call, path]] of steps.entries()) {
    const before = steps.slice(0, index)
    if (call === 'rename') requireFlushed(before, path.split(' → ')[0]!)
    // Files that are to be rolled forward must still have their names after a power cut.
    if (call === 'rename' && path.endsWith('commit.json')) {
      const folder = path.slice(0, path.indexOf('/.stackroom/'))
      expect(lastIndexOf(before, 'flush', folder)).toBeGreaterThan(lastOpenOfTemporary(before))
    }
    if (call === 'remove' && path.endsWith('commit.json')) {
      const folder = path.slice(0, path.indexOf('/.stackroom/'))
      const lastRename = before.findLastIndex(([name]) => name === 'rename')
      expect(lastIndexOf(before, 'flush', folder)).toBeGreaterThan(lastRename)
    }
  }
  const packed = steps.findIndex(([call, path]) => call === 'open' && path.endsWith('.f32'))
  const [, path] = steps[packed]!
  const written = steps.findLastIndex(([call, name]) => call === 'write' && name === path)
  expect(steps.findLastIndex(([call, name]) => call === 'flush' && name === path)).toBeGreaterThan(written)
  // A new file needs its folder flushed, too.
  expect(steps.slice(packed, packed + 6)).toContainEqual(['flush', path.slice(0, path.lastIndexOf('/'))])
}, 300_000)

function requireFlushed(before: readonly StepCall[], path: string): void {
  const written = before.findLastIndex(
    ([call, name]) => (call === 'write' || call === 'open') && name === path,
  )
  expect(lastIndexOf(before, 'flush', path), `${path} was not flushed before it was renamed`).toBeGreaterThan(
    written,
  )
}

function lastIndexOf(steps: readonly StepCall[], call: string, path: string): number {
  return steps.findLastIndex(([name, of]) => name === call && of === path)
}

function lastOpenOfTemporary(steps: readonly StepCall[]): number {
  return steps.findLastIndex(([call, path]) => call === 'open' && path.endsWith('.stackroom-new'))
}
