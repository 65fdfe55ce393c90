/** What counts as a JSON value: as Python's `json.load` has it, with V8's parser as a second opinion. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { StackroomError } from '#contract'
import { checkValue, JsonFault, maximumDepth } from '#engine/storage/llamaindex/json-check.ts'
import { scanStoreFile } from '#engine/storage/llamaindex/json-scanner.ts'
import { parseVector, parseVectorInto } from '#engine/storage/llamaindex/vector-text.ts'

/** The place of the fault, null when there is none, -1 when the text ends too early. */
function faultAt(text: string | Buffer): number | null {
  const bytes = Buffer.concat([Buffer.from(text), Buffer.from('}')])
  try {
    const end = checkValue(bytes, 0)
    return end === bytes.length - 1 ? null : end < 0 ? -1 : end
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    return error.position
  }
}

const good = [
  'null',
  '-0',
  '0.5e-7',
  '1E+400',
  'NaN',
  '-Infinity',
  '""',
  '"\\ud83d"',
  '"\\u00e9 é 😀 \u007f\u2028"',
  '[]',
  '[ [ ] , { } ]',
  '{"a" : [1, {"": null}], "a": true}',
  `${'['.repeat(maximumDepth)}${']'.repeat(maximumDepth)}`,
]
test.each(good)('%s is a value', (text) => {
  expect(faultAt(text)).toBe(null)
})

const bad: readonly (readonly [string, number])[] = [
  ['nul', 0],
  ['+1', 0],
  ['01', 0],
  ['-', 0],
  ['1.', 0],
  ['.5', 0],
  ['1e', 0],
  ['0x10', 0],
  ['-NaN', 0],
  ['{]', 1],
  ['[1, 2}', 5],
  ['[1 2]', 3],
  ['[1,]', 3],
  ['{"a": 1,}', 8],
  ['{"a", 1}', 4],
  ['{a: 1}', 1],
  ["'a'", 0],
  ['"a\tb"', 2],
  ['"a\\x"', 2],
  ['"\\u12g4"', 1],
  ['[1] [2]', 3],
  ['[// 1\n]', 1],
  ['9'.repeat(5000), 0],
  ['['.repeat(maximumDepth + 1), maximumDepth],
]
test.each(bad)('%s is no value, and the place is told', (text, position) => {
  expect(faultAt(text)).toBe(position)
})

test('bytes that are not UTF-8 are refused with their place', () => {
  expect(faultAt(Buffer.concat([Buffer.from('["ok", "é'), Buffer.of(0xff), Buffer.from('"]')]))).toBe(10)
  expect(faultAt(Buffer.concat([Buffer.from('["'), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"]')]))).toBe(2)
})

test('a text that was changed at random is taken when, and only when, a JSON parser takes it', () => {
  const original = '{"a": [1.5, -2e3, "x\\n\\u00e9é"], "b": {"c": null, "d": [true, false, {}]}}'
  const pieces = ['"', '\\', '{', '}', '[', ']', ',', ':', ' ', '0', '.', 'e', '-', 'u', '\n', '\u0000', '']
  let state = 1
  const next = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  let taken = 0
  for (let round = 0; round < 20_000; round++) {
    let text = original
    for (let changes = 1 + next(2); changes > 0; changes--) {
      const at = next(text.length)
      text = text.slice(0, at) + pieces[next(pieces.length)]! + text.slice(at + next(2))
    }
    let isJson = true
    try {
      JSON.parse(text)
    } catch {
      isJson = false
    }
    if (isJson) taken++
    if ((faultAt(text.trim()) === null) !== isJson) expect.fail(`${JSON.stringify(text)} is JSON: ${isJson}`)
  }
  expect(taken).toBeGreaterThan(100)
})

test('a vector is read only from what JSON has', () => {
  expect([...parseVector(Buffer.from('[ 1, -2.5e1,\n0.0, NaN, -Infinity ]'))!]).toEqual([
    1,
    -25,
    0,
    NaN,
    -Infinity,
  ])
  for (const text of [
    '[01]',
    '[1.]',
    '[.5]',
    '[0x10]',
    '[+1]',
    '[1_0]',
    '[1 2]',
    '[1,]',
    '[\u00001]',
    '[1\u00a0]',
    '[-]',
  ])
    expect([parseVector(Buffer.from(text)), parseVectorInto(Buffer.from(text), new Float32Array(1))]).toEqual(
      [null, false],
    )
})

async function errorOf(content: string | Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-scan-'))
  try {
    const path = join(folder, 'docstore.json')
    await writeFile(path, content)
    for (const token of scanStoreFile(path)) void token
    return 'no error'
  } catch (error) {
    return error instanceof StackroomError ? `${error.code}: ${error.message}` : String(error)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const files: readonly (readonly [string, string])[] = [
  ['{"a": {"x": {]}}', 'damaged-file: docstore.json is damaged: a key is missing at byte 13.'],
  [
    '{"a": {"x": "\\q"}}',
    'damaged-file: docstore.json is damaged: a backslash stands before what it cannot escape at byte 13.',
  ],
  ['{"a": {"x": nul}}', 'damaged-file: docstore.json is damaged: a value is none that JSON has at byte 12.'],
  ['{"a": {"x": 1, "y": [1', 'damaged-file: docstore.json is damaged: the file ends too early at byte 22.'],
  [
    '{"a": {"x\u0001": 1}}',
    'damaged-file: docstore.json is damaged: a text has a control character at byte 9.',
  ],
  [
    '{"a": {}, "a": {}}',
    'damaged-file: docstore.json is damaged: a section is there for the second time at byte 10.',
  ],
  [
    '\ufeff{"a": {"x": [1 2]}}',
    'damaged-file: docstore.json is damaged: a comma or a closing bracket is missing at byte 18.',
  ],
]
test.each(files)('a store file %s is refused with its name and the place', async (content, message) => {
  expect(await errorOf(content)).toBe(message)
})

test('a store file in UTF-16 is refused as such', async () => {
  expect(await errorOf(Buffer.from('\ufeff{"a": {}}', 'utf16le'))).toMatch(
    /^unsupported-format: docstore.json is not written in UTF-8/,
  )
})

test('entries of any length come out as they are in the file, long ones among short ones', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stackroom-scan-'))
  try {
    const lengths = [10, 300_000, 10, 524_288, 2_097_150, 10, 5_000_000, 20_000, 9_000_000, 10, 10]
    const values = lengths.map((length, index) => `"${String.fromCharCode(97 + index).repeat(length)}"`)
    const text = `{"a": {${values.map((value, index) => `"${index}": ${value}`).join(', ')}}}`
    const path = join(folder, 'docstore.json')
    await writeFile(path, text)
    const found: string[] = []
    for (const token of scanStoreFile(path)) {
      if (token.kind === 'entry') found.push(token.value.toString())
      if (token.kind === 'file') expect(token).toMatchObject({ bytes: text.length, checksum: crc32(text) })
    }
    expect(found.map((value, index) => value === values[index])).toEqual(values.map(() => true))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
