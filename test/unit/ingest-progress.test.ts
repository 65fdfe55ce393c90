import { expect, test } from 'vitest'
import type { JobProgress } from '#contract'
import { IngestProgress } from '#engine/ingest/progress.ts'

function withClock() {
  let now = 0
  const reports: JobProgress[] = []
  const progress = new IngestProgress({ onProgress: (report) => reports.push(report), now: () => now })
  return { progress, reports, wait: (milliseconds: number) => (now += milliseconds) }
}

test('the time left is unknown at first, then follows from the bytes that were worked on', () => {
  const { progress, wait } = withClock()
  progress.update({ phase: 'indexing', bytesTotal: 2000 })
  progress.addFreeBytes(1000)
  wait(1000)
  progress.update({ bytesDone: 1010 })
  expect(progress.snapshot().secondsLeft).toBeNull()
  wait(9000)
  progress.update({ bytesDone: 1100 })
  expect(progress.snapshot().secondsLeft).toBeCloseTo(90)
  progress.update({ bytesDone: 2000 })
  expect(progress.snapshot().secondsLeft).toBe(0)
})

test('the speed is that of the last seconds, and falls when nothing comes any more', () => {
  const { progress, wait } = withClock()
  progress.update({ phase: 'indexing', nodes: 0 })
  expect(progress.snapshot().nodesPerSecond).toBeNull()
  for (let nodes = 100; nodes <= 1000; nodes += 100) {
    wait(1000)
    progress.update({ nodes })
  }
  expect(progress.snapshot().nodesPerSecond).toBeCloseTo(100)
  for (let nodes = 1010; nodes <= 1200; nodes += 10) {
    wait(1000)
    progress.update({ nodes })
  }
  expect(progress.snapshot().nodesPerSecond).toBeCloseTo(10)
  wait(72_000)
  expect(progress.snapshot().nodesPerSecond).toBeLessThan(2)
})

test('reports come a few times a second, at every new phase, and when asked for', () => {
  const { progress, reports, wait } = withClock()
  for (let filesTotal = 1; filesTotal <= 50; filesTotal++) {
    wait(10)
    progress.update({ filesTotal })
  }
  expect(reports.length).toBeGreaterThan(2)
  expect(reports.length).toBeLessThan(8)
  progress.update({ phase: 'indexing' })
  expect(reports.at(-1)?.phase).toBe('indexing')
  progress.update({ nodes: 7 })
  progress.reportNow()
  expect(reports.at(-1)?.nodes).toBe(7)
})
