/** Persist dirs of every version and kind, as LlamaIndex wrote them: read in full, and written back to the byte. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { persistDirs, WorkingCopy } from './persist-dirs.ts'
import { buildNodes } from './storage-documents.ts'

const withoutVectorIndex = ['0.14.25-summary', '0.14.25-document-summary']
const elsewhere = ['0.14.25-chroma', '0.14.25-faiss']
const typescript = persistDirs.filter((name) => name.startsWith('ts-'))
const changeable = persistDirs.filter(
  (name) => ![...withoutVectorIndex, ...elsewhere, ...typescript].includes(name),
)
const inserted = buildNodes('/new “document”.txt', ['one', 'two'])

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: unknown) => z.object({ code: z.string() }).parse(error).code,
  )
}

test('there are folders of every version that is to be read', () => {
  for (const version of [
    '0.6.',
    '0.8.',
    '0.9.',
    '0.10.',
    '0.11.',
    '0.12.',
    '0.13.',
    '0.14.',
    'ts-0.3.',
    'ts-0.12.',
  ])
    expect(persistDirs.some((name) => name.startsWith(version))).toBe(true)
})

test.each(persistDirs)(
  '%s: opened and persisted without a change, every file keeps every byte',
  async (name) => {
    await using copy = await WorkingCopy.of(name)
    const before = await copy.texts()
    const storage = await copy.open()
    await storage.persist()
    await copy.close()
    expect(await copy.texts()).toEqual(before)
  },
)

test.each(persistDirs.filter((name) => !elsewhere.includes(name)))(
  '%s: every node is read with its text and metadata, every document with its nodes',
  async (name) => {
    await using copy = await WorkingCopy.of(name)
    const storage = await copy.open()
    const docstore = copy.entries(name.startsWith('ts-') ? 'doc_store.json' : 'docstore.json')
    const nodes = docstore.get('docstore/data') ?? []
    const documents = docstore.get('docstore/ref_doc_info') ?? []
    // Before 0.6.20 there was no ref_doc_info.
    expect(await storage.summary()).toMatchObject({ nodes: nodes.length, documents: documents.length || 3 })
    const read = await storage.nodes(nodes.map(([nodeId]) => nodeId))
    expect(read.map(({ nodeId }) => nodeId)).toEqual(nodes.map(([nodeId]) => nodeId))
    const ofDocuments = read.filter(({ refDocId }) => refDocId !== null)
    expect(ofDocuments.length).toBeGreaterThan(0)
    for (const { text, metadata } of ofDocuments.filter(({ nodeId }) => nodeId !== 'picture')) {
      expect(text).not.toBe('')
      expect(metadata).toMatchObject({
        file_name: expect.stringMatching(/^(bees|tides|brot)\.txt$/) as string,
        pages: 2,
      })
    }
    for (const [refDocId] of documents) {
      const found = await storage.nodesOfDocument(refDocId)
      expect(found.length).toBeGreaterThan(0)
      expect(new Set(found.map((node) => node.refDocId))).toEqual(new Set([refDocId]))
      const [hash] = await storage.documentHashes([refDocId])
      // Documents whose nodes were inserted without them have none.
      if (name !== '0.14.25-images') expect(hash).toMatch(/^[0-9a-zA-Z+/=]{44,64}$/)
    }
    const linked = read.find(({ nextNodeId }) => nextNodeId !== null)
    if (linked) {
      const [next] = await storage.nodes([linked.nextNodeId ?? ''])
      expect(next?.previousNodeId).toBe(linked.nodeId)
    }
  },
)

test.each([...changeable, ...typescript])('%s: each node is found by its own vector', async (name) => {
  await using copy = await WorkingCopy.of(name)
  const storage = await copy.open()
  const file =
    [...(await copy.texts()).keys()].find((file) => /^(default__)?vector_store\.json$/.test(file)) ?? ''
  const sections = copy.entries(file)
  const vectors = sections.get('embedding_dict') ?? sections.get('embeddingDict') ?? []
  const isSummary = (nodeId: string): boolean => name.endsWith('several') && !nodeId.startsWith('doc-')
  for (const [nodeId, text] of vectors) {
    const vector = Float32Array.from(JSON.parse(text) as number[])
    const [first] = await storage.query(vector, 1)
    // What no vector index names is not searched in Python either: summaries of documents.
    if (isSummary(nodeId)) expect(first?.nodeId).toMatch(/^doc-/)
    else expect(first).toEqual({ nodeId, score: expect.closeTo(1, 6) as number })
  }
})

test.each(changeable)(
  '%s: after an insert every entry that was there keeps its text and its place, and after its removal every byte is back',
  async (name) => {
    await using copy = await WorkingCopy.of(name)
    const before = await copy.texts()
    const files = [...before.keys()].filter((file) => !/graph_store/.test(file))
    const entriesBefore = new Map(files.map((file) => [file, copy.entries(file)]))
    const storage = await copy.open()
    await storage.change({ insert: [inserted] })
    await storage.persist()
    for (const [file, sections] of entriesBefore) {
      const after = copy.entries(file)
      for (const [section, entries] of sections) {
        const kept = after.get(section)?.slice(0, entries.length) ?? []
        if (section !== 'index_store/data') expect(kept).toEqual(entries)
        else expect(kept.filter((entry, index) => entry[1] !== entries[index]?.[1])).toHaveLength(1)
      }
    }
    const between = await copy.texts()
    expect([...between].filter(([file, text]) => before.get(file) !== text).map(([file]) => file)).toEqual(
      [...before.keys()].filter((file) =>
        /^(docstore|index_store|(default__)?vector_store)\.json$/.test(file),
      ),
    )
    await storage.change({ deleteRefDocIds: [inserted.document.id] })
    await storage.persist()
    const after = await copy.texts()
    // The sections that older versions did not have stay, and are empty.
    for (const [file, text] of /^0\.[68]\./.test(name) ? after : [])
      after.set(file, text.replace(/, "(?:metadata_dict|docstore\/ref_doc_info)": \{\}/, ''))
    expect(after).toEqual(before)
  },
)

test.each(changeable)(
  '%s: after a document was deleted, what stays has the very text it had',
  async (name) => {
    await using copy = await WorkingCopy.of(name)
    const names = [...(await copy.texts()).keys()]
    const before = new Map(
      names.filter((file) => !/graph_store/.test(file)).map((file) => [file, copy.entries(file)]),
    )
    const [[refDocId] = ['doc-bees.txt']] = before.get('docstore.json')?.get('docstore/ref_doc_info') ?? []
    const storage = await copy.open()
    const nodes = (await storage.nodesOfDocument(refDocId)).map(({ nodeId }) => nodeId)
    const gone = new Set([refDocId, ...nodes])
    await storage.change({ deleteRefDocIds: [refDocId] })
    await storage.persist()
    for (const [file, sections] of before) {
      const after = copy.entries(file)
      for (const [section, entries] of sections) {
        const now = after.get(section)
        if (section === 'index_store/data')
          expect(now?.map(([key]) => key)).toEqual(entries.map(([key]) => key))
        else expect(now).toEqual(entries.filter(([key]) => /extras|future/.test(section) || !gone.has(key)))
      }
    }
    expect(await storage.nodesOfDocument(refDocId)).toEqual([])
    expect(await storage.documentHashes([refDocId])).toEqual([null])
    for (const [indexId] of before.get('index_store.json')?.get('index_store/data') ?? []) {
      const text = JSON.stringify(copy.struct(indexId))
      const isKept = ['tree', 'knowledge-graph'].includes(indexId)
      expect(nodes.some((nodeId) => text.includes(JSON.stringify(nodeId)))).toBe(isKept)
    }
  },
)

test('a folder with seven indexes: each forgets a deleted document as its own class does, trees and graphs are told of', async () => {
  await using copy = await WorkingCopy.of('0.14.25-several')
  const storage = await copy.open()
  const graphs = (await copy.texts()).get('property_graph_store.json')
  const tree = copy.struct('tree')
  const structSchema = z.looseObject({
    nodes: z.array(z.string()).optional(),
    table: z.record(z.string(), z.array(z.string())).optional(),
    doc_id_to_summary_id: z.record(z.string(), z.string()).optional(),
    summary_id_to_node_ids: z.record(z.string(), z.array(z.string())).optional(),
    node_id_to_summary_id: z.record(z.string(), z.string()).optional(),
  })
  const before = structSchema.parse(copy.struct('keywords'))
  expect((await storage.summary()).warnings.join()).not.toContain('deleted')
  await storage.change({ deleteRefDocIds: ['doc-tides.txt'] })
  await storage.persist()

  expect(structSchema.parse(copy.struct('summary')).nodes).toEqual([
    'doc-bees.txt-0',
    'doc-bees.txt-1',
    'doc-bees.txt-2',
    'doc-bees.txt-3',
    'doc-brot.txt-0',
    'doc-brot.txt-1',
  ])
  const wanted = Object.entries(before.table ?? {})
    .map(([keyword, nodes]) => [keyword, nodes.filter((nodeId) => !nodeId.startsWith('doc-tides'))] as const)
    .filter(([, nodes]) => nodes.length > 0)
  expect(structSchema.parse(copy.struct('keywords')).table).toEqual(Object.fromEntries(wanted))
  const summaries = structSchema.parse(copy.struct('document-summary'))
  expect(Object.keys(summaries.doc_id_to_summary_id ?? {})).toEqual(['doc-bees.txt', 'doc-brot.txt'])
  expect(Object.keys(summaries.summary_id_to_node_ids ?? {})).toEqual(
    Object.values(summaries.doc_id_to_summary_id ?? {}),
  )
  expect(Object.keys(summaries.node_id_to_summary_id ?? {})).toHaveLength(6)
  expect(copy.struct('tree')).toEqual(tree)
  expect((await copy.texts()).get('property_graph_store.json')).toBe(graphs)
  const { warnings } = await storage.summary()
  expect(warnings.filter((warning) => warning.includes('were deleted'))).toEqual([
    expect.stringMatching(/^3 of \d+ nodes of the tree index tree/),
    expect.stringMatching(/^3 of \d+ nodes of the kg index knowledge-graph/),
  ])
})

test('only taken out of the vector index, a document stays in the docstore and in the other indexes', async () => {
  await using copy = await WorkingCopy.of('0.14.25-several')
  const storage = await copy.open()
  const before = await copy.texts()
  const summary = copy.struct('summary')
  await storage.change({ deleteFromIndexOnly: ['doc-tides.txt'] })
  await storage.persist()
  expect((await copy.texts()).get('docstore.json')).toBe(before.get('docstore.json'))
  expect(copy.struct('summary')).toEqual(summary)
  expect(JSON.stringify(copy.struct('vector'))).not.toContain('doc-tides')
  const vectors = copy.entries('default__vector_store.json').get('text_id_to_ref_doc_id')
  expect(vectors?.map(([, refDocId]) => refDocId)).not.toContain('"doc-tides.txt"')
  expect(await storage.nodesOfDocument('doc-tides.txt')).toHaveLength(4)
})

test.each(withoutVectorIndex)(
  '%s: nothing is inserted beside the only index, and a document can be deleted',
  async (name) => {
    await using copy = await WorkingCopy.of(name)
    const before = await copy.texts()
    const storage = await copy.open()
    expect((await storage.summary()).warnings.join()).toContain('no vector index')
    expect(await codeOf(storage.change({ insert: [inserted] }))).toBe('unsupported-format')
    await storage.persist()
    expect(await copy.texts()).toEqual(before)
    await storage.change({ deleteRefDocIds: ['doc-bees.txt'] })
    await storage.persist()
    for (const [file, text] of await copy.texts()) {
      expect(text).not.toContain('doc-bees')
      if (before.get(file)?.includes('doc-tides')) expect(text).toContain('doc-tides')
    }
  },
)

test.each(elsewhere.filter((name) => persistDirs.includes(name)))(
  '%s: it opens, says where its vectors are, and is not changed',
  async (name) => {
    await using copy = await WorkingCopy.of(name)
    const before = await copy.texts()
    const storage = await copy.open()
    const summary = await storage.summary()
    expect(summary).toMatchObject({ store: name.endsWith('faiss') ? 'faiss' : 'external', vectors: 0 })
    expect(summary.warnings.join()).toContain('no vectors')
    expect(await codeOf(storage.change({ insert: [inserted] }))).toBe('missing-file')
    expect(await codeOf(storage.change({ deleteRefDocIds: ['doc-bees.txt'] }))).toBe('missing-file')
    await storage.persist()
    expect(await copy.texts()).toEqual(before)
  },
)

test.each(typescript)('%s: it is searched, and not changed', async (name) => {
  await using copy = await WorkingCopy.of(name)
  const storage = await copy.open()
  expect(await storage.summary()).toMatchObject({ kind: 'llamaindex-ts', readOnly: true, documents: 2 })
  expect(await codeOf(storage.change({ insert: [inserted] }))).toBe('unsupported-format')
  expect(await codeOf(storage.change({ deleteRefDocIds: ['bees.txt'] }))).toBe('unsupported-format')
})

test('ids that look like numbers keep their order, and __proto__ and half a surrogate pair are ids like others', async () => {
  await using copy = await WorkingCopy.of('0.14.25-odd-ids')
  const storage = await copy.open()
  const indexId = (await storage.summary()).indexes[0]?.id ?? ''
  const namesIn = (text: string): string[] =>
    [
      ...text.slice(text.indexOf('nodes_dict')).matchAll(/\\"((?:[^"\\]|\\\\\\"|\\\\\\\\|\\\\u)*)\\": \\"/g),
    ].map((match) => match[1] ?? '')
  const structText = (): string =>
    copy
      .entries('index_store.json')
      .get('index_store/data')
      ?.find(([key]) => key === indexId)?.[1] ?? ''
  const before = namesIn(structText())
  expect(before.slice(0, 4)).toEqual(expect.arrayContaining(['10', '2']))
  await storage.change({ insert: [buildNodes('0', ['9', '8'])] })
  await storage.persist()
  expect(namesIn(structText())).toEqual([...before, '0#9', '0#8'])

  const odd =
    copy
      .entries('docstore.json')
      .get('docstore/ref_doc_info')
      ?.map(([key]) => key) ?? []
  expect(odd).toEqual(['7', '__proto__ document', '\udc00', '0'])
  for (const refDocId of odd) expect((await storage.nodesOfDocument(refDocId)).length).toBeGreaterThan(0)
  const half = (await storage.nodes(['\ud83d', '__proto__', '', 'constructor', '10'])).map(
    ({ nodeId }) => nodeId,
  )
  expect(half).toEqual(['\ud83d', '__proto__', '', 'constructor', '10'])

  await storage.change({ deleteRefDocIds: ['\udc00', '__proto__ document', '0'] })
  await storage.persist()
  const left =
    copy
      .entries('docstore.json')
      .get('docstore/data')
      ?.map(([key]) => key) ?? []
  expect(left).toEqual(['10', '2', '1', '__proto__'])
  expect(namesIn(structText())).toEqual(left)
  expect(
    copy
      .entries('default__vector_store.json')
      .get('embedding_dict')
      ?.map(([key]) => key),
  ).toEqual(left)
})

test.each(['graph_store.json', 'image__vector_store.json', 'index_store.json', 'default__vector_store.json'])(
  'without %s the folder opens, says what it can, and the file is not made by opening and persisting',
  async (file) => {
    await using copy = await WorkingCopy.of('0.14.25')
    await rm(join(copy.persistDir, file))
    const before = await copy.texts()
    const storage = await copy.open()
    const isSearched = file !== 'default__vector_store.json'
    const summary = await storage.summary()
    expect(summary).toMatchObject({ nodes: 9, documents: 3, vectors: isSearched ? 9 : 0 })
    expect(summary.store).toBe(isSearched ? 'simple' : 'external')
    expect(await storage.query(new Float32Array(8).fill(1), 3)).toHaveLength(isSearched ? 3 : 0)
    expect(await storage.nodesOfDocument('doc-bees.txt')).toHaveLength(4)
    await storage.persist()
    expect(await copy.texts()).toEqual(before)
  },
)

test('without an index store the first insert makes an index that names what can be searched', async () => {
  await using copy = await WorkingCopy.of('0.14.25')
  await rm(join(copy.persistDir, 'index_store.json'))
  const storage = await copy.open()
  await storage.change({ insert: [inserted] })
  await storage.persist()
  const [{ id } = { id: '' }] = (await storage.summary()).indexes
  const { nodes_dict: nodesDict } = z
    .looseObject({ nodes_dict: z.record(z.string(), z.string()) })
    .parse(copy.struct(id))
  const nodes = copy
    .entries('docstore.json')
    .get('docstore/data')
    ?.map(([key]) => key)
  expect(Object.keys(nodesDict)).toEqual(nodes)
})

test('a vector store of an older name is left alone when there is one of the newer name', async () => {
  await using copy = await WorkingCopy.of('0.14.25')
  await using old = await WorkingCopy.of('0.8.20')
  const left = await readFile(join(old.persistDir, 'vector_store.json'))
  await writeFile(join(copy.persistDir, 'vector_store.json'), left)
  const storage = await copy.open()
  expect(await storage.summary()).toMatchObject({ vectors: 9, nodes: 9, warnings: [] })
  await storage.change({ insert: [inserted] })
  await storage.persist()
  expect((await readFile(join(copy.persistDir, 'vector_store.json'))).equals(left)).toBe(true)
})

test('a namespace is everything before the ending of the file name', async () => {
  await using copy = await WorkingCopy.of('0.14.25-namespaces')
  await rename(
    join(copy.persistDir, 'titles__vector_store.json'),
    join(copy.persistDir, 'default__titles__vector_store.json'),
  )
  const { vectorStores, vectors } = await (await copy.open()).summary()
  expect(vectorStores.map(({ namespace }) => namespace).sort()).toEqual([
    'default',
    'default__titles',
    'image',
  ])
  expect(vectors).toBe(9)
})

test('collections of another docstore in the same file are kept apart from the folder’s own', async () => {
  await using copy = await WorkingCopy.of('0.14.25')
  const path = join(copy.persistDir, 'docstore.json')
  const other = '{"archive/data": {"old": {"__data__": {"text": "old"}, "__type__": "1"}}, '
  await writeFile(path, other + (await readFile(path, 'utf8')).slice(1))
  const storage = await copy.open()
  expect(await storage.summary()).toMatchObject({ nodes: 9, documents: 3 })
  await storage.change({ deleteRefDocIds: ['doc-bees.txt'], insert: [inserted] })
  await storage.persist()
  expect(copy.entries('docstore.json').get('archive/data')).toHaveLength(1)
  expect((await readFile(path, 'utf8')).startsWith(other)).toBe(true)
})

test('a document that gets more nodes keeps the numbers in its metadata as they were written', async () => {
  await using copy = await WorkingCopy.of('0.14.25-extras')
  const storage = await copy.open()
  const infoOf = (): string =>
    copy
      .entries('docstore.json')
      .get('docstore/ref_doc_info')
      ?.find(([key]) => key === 'doc-bees.txt')?.[1] ?? ''
  const before = infoOf()
  const more = buildNodes('doc-bees.txt', ['more'])
  await storage.change({ insert: [more] })
  await storage.persist()
  expect(infoOf()).toBe(before.replace('-3"]', '-3", "doc-bees.txt#more"]'))
  expect(before).toContain('"x_big": 12345678901234567890, "x_float": 3.0')
})
