/** The keyword index of a collection: filled from its records, told of changes, made anew when another program wrote. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseQuery } from '#contract'
import { queryTerms } from '#engine/retrieve/keyword/query-terms.ts'
import type { StoredNode } from '#engine/storage/storage-folder.ts'
import { CollectionKeywords, indexed } from '#engine/stores/collection-keywords.ts'

let home: string
let keywords: CollectionKeywords
/** Stands for the collection at the other end. */
let records: StoredNode[]
let pages: number

function record(nodeId: string, text: string, refDocId: string | null = null): StoredNode {
  const rest = { startCharIdx: null, endCharIdx: null, previousNodeId: null, nextNodeId: null }
  return { nodeId, refDocId, text, metadata: { source: '/docs/of.txt' }, ...rest }
}

function open(): CollectionKeywords {
  return new CollectionKeywords({
    path: join(home, 'own', 'keywords.sqlite'),
    records: () => Promise.resolve(records.length),
    page: (offset, limit) => {
      pages++
      return Promise.resolve(records.slice(offset, offset + limit))
    },
  })
}

async function found(query: string): Promise<string[]> {
  await keywords.prepare()
  const hits = await keywords.query({ terms: queryTerms(parseQuery(query).parts), topK: 10 })
  return hits?.map(({ nodeId }) => nodeId).sort() ?? ['not ready']
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'stackroom-collection-keywords-'))
  records = Array.from({ length: 1203 }, (_, index) => record(`node ${index}`, `a walrus numbered n${index}`))
  pages = 0
  keywords = open()
})

afterEach(async () => {
  await keywords.close()
  await rm(home, { recursive: true, force: true })
})

test('all records are in it, and it is there after a restart', async () => {
  expect(await found('n1202')).toEqual(['node 1202'])
  expect(pages).toBe(3)
  await keywords.close()
  keywords = open()
  expect(await found('n7')).toEqual(['node 7'])
  expect(pages).toBe(3)
})

test('changes of our own are taken in one by one', async () => {
  await found('walrus')
  const before = records.length
  const added = record('new', 'a tusk', '/new.txt')
  records = [
    ...records.filter(({ nodeId }) => nodeId !== 'node 5'),
    added,
    record('other', 'a tusk', '/other.txt'),
  ]
  await keywords.follow(
    { removedKeys: ['node 5'], removedRefDocIds: [], nodes: records.slice(-2).map(indexed) },
    before,
  )
  expect(await found('tusk')).toEqual(['new', 'other'])
  expect(await found('n5')).toEqual([])
  const after = records.length
  records = records.filter(({ refDocId }) => refDocId !== '/new.txt')
  await keywords.follow({ removedKeys: [], removedRefDocIds: ['/new.txt'], nodes: [] }, after)
  expect(await found('tusk')).toEqual(['other'])
  expect(pages).toBe(3)
})

test('when another program added records, the index is made anew before it answers', async () => {
  await found('walrus')
  records.push(record('theirs', 'a seal'))
  expect(await keywords.query({ terms: queryTerms(parseQuery('seal').parts), topK: 10 })).toBeNull()
  expect(await found('seal')).toEqual(['theirs'])
})
