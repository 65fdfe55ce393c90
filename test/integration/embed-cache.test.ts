import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CacheStore } from '#engine/embed/cache/cache-store.ts'
import { cachedEmbedModel } from '#engine/embed/cache/cached-model.ts'
import { EmbeddingCache } from '#engine/embed/cache/embedding-cache.ts'
import type { EmbedModel, EmbedOptions } from '#engine/embed/embed-model.ts'

let dataFolder: string
let cache: EmbeddingCache

beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'stackroom-cache-'))
  cache = new EmbeddingCache({ dataFolder })
})
afterEach(async () => {
  await cache.close()
  await rm(dataFolder, { recursive: true })
})

/** A model at the edge of the machine: counts what it is sent, four texts at a time, and may fail. */
class CountingModel implements EmbedModel {
  readonly identity
  readonly maximumTokens = 100
  readonly offline = false
  readonly sent: string[] = []
  failAt = Infinity
  held: Promise<void> | undefined

  constructor(revision = '1') {
    this.identity = {
      id: 'test:counting',
      dimensions: 3,
      pooling: 'provider',
      normalized: false,
      queryPrefix: '',
      documentPrefix: '',
      longText: 'provider',
      lineBreaks: 'kept',
      revision,
    } as const
  }

  async embedDocuments(texts: readonly string[], options: EmbedOptions = {}): Promise<Float32Array[]> {
    const all: Float32Array[] = []
    for (let start = 0; start < texts.length; start += 4) {
      const part = texts.slice(start, start + 4)
      if (this.sent.length + part.length > this.failAt) throw new Error('the server went away')
      this.sent.push(...part)
      await this.held
      const vectors = part.map((text) => this.vectorOf(text))
      all.push(...vectors)
      await options.onVectors?.(
        part.map((_, i) => start + i),
        vectors,
      )
    }
    return all
  }

  async embedQuery(text: string): Promise<Float32Array> {
    this.sent.push(text)
    return this.vectorOf(text)
  }

  vectorOf(text: string): Float32Array {
    return new Float32Array([text.length, text.charCodeAt(0) || 0, 0.1])
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

test('text that was embedded once is never sent again, also by another process later', async () => {
  const model = new CountingModel()
  const first = await cachedEmbedModel(model, cache).embedDocuments(['a', 'bb', 'ccc'])
  await cache.close()
  await using later = new EmbeddingCache({ dataFolder })
  const cached = cachedEmbedModel(model, later)
  expect(await cached.embedDocuments(['ccc', 'a', 'dddd'])).toEqual([
    first[2],
    first[0],
    model.vectorOf('dddd'),
  ])
  expect(model.sent).toEqual(['a', 'bb', 'ccc', 'dddd'])
  expect(cached.counters).toEqual({ asked: 3, sent: 1 })
})

test('equal texts are sent once and each gets a vector of its own', async () => {
  const model = new CountingModel()
  const cached = cachedEmbedModel(model, cache)
  const parts: number[] = []
  const vectors = await cached.embedDocuments(['x', 'y', 'x', 'x'], {
    onVectors: async (indices) => void parts.push(...indices),
  })
  expect(model.sent).toEqual(['x', 'y'])
  expect(vectors.map((vector) => [...vector])).toEqual(
    ['x', 'y', 'x', 'x'].map((text) => [...model.vectorOf(text)]),
  )
  expect(new Set(vectors.map((vector) => vector.buffer)).size).toBe(4)
  expect(parts.toSorted()).toEqual([0, 1, 2, 3])
})

test('what was finished before a failure is kept, and only the rest is sent the next time', async () => {
  const model = new CountingModel()
  const cached = cachedEmbedModel(model, cache)
  const texts = Array.from({ length: 10 }, (_, i) => `text ${i}`)
  model.failAt = 8
  await expect(cached.embedDocuments(texts)).rejects.toThrow('went away')
  model.failAt = Infinity
  await cached.embedDocuments(texts)
  expect(model.sent).toEqual(texts)
})

test('two callers with the same text at the same time send it once', async () => {
  const model = new CountingModel()
  const cached = cachedEmbedModel(model, cache)
  let release = (): void => {}
  model.held = new Promise((resolve) => (release = resolve))
  const both = [cached.embedDocuments(['same', 'one']), cached.embedDocuments(['other', 'same'])]
  await expect.poll(() => model.sent.length).toBe(3)
  release()
  const [first, second] = await Promise.all(both)
  expect(first![0]).toEqual(second![1])
  expect(model.sent.toSorted()).toEqual(['one', 'other', 'same'])
})

test('when the caller that had a text with the model fails, the one that waited for it sends it', async () => {
  const model = new CountingModel()
  const cached = cachedEmbedModel(model, cache)
  let fail: (error: Error) => void = () => {}
  model.held = new Promise((_, reject) => (fail = reject))
  const failing = cached.embedDocuments(['same'])
  await expect.poll(() => model.sent.length).toBe(1)
  const waiting = cached.embedDocuments(['same'])
  model.held = undefined
  fail(new Error('cut off'))
  await expect(failing).rejects.toThrow('cut off')
  expect(await waiting).toEqual([model.vectorOf('same')])
})

test('another revision of a model does not get the vectors of the first', async () => {
  const [old, renewed] = [new CountingModel('1'), new CountingModel('2')]
  await cachedEmbedModel(old, cache).embedDocuments(['a'])
  await cachedEmbedModel(renewed, cache).embedDocuments(['a'])
  expect(renewed.sent).toEqual(['a'])
})

test('queries are kept apart from documents, and kept over a restart', async () => {
  const model = new CountingModel()
  const cached = cachedEmbedModel(model, cache)
  await cached.embedDocuments(['a'])
  await cached.embedQuery('a')
  await cached.embedQuery('a')
  await cachedEmbedModel(model, cache).embedQuery('a')
  expect(model.sent).toEqual(['a', 'a'])
})

test('a model that reports no parts is cached all the same', async () => {
  const model = new CountingModel()
  const silent: EmbedModel = Object.assign(Object.create(model) as CountingModel, {
    embedDocuments: (texts: readonly string[]) => model.embedDocuments(texts),
  })
  await cachedEmbedModel(silent, cache).embedDocuments(['a', 'b'])
  await cachedEmbedModel(silent, cache).embedDocuments(['b', 'a'])
  expect(model.sent).toEqual(['a', 'b'])
})

const hash = (n: number): Uint8Array => new Uint8Array(32).fill(n)

test('the file stays within its bound, and what was used last stays', () => {
  let now = 0
  const path = join(dataFolder, 'bound.sqlite')
  using store = new CacheStore({ path, maximumBytes: 100 * 8 }, () => now)
  const vector = new Float32Array([1, 2])
  for (let n = 0; n < 100; n++) {
    now += 10_000_000
    store.write(hash(0), [hash(n)], [vector])
  }
  expect(store.bytes()).toBe(800)
  now += 10_000_000
  expect(store.read(hash(0), [hash(0)])[0]).toEqual(vector)
  store.write(hash(0), [hash(200)], [vector])
  expect(store.bytes()).toBeLessThanOrEqual(720)
  const left = store.read(hash(0), [hash(0), hash(1), hash(99), hash(200)])
  expect(left.map((found) => found !== null)).toEqual([true, false, true, true])
})

test('several connections write to one file at the same time', async () => {
  await using second = new EmbeddingCache({ dataFolder })
  const [a, b] = [new CountingModel(), new CountingModel()]
  const texts = (name: string): string[] => Array.from({ length: 200 }, (_, i) => `${name} ${i}`)
  await Promise.all([
    cachedEmbedModel(a, cache).embedDocuments(texts('one')),
    cachedEmbedModel(b, second).embedDocuments(texts('two')),
  ])
  await cachedEmbedModel(a, cache).embedDocuments(texts('two'))
  expect(a.sent.length).toBe(200)
})

interface CacheProcess {
  readonly ended: Promise<number | NodeJS.Signals | null>
  kill(): void
}

/** @param sent the file that gets a line for each text that the model is sent */
function embedInProcess(sent: string, name: string, count: number): CacheProcess {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'embed-cache-child.ts'), dataFolder, sent, name, String(count)],
    { stdio: 'inherit' },
  )
  return {
    ended: once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals | null),
    kill: () => child.kill('SIGKILL'),
  }
}

async function linesOf(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.split('\n').slice(0, -1)
}

test('several processes use one cache at the same time, and each finds what the others stored', async () => {
  const files = ['one', 'two', 'three'].map((name) => join(dataFolder, `${name}.txt`))
  const running = files.map((file, index) => embedInProcess(file, `text ${index}`, 2000))
  expect(await Promise.all(running.map(({ ended }) => ended))).toEqual([0, 0, 0])
  for (const file of files) expect((await linesOf(file)).length).toBe(2000)
  const again = join(dataFolder, 'again.txt')
  const later = files.map((_, index) => embedInProcess(again, `text ${index}`, 2000))
  expect(await Promise.all(later.map(({ ended }) => ended))).toEqual([0, 0, 0])
  expect(await linesOf(again)).toEqual([])
})

test('a crash in the middle of 10,000 texts loses the batch under way and nothing else', async () => {
  const sent = join(dataFolder, 'sent.txt')
  const first = embedInProcess(sent, 'text', 10_000)
  await expect.poll(async () => (await linesOf(sent)).length, { interval: 5 }).toBeGreaterThan(3000)
  first.kill()
  expect(await first.ended).toBe('SIGKILL')
  const before = (await linesOf(sent)).length
  expect(before).toBeLessThan(10_000)
  expect(await embedInProcess(sent, 'text', 10_000).ended).toBe(0)
  const all = await linesOf(sent)
  expect(new Set(all).size).toBe(10_000)
  expect(all.length).toBeLessThanOrEqual(10_000 + 50)
  expect(all.length).toBeGreaterThan(before)
})

test('a damaged cache file is replaced by a new one', async () => {
  await writeFile(
    join(dataFolder, 'embeddings.sqlite'),
    'this is no database, but long enough to be looked at. '.repeat(40),
  )
  const model = new CountingModel()
  await cachedEmbedModel(model, cache).embedDocuments(['a'])
  await cachedEmbedModel(model, cache).embedDocuments(['a'])
  expect(model.sent).toEqual(['a'])
})
