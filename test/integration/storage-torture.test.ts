/** A process that works on a storage folder is killed: the folder is as it was before, or as it should be after. */
import { expect, test } from 'vitest'
import { stepsOf, tortureAtRandom, tortureAtStep, type StepCall } from '../torture/torture.ts'

/** Fixed, so that a failure can be repeated; `npm run torture` takes another one each time. */
const seed = 20261125

test('killed at random moments, a folder is as before or as after the operation, and nothing acknowledged is lost', async () => {
  const reports = await tortureAtRandom({ rounds: 15, seed })
  expect(reports).toHaveLength(15)
}, 600_000)

test('killed at each kind of step of writing a folder, it is as before or as after', async () => {
  const steps = await stepsOf('python')
  const kinds = new Map(
    steps.flatMap(([call, path], index) =>
      ['write', 'rename', 'remove'].includes(call) ? [[`${call} ${withoutIds(path)}`, index + 1]] : [],
    ),
  )
  expect([...kinds.keys()].join('\n')).toContain('rename commit.json')
  expect(kinds.size).toBeGreaterThanOrEqual(12)
  for (const step of kinds.values()) await tortureAtStep('python', step)
}, 900_000)

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

function withoutIds(path: string): string {
  const target = path.split(' → ').at(-1)!
  return target.slice(target.lastIndexOf('/') + 1).replace(/[0-9a-f-]{36}/, '')
}

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
