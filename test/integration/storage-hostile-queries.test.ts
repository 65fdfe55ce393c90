/** Questions that make no sense, asked of the engine and through the contract: refused with a sentence, the next is answered. */
import { resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { searchAnswerSchema, type ResultMessage } from '#contract'
import { createApplication } from '#app/application.ts'
import { Dispatcher } from '#app/dispatcher.ts'
import { Log } from '#platform/log.ts'
import { codeOf, dimensions, insertOf, isFound, TestFolder } from './storage-test-folder.ts'

let folder: TestFolder
beforeEach(async () => {
  folder = await TestFolder.make()
})
afterEach(() => folder[Symbol.asyncDispose]())

const filled = (value: number): Float32Array => new Float32Array(dimensions).fill(value)
const withOne = (value: number): Float32Array => filled(0.1).fill(value, 100, 101)

test.each([
  ['not a number', filled(NaN), 'invalid-vector'],
  ['not a number in one place', withOne(NaN), 'invalid-vector'],
  ['endless', filled(Infinity), 'invalid-vector'],
  ['endless in one place', withOne(-Infinity), 'invalid-vector'],
  ['zero', filled(0), 'invalid-vector'],
  ['minus zero', filled(-0), 'invalid-vector'],
  ['empty', new Float32Array(0), 'dimension-mismatch'],
  ['too short by one', new Float32Array(dimensions - 1).fill(1), 'dimension-mismatch'],
  ['too long by one', new Float32Array(dimensions + 1).fill(1), 'dimension-mismatch'],
  ['of ten million numbers', new Float32Array(10_000_000).fill(1), 'dimension-mismatch'],
])('a query vector that is %s is refused, and the folder goes on answering', async (_, vector, code) => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/a.txt', 'one'))
  expect(await codeOf(storage.query(vector, 10))).toBe(code)
  expect(await isFound(storage, '/a.txt', 'one')).toBe(true)
  expect((await storage.summary()).warnings).toEqual([])
})

test.each([
  ['the largest numbers there are', filled(3.4e38)],
  ['the smallest numbers there are', filled(1e-45)],
  ['both', filled(1e-45).fill(-3.4e38, 0, 192)],
])('a query vector of %s is answered with scores', async (_, vector) => {
  const storage = await folder.openPython()
  const hits = await storage.query(vector, 10)
  expect(hits).toHaveLength(5)
  for (const { score } of hits) expect(Math.abs(score)).toBeLessThanOrEqual(1 + 1e-9)
})

test('a top k that is no whole number is refused; none gives none, and a huge one gives all there are', async () => {
  const storage = await folder.openPython()
  for (const topK of [NaN, Infinity, 1.5])
    expect(await codeOf(storage.query(filled(1), topK))).toBe('invalid-input')
  for (const topK of [0, -1]) expect(await storage.query(filled(1), topK)).toEqual([])
  for (const topK of [5, 6, 2 ** 31, Number.MAX_SAFE_INTEGER])
    expect(await storage.query(filled(1), topK)).toHaveLength(5)
})

async function hitsOf(answer: Promise<ResultMessage>): Promise<number> {
  const message = await answer
  if (!message.ok) return expect.fail(message.error.message)
  return searchAnswerSchema.parse(message.output).hits.length
}

test('through the contract, what is no question is refused as invalid input, and odd ones are answered', async () => {
  const log = new Log(folder.home)
  const application = await createApplication({
    services: { host: 'web' },
    version: '0.0.0',
    dataFolder: folder.dataFolder,
    resourcesFolder: resolve(import.meta.dirname, '../../resources'),
    emit: () => undefined,
  })
  try {
    await folder.close(await folder.openPython())
    const dispatcher = new Dispatcher(application.handlers, log)
    let id = 0
    const call = async (name: string, input: unknown): Promise<ResultMessage> => {
      const answer = await dispatcher.receive({ type: 'call', id: id++, name, input })
      return answer ?? expect.fail('no answer')
    }
    const { signal } = new AbortController()
    const opened = await application.handlers['library.open']({ persistDir: folder.persistDir }, { signal })
    const search = (input: object): Promise<ResultMessage> =>
      call('search.query', { knowledgeBaseId: opened.id, ...input })
    for (const topK of [NaN, Infinity, 0, -1, 1.5, 1001, '10', null])
      expect(await search({ query: 'bees', topK })).toMatchObject({
        ok: false,
        error: { code: 'invalid-input' },
      })
    for (const query of [undefined, null, 1, [0.1], { vector: [1] }, 'x'.repeat(100_001)])
      expect(await search({ query })).toMatchObject({ ok: false, error: { code: 'invalid-input' } })
    for (const query of [
      '\ud800',
      '\u0000',
      '😀'.repeat(1000),
      '__proto__',
      '[MASK] [CLS]',
      'x'.repeat(100_000),
    ])
      expect(await hitsOf(search({ query, topK: 1000 })), query.slice(0, 20)).toBe(5)
    for (const query of ['', ' \n\t']) expect(await hitsOf(search({ query }))).toBe(0)
    expect(await call('search.query', { knowledgeBaseId: '../../etc', query: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'not-found' },
    })
  } finally {
    await application.close()
  }
})
