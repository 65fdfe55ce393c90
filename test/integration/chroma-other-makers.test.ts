/** Collections that other programs than LlamaIndex made, as a vector store: LangChain's, and those of Chroma's own clients. */
import { truncateSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChromaClient } from '#engine/stores/chroma/chroma-client.ts'
import type { ChromaEngine } from '#engine/stores/chroma/chroma-engine.ts'
import type { ChromaVectorStore } from '#engine/stores/chroma/chroma-vector-store.ts'
import { openChromaEngine, openChromaStore } from '#engine/stores/chroma/open-chroma-store.ts'
import { repairChromaFolder } from '#engine/stores/chroma/verify/repair-chroma-folder.ts'
import { chromaFixtures, expectedIn, hnswFile } from './chroma-damage.ts'

const cacheFolder = join(tmpdir(), 'stackroom-test-cache')
let home: string
let engine: ChromaEngine

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-chroma-'))
  engine = openChromaEngine({ folder: join(home, 'chroma'), cacheFolder, migrate: false })
})

afterAll(async () => {
  await engine.close()
  await rm(home, { recursive: true, force: true })
})

/** Records as a client sends them. */
async function collectionOf(
  name: string,
  records: Readonly<Record<string, unknown>>,
): Promise<ChromaVectorStore> {
  const { id } = await new ChromaClient(engine).getOrCreateCollection({
    name,
    metric: 'l2',
    embeddingFunction: null,
  })
  const path = `/api/v2/tenants/default_tenant/databases/default_database/collections/${id}/add`
  const answer = await engine.use((address) =>
    fetch(address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(records),
    }),
  )
  expect(answer.status).toBe(201)
  return openChromaStore(engine, { collection: name })
}

test('the nodes of a LangChain collection have its documents, ids and metadata', async () => {
  const store = await collectionOf('langchain', {
    ids: ['8a1c', '9b2d'],
    embeddings: [
      [1, 0, 0],
      [0, 1, 0],
    ],
    documents: ['The whale.', 'The sea.'],
    metadatas: [
      { source: '/books/whale.txt', page: 3, start_index: 120, doc_id: 'of mine' },
      { source: '/books/sea.txt' },
    ],
  })
  const whale = {
    nodeId: '8a1c',
    text: 'The whale.',
    metadata: { source: '/books/whale.txt', page: 3, start_index: 120, doc_id: 'of mine' },
  }
  expect((await store.get({ nodeIds: ['8a1c'] }))[0]?.node).toMatchObject(whale)
  const hits = await store.query({ vector: Float32Array.of(1, 0.1, 0), topK: 2 })
  expect(hits.map(({ node }) => node?.text)).toEqual(['The whale.', 'The sea.'])
  expect(hits[0]?.node).toMatchObject(whale)
  const filters = { filters: [{ key: 'page', operator: '>' as const, value: 2 }] }
  expect(await store.query({ vector: Float32Array.of(1, 0, 0), topK: 2, filters })).toHaveLength(1)
  const contains = { filters: [{ key: 'source', operator: 'text_match' as const, value: 'sea' }] }
  expect((await store.get({ filters: contains })).map(({ nodeId }) => nodeId)).toEqual(['9b2d'])
})

test('records without documents, metadata or both are nodes, too; an address of their content is in the metadata', async () => {
  const store = await collectionOf('plain', {
    ids: ['picture', 'bare', 'own'],
    embeddings: [
      [1, 0],
      [0, 1],
      [1, 1],
    ],
    uris: ['file:///a.png', null, 'file:///c.png'],
    metadatas: [{ year: 2001, tags: ['one', 'two'] }, null, { uri: 'mine' }],
  })
  const nodes = new Map((await store.get({ vectors: true })).map((entry) => [entry.nodeId, entry]))
  expect(nodes.get('picture')?.node).toMatchObject({
    text: '',
    refDocId: null,
    metadata: { uri: 'file:///a.png', year: 2001, tags: ['one', 'two'] },
  })
  expect(nodes.get('bare')).toMatchObject({ node: { text: '', metadata: {} }, vector: Float32Array.of(0, 1) })
  expect(nodes.get('own')?.node?.metadata).toEqual({ uri: 'mine' })
  const hits = await store.query({ vector: Float32Array.of(0, 1), topK: 3 })
  expect(hits.map(({ nodeId }) => nodeId)).toEqual(['bare', 'own', 'picture'])
  expect(hits[2]?.node?.metadata).toMatchObject({ uri: 'file:///a.png' })
  const filters = { filters: [{ key: 'tags', operator: 'contains' as const, value: 'two' }] }
  expect((await store.get({ filters })).map(({ nodeId }) => nodeId)).toEqual(['picture'])
})

test('records whose vectors Chroma has lost come without, and the others with theirs', async () => {
  const folder = join(home, 'lost')
  await cp(join(chromaFixtures, '1.5.9/chroma'), folder, { recursive: true })
  truncateSync(hnswFile(folder, 'index_metadata.pickle'), 500)
  const dataFolder = join(home, 'data')
  const { counts } = await repairChromaFolder({ folder, dataFolder, signal: new AbortController().signal })
  await using lossy = openChromaEngine({ folder, cacheFolder, migrate: false })
  const store = await openChromaStore(lossy, { collection: 'notes' })
  const entries = await store.get({ vectors: true })
  const { records } = expectedIn('1.5.9').notes!
  expect(entries.map(({ nodeId }) => nodeId).sort()).toEqual(Object.keys(records).sort())
  expect(entries.filter(({ vector }) => vector === null)).toHaveLength(counts['record-without-vector'] ?? 0)
  for (const { nodeId, vector } of entries)
    for (const [index, value] of vector?.entries() ?? [])
      expect(value).toBeCloseTo(records[nodeId]!.vector[index]!, 5)
  const someIds = entries.slice(0, 5).map(({ nodeId }) => nodeId)
  const some = await store.get({ nodeIds: someIds, vectors: true })
  expect(some.map(({ vector }) => vector)).toEqual(entries.slice(0, 5).map(({ vector }) => vector))
})
