/** Exact search against a plain loop in float64, on vectors that are hard for a search by bytes. */
import { exactSearch, MetricKind } from 'usearch'
import { expect, test } from 'vitest'
import type { QuantisedVectors } from '#engine/retrieve/quantised-rows.ts'
import { VectorSearch, type VectorSource } from '#engine/retrieve/vector-search.ts'

const dimensions = 48

/** The same numbers in every run. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

class Memory implements VectorSource {
  readonly dimensions: number
  readonly vectors: Float32Array[]
  reads = 0

  constructor(vectors: Float32Array[], size = dimensions) {
    this.vectors = vectors
    this.dimensions = size
  }

  read(row: number, target: Float32Array): number {
    const count = target.length / this.dimensions
    this.reads += count
    for (let index = 0; index < count; index++)
      target.set(this.vectors[row + index]!, index * this.dimensions)
    return count
  }
}

function bruteForce(
  vectors: readonly Float32Array[],
  query: Float32Array,
  topK: number,
  masked: Set<number>,
) {
  const length = (vector: Float32Array): number =>
    Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
  const queryLength = length(query)
  return vectors
    .map((vector, row) => {
      let product = 0
      let squares = 0
      for (let index = 0; index < vector.length; index++) {
        product += query[index]! * vector[index]!
        squares += vector[index]! * vector[index]!
      }
      return { row, score: product / (queryLength * Math.sqrt(squares)) }
    })
    .filter(({ row, score }) => !masked.has(row) && Number.isFinite(score))
    .sort((a, b) => b.score - a.score || a.row - b.row)
    .slice(0, topK)
}

const random = dice(7)
const gaussian = (size = dimensions): Float32Array =>
  Float32Array.from({ length: size }, () => normal(random))
const rows = 6000

const collections: Record<string, () => Float32Array[]> = {
  'spread evenly': () => Array.from({ length: rows }, () => gaussian()),
  'all equal': () => {
    const vector = gaussian()
    return Array.from({ length: rows }, () => vector)
  },
  'many equal among others': () => {
    const vector = gaussian()
    return Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? vector : gaussian()))
  },
  'the same direction in many lengths': () => {
    const vector = gaussian()
    return Array.from({ length: rows }, (_, row) => vector.map((value) => value * 2 ** ((row % 200) - 100)))
  },
  'near duplicates': () => {
    const centre = gaussian()
    return Array.from({ length: rows }, () => centre.map((value) => value + normal(random) * 1e-3))
  },
  'one bit apart': () => {
    const centre = gaussian()
    const bits = new Int32Array(centre.buffer)
    return Array.from({ length: rows }, (_, row) => {
      const copy = Int32Array.from(bits)
      copy[row % dimensions]! += 1 + (row % 3)
      return new Float32Array(copy.buffer)
    })
  },
  'huge and tiny numbers': () =>
    Array.from({ length: rows }, (_, row) => gaussian().map((value) => value * (row % 2 ? 1e37 : 1e-38))),
  'one hot': () =>
    Array.from({ length: rows }, (_, row) =>
      Float32Array.from({ length: dimensions }, (_, index) =>
        index === row % dimensions ? 1 + (row % 5) : 0,
      ),
    ),
  'a few one hot among others': () =>
    Array.from({ length: rows }, (_, row) =>
      row % 100 === 0
        ? Float32Array.from({ length: dimensions }, (_, index) => (index === row % dimensions ? 1 : 1e-3))
        : gaussian(),
    ),
  opposites: () =>
    Array.from({ length: rows }, (_, row) =>
      gaussian().map((value, index) => (index === 0 ? (row % 2 ? 50 : -50) : value)),
    ),
  'some zero, some not numbers': () =>
    Array.from({ length: rows }, (_, row) => {
      if (row % 11 === 0) return new Float32Array(dimensions)
      if (row % 13 === 0) return gaussian().fill(Number.NaN, 3, 4)
      if (row % 17 === 0) return gaussian().fill(Number.POSITIVE_INFINITY, 5, 6)
      return gaussian()
    }),
}

function queriesFor(vectors: readonly Float32Array[]): Float32Array[] {
  const usable = vectors.filter((vector) => {
    const sum = vector.reduce((total, value) => total + value * value, 0)
    return sum > 0 && Number.isFinite(sum)
  })
  return [
    gaussian(),
    gaussian(),
    usable[0]!,
    usable[Math.floor(usable.length / 2)]!,
    usable.at(-1)!.map((value) => -value),
    usable[17]!.map((value) => value * (1 + normal(random) * 0.01)),
    Float32Array.from({ length: dimensions }, (_, index) => (index === 3 ? 1 : 0)),
  ]
}

test.each(Object.keys(collections))(
  'vectors that are %s: rows and scores are those of a plain loop',
  (name) => {
    const vectors = collections[name]!()
    const search = new VectorSearch(new Memory(vectors), vectors.length)
    for (const query of queriesFor(vectors)) {
      for (const topK of [1, 10, 300])
        expect(search.search(query, topK)).toEqual(bruteForce(vectors, query, topK, new Set()))
    }
  },
)

test.each(Object.keys(collections))(
  'vectors that are %s: after deletions, and rows that came later',
  (name) => {
    const all = collections[name]!()
    // What comes later is unlike what the scale was chosen for.
    all.push(
      ...Array.from({ length: 2000 }, (_, row) =>
        gaussian().map((value, index) => (index === row % 7 ? value * 40 : value)),
      ),
    )
    const memory = new Memory(all)
    const search = new VectorSearch(memory, rows)
    const masked = new Set<number>()
    for (const added of [rows + 1, rows + 300, rows + 2000]) {
      search.add(added)
      for (const query of queriesFor(all.slice(0, added))) {
        const expected = bruteForce(all.slice(0, added), query, 10, masked)
        expect(search.search(query, 10)).toEqual(expected)
        for (const { row } of expected.slice(0, 3)) {
          masked.add(row)
          search.mask(row)
        }
        expect(search.search(query, 10)).toEqual(bruteForce(all.slice(0, added), query, 10, masked))
      }
    }
  },
)

test('what was kept of a search answers as the search itself, with more rows behind', () => {
  const vectors = collections['a few one hot among others']!()
  const memory = new Memory(vectors)
  const first = new VectorSearch(memory, rows - 500)
  first.mask(5)
  const { bytes, errors, ...rest } = first.quantised()
  const kept: QuantisedVectors = { ...rest, bytes: bytes.slice(), errors: errors.slice() }
  const search = new VectorSearch(memory, rows, kept)
  for (const query of queriesFor(vectors))
    expect(search.search(query, 10)).toEqual(bruteForce(vectors, query, 10, new Set()))
})

test('a row that was taken out when the bytes were kept is found when it counts again', () => {
  const vectors = Array.from({ length: rows }, () => gaussian())
  const memory = new Memory(vectors)
  const first = new VectorSearch(memory, rows)
  first.mask(1234)
  const search = new VectorSearch(memory, rows, first.quantised())
  expect(search.search(vectors[1234]!, 1)[0]!.row).toBe(1234)
})

test('ordinary vectors need few rows to be scored', () => {
  const size = 384
  const memory = new Memory(
    Array.from({ length: 20_000 }, () => gaussian(size)),
    size,
  )
  const search = new VectorSearch(memory, memory.vectors.length)
  memory.reads = 0
  for (let query = 0; query < 20; query++) search.search(gaussian(size), 10)
  expect(memory.reads / 20).toBeLessThan(200)
})

test('the kernel gives one minus the sum of the products, as a float32, in order', () => {
  const size = 4096
  const bytes = Int8Array.from({ length: size * 200 }, (_, index) =>
    index < size * 8 ? (index % (size * 2) < size ? 127 : -127) : Math.round(random() * 254) - 127,
  )
  const query = new Int8Array(size).fill(127)
  const { keys, distances } = exactSearch(bytes, query, size, 200, MetricKind.IP, 1)
  for (let index = 0; index < 200; index++) {
    const row = Number(keys[index])
    let sum = 0
    for (let place = 0; place < size; place++) sum += bytes[row * size + place]! * query[place]!
    expect(Math.abs(1 - sum - distances[index]!)).toBeLessThanOrEqual(Math.abs(1 - sum) * 2 ** -24)
    if (index > 0) expect(distances[index]!).toBeGreaterThanOrEqual(distances[index - 1]!)
  }
})

test.each([0.002, 0.05, 0.3, 0.9])(
  'of chosen rows (%d of all) the nearest are found exactly, in every way of looking for them',
  (share) => {
    const random = dice(11)
    const vectors = Array.from({ length: 6000 }, () =>
      Float32Array.from({ length: dimensions }, () => normal(random)),
    )
    const search = new VectorSearch(new Memory(vectors), vectors.length)
    const masked = new Set([5, 17, 4000])
    for (const row of masked) search.mask(row)
    const chosen = Uint8Array.from(vectors, () => (random() < share ? 1 : 0))
    const rows = [...chosen.keys()].filter((row) => chosen[row] === 1 && !masked.has(row))
    for (const topK of [1, 10, 7000]) {
      const query = Float32Array.from({ length: dimensions }, () => normal(random))
      expect(search.searchChosen(query, topK, chosen)).toEqual(search.searchAmong(query, topK, rows))
    }
  },
)
