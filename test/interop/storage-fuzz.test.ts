/**
 * What Python's `json.load` takes of damaged store files and what our reader takes. Nothing may be taken that Python refuses;
 * what is refused although Python takes it is listed here.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { importFolder } from '#engine/storage/import-folder.ts'
import { scanStoreFile } from '#engine/storage/llamaindex/json-scanner.ts'
import { isImported, storeFileOf } from '#engine/storage/llamaindex/store-files.ts'
import { explainFileError } from '#platform/file-errors.ts'
import { fuzzSources } from '../integration/storage-fuzz-case.ts'
import { jsonFilesIn, mutate, Random } from '../integration/storage-mutations.ts'

const root = resolve(import.meta.dirname, '../..')
const interpreter = process.env.STACKROOM_PYTHON ?? join(root, '.venv/bin/python')
const cases = 400
const seed = 4

const deliberate: readonly (readonly [why: string, message: RegExp])[] = [
  ['UTF-16 and UTF-32: no version of LlamaIndex writes them', /is not written in UTF-8/],
  ['nested deeper than 500 brackets', /nested more than 500 deep/],
  ['a section for the second time: Python forgets the first one', /a section is there for the second time/],
  ['more sections than any store has', /more than 1000 sections/],
  ['half a surrogate pair as bytes', /a text is not UTF-8/],
  ['no object at all: LlamaIndex itself cannot load it', /an opening brace is missing/],
]

let home: string
let python: ChildProcessWithoutNullStreams
let answers: AsyncIterator<string>

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-interop-fuzz-'))
  python = spawn(interpreter, [join(import.meta.dirname, 'json_load.py')])
  answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]()
})

afterAll(async () => {
  python.stdin.end()
  await once(python, 'close')
  await rm(home, { recursive: true, force: true })
})

const answerSchema = z.object({ error: z.string().nullable() })

/** Null: it was taken. */
async function refusedByPython(path: string): Promise<string | null> {
  python.stdin.write(`${JSON.stringify(path)}\n`)
  const line = await answers.next()
  if (line.done) throw new Error('Python ended.')
  return answerSchema.parse(JSON.parse(line.value)).error
}

async function refusedBy(work: () => void | Promise<void>): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    // Links to nowhere, too.
    const explained = explainFileError(error, home)
    if (explained instanceof StackroomError) return explained.message
    throw error
  }
}

function readAll(path: string): void {
  for (const token of scanStoreFile(path)) if (token.kind === 'file') return
}

/** FAISS has a format of its own in files of the same name. */
function isFaiss(path: string): boolean {
  return /^I[A-Za-z][A-Za-z0-9]{2}/.test(readFileSync(path).toString('latin1', 0, 4))
}

test(`of ${cases} damaged folders, nothing is taken that Python refuses, and little is refused that Python takes`, async () => {
  const sources = fuzzSources()
  const faults: string[] = []
  const differences = new Map<string, number>()
  const counts = { files: 0, takenByBoth: 0, refusedByBoth: 0, foldersTaken: 0 }
  for (let number = 0; number < cases; number++) {
    const random = new Random(seed * 1_000_003 + number)
    const folder = join(home, String(number))
    const persistDir = join(folder, 'storage')
    cpSync(random.pick(sources), persistDir, { recursive: true })
    const changes = mutate(persistDir, random).join('; ')
    const isRefusedByPython = new Map<string, string | null>()
    for (const name of jsonFilesIn(persistDir)) {
      const path = join(persistDir, name)
      const store = storeFileOf(name)
      if (!store || !isImported(store) || isFaiss(path)) continue
      counts.files++
      const theirs = await refusedByPython(path)
      const ours = await refusedBy(() => readAll(path))
      isRefusedByPython.set(name, theirs)
      if (theirs === null && ours === null) counts.takenByBoth++
      else if (theirs !== null && ours !== null) counts.refusedByBoth++
      else if (ours === null) faults.push(`${number} (${changes}): ${name} is taken, Python says ${theirs}`)
      else {
        const reason = deliberate.find(([, message]) => message.test(ours))
        if (reason) differences.set(reason[0], (differences.get(reason[0]) ?? 0) + 1)
        else faults.push(`${number} (${changes}): refused, and Python takes it: ${ours}`)
      }
    }
    // Vectors are not checked but parsed, so that what is taken as a whole is looked at, too.
    const workingFolder = join(folder, 'working')
    await mkdir(workingFolder)
    const refused = await refusedBy(() => importFolder({ persistDir, workingFolder }))
    if (refused === null) {
      counts.foldersTaken++
      for (const [name, error] of isRefusedByPython)
        if (error !== null)
          faults.push(`${number} (${changes}): ${name} was brought in, Python says ${error}`)
    }
    await rm(folder, { recursive: true, force: true })
  }
  console.log(JSON.stringify(counts), [...differences].map(([why, count]) => `${count} × ${why}`).join(', '))
  expect(faults).toEqual([])
  expect(counts.takenByBoth).toBeGreaterThan(counts.files / 4)
  expect(counts.refusedByBoth).toBeGreaterThan(counts.files / 20)
  expect(counts.foldersTaken).toBeGreaterThan(cases / 10)
}, 600_000)

const odd: readonly (readonly [text: string | Buffer, taken: boolean])[] = [
  ['{"a": {"b": NaN, "c": -Infinity, "d": Infinity}}', true],
  ['{"a": {"b": -NaN}}', false],
  ['{"a": {"b": 01}}', false],
  ['{"a": {"b": 1.}}', false],
  ['{"a": {"b": .5}}', false],
  ['{"a": {"b": +1}}', false],
  ['{"a": {"b": 1e5, "c": 1E+5, "d": -0, "e": -0.0e-0}}', true],
  [`{"a": {"b": ${'9'.repeat(4300)}}}`, true],
  [`{"a": {"b": ${'9'.repeat(4301)}}}`, false],
  [`{"a": {"b": ${'9'.repeat(5000)}.0}}`, true],
  ['{"a": {"b": "\\ud800"}}', true],
  ['{"a": {"b": "\\u12"}}', false],
  ['{"a": {"b": "\\x41"}}', false],
  ['{"a": {"b": "\t"}}', false],
  ['{"a": {"b": "\u007f\u2028"}}', true],
  ["{'a': {}}", false],
  ['{"a": {},}', false],
  ['{"a": {"b": [1,]}}', false],
  ['{"a": {}} x', false],
  ['{"a": {}}\n\n', true],
  ['\ufeff{"a": {}}', true],
  ['{"a": {}}\ufeff', false],
  ['{"a": {}}\u00a0', false],
  ['{"a": {"b": 1, "b": 2, "__proto__": {}}}', true],
  [Buffer.concat([Buffer.from('{"a": {"b": "'), Buffer.of(0xc0, 0x80), Buffer.from('"}}')]), false],
  [
    Buffer.concat([Buffer.from('{"a": {"b": "'), Buffer.of(0xf5, 0x80, 0x80, 0x80), Buffer.from('"}}')]),
    false,
  ],
]

test.each(odd)('JSON that is nearly none is judged as Python judges it: %s', async (text, taken) => {
  const path = join(home, 'docstore.json')
  await writeFile(path, text)
  expect((await refusedByPython(path)) === null).toBe(taken)
  expect((await refusedBy(() => readAll(path))) === null).toBe(taken)
})
