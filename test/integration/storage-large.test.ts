/**
 * Storage folders that are too large to be held: opened within the packed vectors and 300 MB of memory, or refused by name
 * within ten seconds of computing. What is written is removed after each test.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { errorShapeSchema } from '#contract'

const megabyte = 1024 * 1024

let home: string
let persistDir: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-large-'))
  persistDir = join(home, 'storage')
  mkdirSync(persistDir)
  write('index_store.json', ['{}'])
})
afterEach(() => rm(home, { recursive: true, force: true }))

/** Gathers small parts; `bytes` makes the file longer without anything being written there. */
function write(name: string, parts: Iterable<string>, bytes?: number): void {
  const file = openSync(join(persistDir, name), 'w')
  try {
    let waiting = ''
    for (const part of parts) {
      waiting += part
      if (waiting.length < megabyte) continue
      writeSync(file, waiting)
      waiting = ''
    }
    writeSync(file, waiting)
    if (bytes !== undefined) ftruncateSync(file, bytes)
  } finally {
    closeSync(file)
  }
}

function* repeated(part: string, times: number): Generator<string> {
  for (let count = 0; count < times; count++) yield part
}

function* listed(count: number, item: (number: number) => string): Generator<string> {
  for (let number = 0; number < count; number++) yield `${number === 0 ? '' : ', '}${item(number)}`
}

const measuredSchema = z.object({
  error: errorShapeSchema.optional(),
  nodes: z.number().optional(),
  vectors: z.number().optional(),
  hits: z.number().optional(),
  indexes: z.number().optional(),
  seconds: z.number(),
  megabytes: z.number(),
})

async function open(): Promise<z.infer<typeof measuredSchema>> {
  const script = join(import.meta.dirname, 'storage-open-measured.ts')
  const child = spawn(process.execPath, [script, persistDir, join(home, 'data')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const printed = await text(child.stdout)
  await ended
  const measured = measuredSchema.parse(JSON.parse(printed))
  console.log(
    `${expect.getState().currentTestName}: ${measured.seconds.toFixed(1)} s of computing, ${measured.megabytes.toFixed(0)} MB`,
  )
  return measured
}

const large = 'x'.repeat(megabyte)

/** Only what is looked at is written: the rest of the gigabyte is a hole in the file. */
const tooLong: readonly (readonly [what: string, name: string, most: number, start: string, part: string])[] =
  [
    ['text', 'docstore.json', 256, '{"docstore/data": {"a": {"__data__": {"text": "', large],
    ['key', 'docstore.json', 256, '{"docstore/data": {"', large],
    ['name of a section', 'docstore.json', 256, '{"', large],
    ['list', 'docstore.json', 256, '{"docstore/data": {"a": [', '0, '.repeat(megabyte / 3)],
    [
      'vector',
      'default__vector_store.json',
      16,
      '{"embedding_dict": {"a": [0.5',
      ', 0.25'.repeat(megabyte / 6),
    ],
    ['number', 'default__vector_store.json', 16, '{"embedding_dict": {"a": [0.5, 0.', '1'.repeat(megabyte)],
    ['index', 'index_store.json', 24, '{"index_store/data": {"a": {"__data__": "', large],
  ]

test.each(tooLong)(
  'a %s of one gigabyte is refused by the name of its file',
  async (_, name, most, start, part) => {
    write('docstore.json', ['{}'])
    write(name, [start, ...repeated(part, most + 4)], 1024 * megabyte)
    const { error, seconds } = await open()
    expect(error).toMatchObject({ code: 'damaged-file' })
    expect(error!.message).toMatch(
      new RegExp(
        `^${name.replaceAll('.', '\\.')} is damaged: an entry is larger than ${most} MB at byte \\d+`,
      ),
    )
    expect(seconds).toBeLessThan(10)
  },
  300_000,
)

test('a gigabyte of ordinary entries opens within the packed vectors and 300 MB', async () => {
  const count = 60_000
  const id = (number: number): string => `"node-${String(number).padStart(32, '0')}"`
  const body = 'The tide comes in twice a day, and twice a day it goes out again. '.repeat(130)
  const tail = Array.from({ length: 383 }, (_, index) => Math.sin(index) / 20).join(', ')
  write('docstore.json', [
    '{"docstore/data": {',
    ...listed(
      count,
      (number) =>
        `${id(number)}: {"__data__": {"id_": ${id(number)}, "metadata": {}, "text": "${body}${number}", "class_name": "TextNode"}, "__type__": "1"}`,
    ),
    '}}',
  ])
  write('default__vector_store.json', [
    '{"embedding_dict": {',
    ...listed(count, (number) => `${id(number)}: [${number / count - 0.5}, ${tail}]`),
    '}}',
  ])
  const struct = [
    '{"index_id": "i", "nodes_dict": {',
    ...listed(count, (number) => `${id(number)}: ${id(number)}`),
    '}}',
  ]
  write('index_store.json', [
    '{"index_store/data": {"i": {"__data__": ',
    JSON.stringify(struct.join('')),
    ', "__type__": "vector_store"}}}',
  ])
  const measured = await open()
  expect(measured).toMatchObject({ nodes: count, vectors: count, hits: 3, indexes: 1 })
  expect(measured.megabytes).toBeLessThan((count * 384 * 4) / megabyte + 300)
}, 300_000)

/** Of an index without vectors. */
function writeIndex(type: string, nodes: number): void {
  write('docstore.json', ['{"docstore/data": {}}'])
  const id = (number: number): string => `\\"${String(number).padStart(36, '0')}\\"`
  const isList = type === 'list'
  write('index_store.json', [
    `{"index_store/data": {"the-index": {"__data__": "{\\"index_id\\": \\"the-index\\", \\"${isList ? 'nodes' : 'nodes_dict'}\\": ${isList ? '[' : '{'}`,
    ...listed(nodes, isList ? id : (number) => `${id(number)}: ${id(number)}`),
    `${isList ? ']' : '}'}}", "__type__": "${type}"}}}`,
  ])
}

test.each([
  ['vector_store', 290_000],
  ['list', 590_000],
])(
  'an index (%s) of %i nodes without vectors opens within 300 MB',
  async (type, nodes) => {
    writeIndex(type, nodes)
    const measured = await open()
    expect(measured).toMatchObject({ indexes: 1 })
    expect(measured.megabytes).toBeLessThan(300)
  },
  300_000,
)

test('a larger index without vectors is refused by its name and that of its file', async () => {
  writeIndex('vector_store', 2_300_000)
  const { error, seconds, megabytes } = await open()
  expect(error).toMatchObject({ code: 'damaged-file' })
  expect(error!.message).toMatch(
    /^index_store\.json is damaged: an entry is larger than 24 MB at byte \d+\.$/,
  )
  expect(seconds).toBeLessThan(10)
  expect(megabytes).toBeLessThan(300)
}, 300_000)

test('a number of ten megabytes is a number or refused with its place, as in Python', async () => {
  write('docstore.json', ['{}'])
  write('default__vector_store.json', [
    '{"embedding_dict": {"a": [0.5, 0.25], "b": [0.5, 0.',
    ...repeated('3'.repeat(megabyte), 10),
    ']}}',
  ])
  expect(await open()).toMatchObject({ vectors: 2 })
  await rm(join(persistDir, '.stackroom'), { recursive: true })
  write('default__vector_store.json', [
    '{"embedding_dict": {"a": [0.5, 0.25], "b": [0.5, ',
    ...repeated('3'.repeat(megabyte), 10),
    ']}}',
  ])
  const { error, seconds } = await open()
  expect(error).toMatchObject({
    code: 'damaged-file',
    message: expect.stringMatching(
      /^default__vector_store\.json is damaged: a number has more than 4300 digits at byte \d+\.$/,
    ) as string,
  })
  expect(seconds).toBeLessThan(10)
}, 300_000)

test('a list of 200 MB where a vector should be is refused with its place', async () => {
  write('docstore.json', ['{}'])
  const numbers = repeated(', 0.25'.repeat(megabyte / 6), 200)
  write('default__vector_store.json', ['{"embedding_dict": {"a": [0.5, 0.25], "b": [0.5', ...numbers, ']}}'])
  const measured = await open()
  expect(measured.error).toMatchObject({
    code: 'damaged-file',
    message: expect.stringMatching(
      /^default__vector_store\.json is damaged: an entry is larger than 16 MB at byte \d+\.$/,
    ) as string,
  })
  expect(measured.seconds).toBeLessThan(10)
  expect(measured.megabytes).toBeLessThan(300)
}, 300_000)

test('a file with a million sections is refused with its place', async () => {
  write('docstore.json', ['{', ...listed(1_000_000, (number) => `"${number}/data": {}`), '}'])
  const { error, seconds } = await open()
  expect(error).toMatchObject({
    code: 'damaged-file',
    message: expect.stringMatching(
      /^docstore\.json is damaged: there are more than 1000 sections at byte \d+\.$/,
    ) as string,
  })
  expect(seconds).toBeLessThan(10)
}, 300_000)
