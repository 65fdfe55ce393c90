/**
 * What every vector store must do, written once and run against each adapter with its real engine: see
 * store-chroma.test.ts and store-simple.test.ts.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TextNode } from '#engine/schema/node.ts'
import type { Metadata } from '#contract'
import type { MetadataFilter, MetadataFilters } from '#engine/stores/metadata-filters.ts'
import type { NodeWithVector, VectorStore } from '#engine/stores/vector-store.ts'
import { codeOf } from './storage-test-folder.ts'

export interface StoreHarness extends AsyncDisposable {
  /** A store that has nothing in it. */
  empty(): Promise<VectorStore>
  /** The same store once more, as another part of the app opens it. */
  again(): Promise<VectorStore>
  /** Ends the engine without a word, as a crash does. Absent: there is no engine of its own. */
  killEngine?(): Promise<void>
}

interface NodeOptions {
  readonly text?: string
  readonly metadata?: Metadata
  readonly refDocId?: string
}

export function nodeOf(id: string, vector: readonly number[], options: NodeOptions = {}): NodeWithVector {
  const { text = `text of ${id}`, metadata = {}, refDocId = 'document' } = options
  const node: TextNode = {
    id_: id,
    embedding: null,
    metadata,
    excluded_embed_metadata_keys: [],
    excluded_llm_metadata_keys: [],
    relationships: {
      '1': { node_id: refDocId, node_type: '4', metadata: {}, hash: 'hash', class_name: 'RelatedNodeInfo' },
    },
    metadata_template: '{key}: {value}',
    metadata_separator: '\n',
    text,
    mimetype: 'text/plain',
    start_char_idx: 3,
    end_char_idx: 7,
    text_template: '{metadata_str}\n\n{content}',
    class_name: 'TextNode',
  }
  return { node, vector: Float32Array.from(vector) }
}

/** Nodes whose metadata are of every kind. */
const various: Readonly<Record<string, Metadata>> = {
  one: { size: 1, name: 'alpha', tags: ['red', 'green'] },
  two: { size: 2, name: 'Beta', tags: [] },
  half: { size: 0.5, name: 'gamma ray' },
  text: { size: '1', name: 'delta' },
  nothing: { size: null, name: '' },
  missing: {},
}

const query = Float32Array.of(1, 0.2, 0.1)

/** Filters, and which nodes of `various` match, as LlamaIndex's SimpleVectorStore says. */
const filterCases: readonly [string, MetadataFilters | MetadataFilter, readonly string[]][] = [
  ['equal to a number, not to its text', { key: 'size', value: 1 }, ['one']],
  ['equal to a text, not to its number', { key: 'size', value: '1' }, ['text']],
  [
    'not equal: also where there is nothing',
    { key: 'size', operator: '!=', value: 1 },
    ['half', 'missing', 'nothing', 'text', 'two'],
  ],
  ['greater', { key: 'size', operator: '>', value: 0.5 }, ['one', 'two']],
  ['greater or equal, fractions too', { key: 'size', operator: '>=', value: 0.5 }, ['half', 'one', 'two']],
  ['less', { key: 'size', operator: '<', value: 2 }, ['half', 'one']],
  ['less or equal', { key: 'size', operator: '<=', value: 1 }, ['half', 'one']],
  ['texts in their order', { key: 'name', operator: '>', value: 'b' }, ['half', 'text']],
  ['in a list', { key: 'size', operator: 'in', value: [1, 0.5] }, ['half', 'one']],
  ['in a list of texts', { key: 'name', operator: 'in', value: ['alpha', 'delta'] }, ['one', 'text']],
  ['in an empty list: nothing', { key: 'size', operator: 'in', value: [] }, []],
  [
    'not in a list: also where there is nothing',
    { key: 'size', operator: 'nin', value: [1, 2] },
    ['half', 'missing', 'nothing', 'text'],
  ],
  ['a list that contains', { key: 'tags', operator: 'contains', value: 'red' }, ['one']],
  ['any of a list', { key: 'tags', operator: 'any', value: ['blue', 'green'] }, ['one']],
  ['all of a list', { key: 'tags', operator: 'all', value: ['red', 'green'] }, ['one']],
  ['all of a list, of which one is not there', { key: 'tags', operator: 'all', value: ['red', 'blue'] }, []],
  ['a part of a text', { key: 'name', operator: 'text_match', value: 'a r' }, ['half']],
  [
    'a part of a text in any case',
    { key: 'name', operator: 'text_match_insensitive', value: 'BET' },
    ['two'],
  ],
  [
    'empty: null, missing, an empty list',
    { key: 'tags', operator: 'is_empty', value: null },
    ['half', 'missing', 'nothing', 'text', 'two'],
  ],
  ['an empty text', { key: 'name', value: '' }, ['nothing']],
  ['a key that nobody has', { key: 'nobody', value: 1 }, []],
  ['no filters at all', { filters: [] }, Object.keys(various).sort()],
  [
    'and',
    {
      filters: [
        { key: 'size', operator: '>=', value: 1 },
        { key: 'name', value: 'Beta' },
      ],
    },
    ['two'],
  ],
  [
    'or',
    {
      condition: 'or',
      filters: [
        { key: 'size', value: '1' },
        { key: 'name', value: 'Beta' },
      ],
    },
    ['text', 'two'],
  ],
  [
    'not: none of them',
    {
      condition: 'not',
      filters: [
        { key: 'size', operator: '>', value: 0 },
        { key: 'name', value: 'delta' },
      ],
    },
    ['missing', 'nothing'],
  ],
  [
    'groups in groups',
    {
      condition: 'or',
      filters: [
        {
          filters: [
            { key: 'size', operator: '>', value: 0 },
            { condition: 'not', filters: [{ key: 'name', value: 'Beta' }] },
          ],
        },
        {
          filters: [
            { key: 'size', value: '1' },
            { key: 'name', value: 'delta' },
          ],
        },
      ],
    },
    ['half', 'one', 'text'],
  ],
  ['the document of a node', { key: 'ref_doc_id', value: 'document' }, Object.keys(various).sort()],
]

export function conformsToVectorStore(name: string, makeHarness: () => Promise<StoreHarness>): void {
  describe(name, () => {
    let harness: StoreHarness
    beforeAll(async () => {
      harness = await makeHarness()
    })
    afterAll(() => harness[Symbol.asyncDispose]())

    const idsOf = async (store: VectorStore): Promise<string[]> =>
      (await store.get({})).map(({ nodeId }) => nodeId).sort()
    const found = async (store: VectorStore, vector = query, topK = 10): Promise<string[]> =>
      (await store.query({ vector, topK })).map(({ nodeId }) => nodeId)

    describe('nodes', () => {
      let store: VectorStore
      beforeEach(async () => {
        store = await harness.empty()
      })

      test('a store with nothing in it answers with nothing', async () => {
        expect(await store.count()).toBe(0)
        expect(await store.dimensions()).toBeNull()
        expect(await store.query({ vector: query, topK: 3 })).toEqual([])
        expect(await store.get({})).toEqual([])
        await store.delete('nobody')
        await store.deleteNodes({ nodeIds: ['nobody'] })
        expect(await store.count()).toBe(0)
      })

      test('the nearest nodes come first, and as many as asked for', async () => {
        await store.add([nodeOf('far', [0, 0, 1]), nodeOf('near', [1, 0.1, 0]), nodeOf('middle', [1, 1, 0])])
        expect(await found(store)).toEqual(['near', 'middle', 'far'])
        expect(await found(store, query, 2)).toEqual(['near', 'middle'])
        const scores = (await store.query({ vector: query, topK: 3 })).map(({ score }) => score)
        expect(scores).toEqual([...scores].sort((a, b) => b - a))
        expect(await store.dimensions()).toBe(3)
      })

      test('a node comes back as it was, whatever its ids, text and metadata are written in', async () => {
        const id = 'ключ/😀 "quoted" \\ \n Ä'
        const metadata = {
          'schlüssel 名': 'Größe 名前 😀',
          number: 1.5,
          yes: true,
          none: null,
          list: ['a', 'b'],
        }
        await store.add([
          nodeOf(id, [1, 0, 0], { text: 'Grüße\n\u0000 😀', metadata, refDocId: 'Datei ü.txt' }),
        ])
        const [entry] = await store.get({ nodeIds: [id], vectors: true })
        expect(entry?.nodeId).toBe(id)
        expect(Array.from(entry?.vector ?? [])).toEqual([1, 0, 0])
        const expected = {
          nodeId: id,
          text: 'Grüße\n\u0000 😀',
          metadata,
          refDocId: 'Datei ü.txt',
          startCharIdx: 3,
        }
        expect(entry?.node).toMatchObject(expected)
        const [hit] = await store.query({ vector: query, topK: 1 })
        expect(hit?.nodeId).toBe(id)
        if (store.capabilities.storesText) expect(hit?.node).toMatchObject(expected)
      })

      test('a node that comes out of another store stays what it was there, whatever its class and its numbers', async () => {
        if (!store.capabilities.storesText) return
        const item = nodeOf('i', [1, 0, 0], { text: 'of an image', metadata: { weight: 1 } })
        const content = JSON.stringify({ ...item.node, class_name: 'ImageNode', image: 'aGk=', own: 'x' })
          // A number that JavaScript does not print like this.
          .replace('"weight":1', '"weight": 1.0')
        await store.add([{ ...item, content }])
        const [entry] = await store.get({ nodeIds: ['i'], contents: true })
        expect(JSON.parse(entry?.content ?? '')).toMatchObject({
          text: 'of an image',
          class_name: 'ImageNode',
          image: 'aGk=',
          own: 'x',
        })
        expect(entry?.content).toContain('1.0')
      })

      test('get keeps the order of the ids, passes over those that are not there, and pages', async () => {
        await store.add(['a', 'b', 'c', 'd'].map((id) => nodeOf(id, [1, 0, 0])))
        const ids = async (request: Parameters<VectorStore['get']>[0]): Promise<string[]> =>
          (await store.get(request)).map(({ nodeId }) => nodeId)
        expect(await ids({ nodeIds: ['d', 'nobody', 'a'] })).toEqual(['d', 'a'])
        expect(await ids({ nodeIds: [] })).toEqual([])
        const pages = [...(await ids({ limit: 3 })), ...(await ids({ limit: 3, offset: 3 }))]
        expect(pages.sort()).toEqual(['a', 'b', 'c', 'd'])
        expect(await ids({ nodeIds: ['d', 'a', 'b'], offset: 1, limit: 1 })).toEqual(['a'])
      })

      test('a node whose id is there is replaced', async () => {
        await store.add([
          nodeOf('a', [1, 0, 0], { text: 'old', metadata: { old: 1 } }),
          nodeOf('b', [0, 1, 0]),
        ])
        await store.add([nodeOf('a', [0, 0, 1], { text: 'new', metadata: { fresh: 2 }, refDocId: 'other' })])
        expect(await store.count()).toBe(2)
        const [entry] = await store.get({ nodeIds: ['a'], vectors: true })
        expect(entry?.node).toMatchObject({ text: 'new', metadata: { fresh: 2 }, refDocId: 'other' })
        expect(Array.from(entry?.vector ?? [])).toEqual([0, 0, 1])
        expect((await store.get({ filters: { filters: [{ key: 'old', value: 1 }] } })).length).toBe(0)
        await store.delete('document')
        expect(await idsOf(store)).toEqual(['a'])
      })

      test('of two nodes with one id in one call the last counts', async () => {
        await store.add([nodeOf('a', [1, 0, 0], { text: 'first' }), nodeOf('a', [1, 0, 0], { text: 'last' })])
        expect(await store.count()).toBe(1)
        expect((await store.get({ nodeIds: ['a'] }))[0]?.node?.text).toBe('last')
      })

      test('all nodes of a document are deleted, and no others', async () => {
        await store.add([
          nodeOf('a', [1, 0, 0], { refDocId: 'gone' }),
          nodeOf('b', [0, 1, 0], { refDocId: 'gone' }),
          nodeOf('c', [0, 0, 1], { refDocId: 'stays' }),
        ])
        await store.delete('gone')
        expect(await idsOf(store)).toEqual(['c'])
        expect(await found(store)).toEqual(['c'])
      })

      test('nodes are deleted by ids, by filters, and by both', async () => {
        await store.add(
          ['a', 'b', 'c', 'd', 'e'].map((id) =>
            nodeOf(id, [1, 0, 0], { metadata: { id, even: id === 'b' || id === 'd' } }),
          ),
        )
        await store.deleteNodes({ nodeIds: ['a', 'nobody'] })
        expect(await idsOf(store)).toEqual(['b', 'c', 'd', 'e'])
        await store.deleteNodes({ filters: { filters: [{ key: 'id', value: 'e' }] } })
        expect(await idsOf(store)).toEqual(['b', 'c', 'd'])
        await store.deleteNodes({
          nodeIds: ['b', 'c'],
          filters: { filters: [{ key: 'id', operator: 'in', value: ['c', 'd'] }] },
        })
        expect(await idsOf(store)).toEqual(['b', 'd'])
        await store.deleteNodes({ nodeIds: [] })
        expect(await idsOf(store)).toEqual(['b', 'd'])
      })

      test('deleting without saying what is refused, and deletes nothing', async () => {
        await store.add([nodeOf('a', [1, 0, 0])])
        expect(await codeOf(store.deleteNodes({}))).toBe('invalid-input')
        expect(await codeOf(store.deleteNodes({ filters: { filters: [] } }))).toBe('invalid-input')
        expect(await codeOf(store.deleteNodes({ filters: { filters: [{ filters: [] }] } }))).toBe(
          'invalid-input',
        )
        expect(await store.count()).toBe(1)
      })

      test('vectors of another length are refused, and nothing of the call is added', async () => {
        await store.add([nodeOf('a', [1, 0, 0])])
        expect(await codeOf(store.add([nodeOf('b', [1, 0, 0]), nodeOf('c', [1, 0])]))).toBe(
          'dimension-mismatch',
        )
        expect(await codeOf(store.query({ vector: Float32Array.of(1, 0), topK: 1 }))).toBe(
          'dimension-mismatch',
        )
        expect(await idsOf(store)).toEqual(['a'])
      })

      test('vectors that are no numbers, and a top k that is none, are refused', async () => {
        expect(await codeOf(store.add([nodeOf('a', [1, Number.NaN, 0])]))).toBe('invalid-vector')
        await store.add([nodeOf('a', [1, 0, 0])])
        expect(await codeOf(store.query({ vector: query, topK: 0 }))).toBe('invalid-input')
        expect(await codeOf(store.query({ vector: query, topK: 1.5 }))).toBe('invalid-input')
        expect(await codeOf(store.query({ vector: Float32Array.of(1, 0, Number.NaN), topK: 1 }))).toBe(
          'invalid-vector',
        )
      })

      test('a mode that the store does not have is refused', async () => {
        if (store.capabilities.queryModes.includes('hybrid')) return
        expect(await codeOf(store.query({ vector: query, topK: 1, mode: 'hybrid' }))).toBe('invalid-input')
      })

      test('maximum marginal relevance prefers what is different', async () => {
        if (!store.capabilities.queryModes.includes('mmr')) return
        await store.add([
          nodeOf('a', [1, 0.1, 0]),
          nodeOf('twin', [1, 0.1, 0.001]),
          nodeOf('other', [0.7, 0, 0.7]),
        ])
        const hits = await store.query({ vector: query, topK: 2, mode: 'mmr', mmrThreshold: 0.3 })
        expect(hits.map(({ nodeId }) => nodeId).sort()).not.toEqual(['a', 'twin'])
        expect(hits).toHaveLength(2)
      })

      test('its own name is among the names beside it', async () => {
        await store.add([nodeOf('a', [1, 0, 0])])
        expect((await store.listNamespaces()).length).toBeGreaterThan(0)
      })

      test('work that is cancelled beforehand is not begun', async () => {
        const signal = AbortSignal.abort(new Error('enough'))
        await expect(store.add([nodeOf('a', [1, 0, 0])], { signal })).rejects.toThrow('enough')
        await expect(store.query({ vector: query, topK: 1 }, { signal })).rejects.toThrow('enough')
        expect(await store.count()).toBe(0)
      })

      test('work that is cancelled under way ends with the reason, and the store goes on', async () => {
        const stop = new AbortController()
        const many = Array.from({ length: 2000 }, (_, index) => nodeOf(`n${index}`, [1, index, 0]))
        const adding = store.add(many, { signal: stop.signal })
        stop.abort(new Error('enough'))
        await expect(adding).rejects.toThrow('enough')
        await store.add([nodeOf('after', [1, 0, 0])])
        expect((await store.get({ nodeIds: ['after'] })).length).toBe(1)
      })

      test('two that write at once lose nothing', async () => {
        const other = await harness.again()
        const write = async (target: VectorStore, letter: string): Promise<void> => {
          for (let index = 0; index < 10; index++)
            await target.add([nodeOf(`${letter}${index}`, [1, index, 0])])
        }
        await Promise.all([write(store, 'a'), write(other, 'b'), write(store, 'c')])
        expect(await store.count()).toBe(30)
        expect(await other.count()).toBe(30)
      })

      test('after its engine was killed the store has everything, and takes more', async () => {
        if (!harness.killEngine) return
        await store.add([nodeOf('a', [1, 0, 0])])
        await harness.killEngine()
        expect(await found(store)).toEqual(['a'])
        await store.add([nodeOf('b', [0, 1, 0])])
        expect(await store.count()).toBe(2)
      })
    })

    test('what is being added while its engine is killed is there afterwards, again and again', async () => {
      if (!harness.killEngine) return
      const store = await harness.empty()
      const size = 400
      for (let round = 0; round < 5; round++) {
        const nodes = Array.from({ length: size }, (_, index) =>
          nodeOf(`${round} ${index}`, [round + 1, index, 1]),
        )
        const adding = store.add(nodes)
        // At another moment in each round: after as many calls as it has numbers.
        for (let calls = 0; calls < round; calls++) await store.count()
        await harness.killEngine()
        await adding
        expect(await store.count()).toBe(size * (round + 1))
      }
      for (let round = 0; round < 5; round++)
        expect(await found(store, Float32Array.of(round + 1, 399, 1), 1)).toHaveLength(1)
      const [entry] = await store.get({ nodeIds: ['2 7'], vectors: true })
      // An engine may keep unit vectors and their lengths.
      const values = [3, 7, 1]
      for (const [index, value] of values.entries()) expect(entry?.vector?.[index]).toBeCloseTo(value, 5)
    })

    describe('filters', () => {
      let store: VectorStore
      beforeAll(async () => {
        store = await harness.empty()
        await store.add(
          Object.entries(various).map(([id, metadata], index) => nodeOf(id, [1, index, 1], { metadata })),
        )
      })

      test.each(filterCases)('%s', async (_, filter, expected) => {
        const filters = 'filters' in filter ? filter : { filters: [filter] }
        const hits = await store.query({ vector: query, topK: 10, filters })
        expect(hits.map(({ nodeId }) => nodeId).sort()).toEqual([...expected])
        const entries = await store.get({ filters })
        expect(entries.map(({ nodeId }) => nodeId).sort()).toEqual([...expected])
      })

      test('node ids and filters restrict together', async () => {
        const filters = { filters: [{ key: 'size', operator: '>=', value: 1 } as const] }
        const hits = await store.query({
          vector: query,
          topK: 10,
          nodeIds: ['two', 'half', 'nobody'],
          filters,
        })
        expect(hits.map(({ nodeId }) => nodeId)).toEqual(['two'])
        expect(await store.query({ vector: query, topK: 10, nodeIds: [] })).toEqual([])
        expect(await store.query({ vector: query, topK: 10, nodeIds: ['nobody'] })).toEqual([])
      })
    })

    test('10,000 nodes are added, counted, found, filtered and deleted', async () => {
      const store = await harness.empty()
      // Neighbours are further apart than the rounding of float32.
      const angle = (index: number): number[] =>
        [index / 2000, (7 * index) / 2000].flatMap((radians) => [Math.cos(radians), Math.sin(radians)])
      const nodes = Array.from({ length: 10_000 }, (_, index) =>
        nodeOf(`node ${index}`, angle(index), {
          metadata: { index, part: index % 100 },
          refDocId: `document ${index % 10}`,
        }),
      )
      await store.add(nodes)
      expect(await store.count()).toBe(10_000)
      const vector = Float32Array.from(angle(4321))
      const nearest = await found(store, vector, 1)
      const filters = { filters: [{ key: 'part', value: 7 }] }
      const hits = await store.query({ vector, topK: 3, filters })
      const filtered = hits.map(({ nodeId }) => nodeId)
      if (store.capabilities.approximate) {
        // It may miss the very nearest, but not by much.
        expect(distances(nearest, 4321)).toEqual([expect.toSatisfy((far: number) => far <= 5)])
        expect(distances(filtered, 4307).length).toBeGreaterThan(0)
        for (const far of distances(filtered, 4307)) expect([0, 100, 200, 300]).toContain(far)
      } else {
        expect(nearest).toEqual(['node 4321'])
        expect(filtered).toEqual(['node 4307', 'node 4407', 'node 4207'])
      }
      expect((await store.get({ filters })).length).toBe(100)
      expect((await store.get({})).length).toBe(10_000)
      await store.delete('document 1')
      expect(await store.count()).toBe(9000)
      await store.deleteNodes({ nodeIds: nodes.slice(0, 6000).map(({ node }) => node.id_) })
      expect(await store.count()).toBe(3600)
    })
  })
}

/** How far nodes are from the one of this number, as they are numbered. */
function distances(nodeIds: readonly string[], number: number): number[] {
  return nodeIds.map((nodeId) => Math.abs(Number(nodeId.replace('node ', '')) - number))
}
