/**
 * Loaded with --import into the tortured process, whose own code knows nothing of it: counts what the thread that writes or
 * repairs asks of the file system, and kills the process just before step TORTURE_STEP, or in the middle of it when it is a
 * write. Each step is noted in TORTURE_LOG, where the next such thread goes on counting.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { threadName } from 'node:worker_threads'

const killAt = Number(process.env.TORTURE_STEP ?? 0)
const log = process.env.TORTURE_LOG
const names = new Map()
const original = { ...fs }
let count = original.existsSync(log) ? original.readFileSync(log, 'utf8').split('\n').length - 1 : 0

function step(call, path, torn) {
  count++
  original.appendFileSync(log, `${JSON.stringify([call, path])}\n`)
  if (count !== killAt) return
  torn?.()
  process.kill(process.pid, 'SIGKILL')
}

function isWriting(flags) {
  return typeof flags === 'number'
    ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0
    : flags !== 'r'
}

// Of these only one works at a time.
if (['storage-writer', 'storage-verify'].includes(threadName)) {
  fs.openSync = (path, flags = 'r', ...rest) => {
    if (isWriting(flags)) step('open', String(path))
    const file = original.openSync(path, flags, ...rest)
    names.set(file, String(path))
    return file
  }
  fs.writeSync = (file, data, ...rest) => {
    const half = () =>
      original.writeSync(file, data, rest[0] ?? 0, Math.floor((rest[1] ?? data.length) / 2), rest[2] ?? null)
    step('write', names.get(file), half)
    return original.writeSync(file, data, ...rest)
  }
  for (const call of ['fsyncSync', 'fdatasyncSync'])
    fs[call] = (file) => {
      step('flush', names.get(file))
      return original[call](file)
    }
  fs.renameSync = (from, to) => {
    step('rename', `${from} → ${to}`)
    return original.renameSync(from, to)
  }
  for (const [call, name] of [
    ['rmSync', 'remove'],
    ['rmdirSync', 'remove'],
    ['mkdirSync', 'mkdir'],
    ['copyFileSync', 'copy'],
    ['linkSync', 'link'],
  ])
    fs[call] = (path, ...rest) => {
      if (name !== 'remove' || original.existsSync(path)) step(name, String(path))
      return original[call](path, ...rest)
    }
  syncBuiltinESMExports()
}
