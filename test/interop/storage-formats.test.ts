/**
 * Changes of persist dirs beside the newest LlamaIndex: the same operation on two copies of a folder gives the same files,
 * and LlamaIndex sees nothing else changed in ours.
 */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openHere } from '../integration/persist-dirs.ts'
import { stackroomSettingsSchema } from '#engine/storage/stackroom-settings.ts'
import type { DocumentWithVectors, StorageChange, StorageFolder } from '#engine/storage/storage-folder.ts'

const root = resolve(import.meta.dirname, '../..')
const python = process.env.STACKROOM_PYTHON ?? join(root, '.venv/bin/python')
const fixtures = join(root, 'test/fixtures/persist-dirs')
const run = promisify(execFile)

const versions = ['0.9.48', '0.10.68.post1', '0.11.23', '0.12.52.post1', '0.13.6', '0.14.25']
const variants = [
  'pretty',
  'unescaped',
  'crlf',
  'compact',
  'documents',
  'images',
  'odd-ids',
  'extras',
  'several',
]
const odd = '0.14.25-odd-ids'

const added = {
  id: 'doc-new.txt',
  text: 'A violin has four strings that are tuned in fifths, and a bow that is rubbed with rosin – so that it grips the string. 🎻 '.repeat(
    2,
  ),
  metadata: { file_name: 'new.txt', pages: 3, tags: ['é', { deep: null }], weight: 2.5 },
}
const rewritten = { ...added, id: 'doc-tides.txt' }

interface Case {
  readonly folder: string
  readonly operation: 'insert' | 'delete' | 'delete-from-index' | 'update' | 'refresh' | 'delete-everywhere'
  readonly refDocId?: string
  readonly documents?: readonly { id: string; text: string; metadata: object }[]
}

function indexOf(folder: string): string | null {
  return folder.endsWith('several') ? 'vector' : null
}

const everyFolder = [...versions, ...variants.map((variant) => `0.14.25-${variant}`)]
const refDocIdIn = (folder: string): string => (folder === odd ? '__proto__ document' : 'doc-tides.txt')
const cases: readonly Case[] = [
  ...everyFolder.map((folder) => ({ folder, operation: 'insert' as const, documents: [added] })),
  ...everyFolder
    // Python itself fails there: a vector index does not know the summary among the document's nodes.
    .filter((folder) => !folder.endsWith('several'))
    .flatMap((folder) =>
      (['delete', 'delete-from-index'] as const).map((operation) => ({
        folder,
        operation,
        refDocId: refDocIdIn(folder),
      })),
    ),
  { folder: '0.14.25-several', operation: 'delete-everywhere', refDocId: 'doc-tides.txt' },
  ...['0.9.48', '0.12.52.post1', '0.14.25', '0.14.25-pretty'].flatMap((folder): Case[] => [
    { folder, operation: 'update', documents: [rewritten] },
    { folder, operation: 'update', documents: [added] },
    { folder, operation: 'refresh', documents: [rewritten, added, added] },
  ]),
]
const titleOf = ({ folder, operation, documents }: Case): string =>
  `${folder}, ${operation}${documents ? ` ${documents.map(({ id }) => id).join(', ')}` : ''}`

const documentSchema = z.custom<DocumentWithVectors['document']>(
  (value) => z.object({ hash: z.string() }).safeParse(value).success,
)
const changedSchema = z.object({
  inserted: z.array(
    z
      .object({
        document: documentSchema,
        nodes: z.custom<DocumentWithVectors['nodes']>(Array.isArray),
        vectors: z.array(z.array(z.number())),
      })
      .transform(({ vectors, ...rest }) => ({
        ...rest,
        vectors: vectors.map((vector) => Float32Array.from(vector)),
      })),
  ),
  refreshed: z.array(z.boolean()).nullable(),
  documents: z.array(documentSchema),
})
const differenceSchema = z.object({
  added: z.array(z.string()),
  removed: z.array(z.string()),
  changed: z.array(z.string()),
  sameOrder: z.boolean(),
})
const answersSchema = z.array(z.array(z.object({ nodeId: z.string(), score: z.number(), text: z.string() })))

let folder: string
const compared = new Map<string, string[]>()
const seen = new Map<string, z.infer<typeof differenceSchema>>()
const refreshedBoth = new Map<string, [ours: boolean[] | undefined, theirs: boolean[] | null]>()
const inserted = new Map<string, readonly DocumentWithVectors[]>()

async function ask(tasks: readonly object[]): Promise<unknown[]> {
  const path = join(folder, 'tasks.json')
  await writeFile(path, JSON.stringify(tasks))
  const { stdout } = await run(python, [join(import.meta.dirname, 'storage_formats.py'), path], {
    maxBuffer: 1 << 28,
  })
  return z.array(z.unknown()).parse(JSON.parse(stdout))
}

const oursOf = (index: number): string => join(folder, `ours-${index}`)
const theirsOf = (index: number): string => join(folder, `theirs-${index}`)

/** Two runs of Python for everything, as starting it takes longer than all its work. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-interop-formats-'))
  for (const [index, { folder: name }] of cases.entries())
    for (const copy of [oursOf(index), theirsOf(index)])
      await cp(join(fixtures, name), copy, { recursive: true })
  const changes = await ask(
    cases.map(({ folder: name, operation, refDocId, documents }, index) => ({
      task: 'change',
      persist_dir: theirsOf(index),
      operation,
      index_id: indexOf(name),
      ref_doc_id: refDocId ?? null,
      documents: documents ?? [],
    })),
  )
  for (const [index, wanted] of cases.entries()) {
    const title = titleOf(wanted)
    const theirs = changedSchema.parse(changes[index], {
      error: () => `${title}: ${JSON.stringify(changes[index])}`,
    })
    inserted.set(title, theirs.inserted)
    const storage = await openHere(oursOf(index), join(folder, 'data'))
    const ours = await changeLike(storage, wanted, theirs)
    refreshedBoth.set(title, [ours, theirs.refreshed])
    await storage.persist()
    await storage.close()
  }
  const answers = await ask(
    cases.flatMap(({ folder: name }, index) => [
      { task: 'compare', ours: oursOf(index), theirs: theirsOf(index) },
      { task: 'differ', before: join(fixtures, name), after: oursOf(index) },
    ]),
  )
  for (const [index, wanted] of cases.entries()) {
    compared.set(titleOf(wanted), z.array(z.string()).parse(answers[2 * index]))
    seen.set(titleOf(wanted), differenceSchema.parse(answers[2 * index + 1]))
  }
}, 300_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

async function changeLike(
  storage: Pick<StorageFolder, 'change' | 'documentHashes'>,
  { operation, refDocId = '' }: Case,
  theirs: z.infer<typeof changedSchema>,
): Promise<boolean[] | undefined> {
  if (operation === 'insert') await storage.change({ insert: theirs.inserted })
  else if (operation === 'delete' || operation === 'delete-everywhere')
    await storage.change({ deleteRefDocIds: [refDocId] })
  else if (operation === 'delete-from-index') await storage.change({ deleteFromIndexOnly: [refDocId] })
  else if (operation === 'update') await storage.change(updateOf(theirs.inserted))
  else {
    const ids = theirs.documents.map(({ id }) => id)
    const stored = await storage.documentHashes(ids)
    const hashes = new Map(ids.map((id, index) => [id, stored[index]]))
    const isChanged = theirs.documents.map(({ id, hash }) => {
      const before = hashes.get(id)
      hashes.set(id, hash)
      return before !== hash
    })
    const changed = theirs.documents.filter((_, index) => isChanged[index])
    const inserted = theirs.inserted.filter(({ document }) => changed.some(({ id }) => id === document.id))
    await storage.change(updateOf(inserted))
    return isChanged
  }
  return undefined
}

/** `update_ref_doc`, as the pipeline does it: what there was of the document goes in the same change. */
function updateOf(inserted: readonly DocumentWithVectors[]): StorageChange {
  return { deleteRefDocIds: inserted.map(({ document }) => document.id), insert: inserted }
}

const named = (...parts: readonly string[]): string => parts.join(' | ')

function namesOfNode(nodeId: string): string[] {
  return [
    named('node', nodeId),
    named('stored hash', nodeId),
    named('hash', nodeId),
    ...['embedding_dict', 'text_id_to_ref_doc_id', 'metadata_dict'].map((part) =>
      named('vector store default', part, nodeId),
    ),
  ]
}

test.each(cases.map(titleOf))('%s: the files are those that Python writes', (title) => {
  const differences = compared.get(title) ?? ['not compared']
  // What Python does not know does not survive its own persist.
  if (title.includes('extras'))
    expect(differences.filter((text) => !text.includes('x_') && !text.includes('extras'))).toEqual([])
  // A multimodal index in Python leaves the deleted nodes' ids in its struct.
  else if (title.includes('images, delete'))
    expect(differences).toEqual([expect.stringMatching(/^index_store.json index_store\/data: /)])
  else expect(differences).toEqual([])
})

test.each(cases.filter(({ operation }) => operation === 'insert'))(
  '$folder: after an insert Python sees the new nodes and everything else as before',
  (wanted) => {
    const { added: appeared, removed, changed, sameOrder } = seen.get(titleOf(wanted))!
    const nodeIds = inserted.get(titleOf(wanted))!.flatMap(({ nodes }) => nodes.map(({ node }) => node.id_))
    expect(nodeIds.length).toBeGreaterThan(2)
    const index = wanted.folder.endsWith('images') ? 'index multimodal' : 'index vector_store'
    const names = nodeIds.flatMap((nodeId) => [...namesOfNode(nodeId), named(index, 'nodes_dict', nodeId)])
    expect(appeared).toEqual([...names, named('hash', added.id), named('ref_doc_info', added.id)].sort())
    expect({ removed, changed, sameOrder }).toEqual({ removed: [], changed: [], sameOrder: true })
  },
)

test.each(cases.filter(({ operation }) => operation === 'delete'))(
  '$folder: after a delete Python sees the document’s nodes gone and everything else as before',
  (wanted) => {
    const { added: appeared, removed, changed, sameOrder } = seen.get(titleOf(wanted))!
    expect({ appeared, changed, sameOrder }).toEqual({ appeared: [], changed: [], sameOrder: true })
    expect(removed).toContain(named('ref_doc_info', wanted.refDocId!))
    // Node, its hash twice, vector, ref doc id, metadata, the index's entry.
    const nodes = removed.filter((name) => name.startsWith('node | '))
    const whole = wanted.folder.endsWith('documents') ? 1 : 0
    const image = removed.filter((name) => name.startsWith('vector store image'))
    const withoutHash = wanted.folder.endsWith('images') ? 0 : 1
    expect(image).toEqual([])
    expect(removed).toHaveLength((nodes.length - whole) * 7 + whole * 2 + 1 + withoutHash)
  },
)

test('several indexes: Python sees the document gone from each index that can forget', () => {
  const { added: appeared, removed, sameOrder } = seen.get('0.14.25-several, delete-everywhere')!
  expect(appeared).toEqual([])
  expect(sameOrder).toBe(true)
  expect(removed.some((name) => name.startsWith('index tree') || name.startsWith('index kg'))).toBe(false)
  expect(removed.some((name) => name.startsWith('index document_summary | doc_id_to_summary_id'))).toBe(true)
})

test.each([...refreshedTitles()])('%s: the same documents are refreshed', (title) => {
  const [ours, theirs] = refreshedBoth.get(title)!
  expect(ours).toEqual([true, true, false])
  expect(ours).toEqual(theirs)
})

function* refreshedTitles(): Generator<string> {
  for (const wanted of cases) if (wanted.operation === 'refresh') yield titleOf(wanted)
}

test('the best nodes and their scores are those that Python finds, whatever else is in the vector store', async () => {
  const vectors = Array.from({ length: 6 }, (_, seed) =>
    Array.from({ length: 8 }, (_, index) => Math.fround(Math.sin(seed * 8 + index))),
  )
  const folders = [...versions, '0.14.25-several', '0.14.25-documents', '0.14.25-odd-ids']
  const found = await ask(
    folders.map((name) => ({
      task: 'search',
      persist_dir: join(fixtures, name),
      vectors,
      index_id: indexOf(name),
    })),
  )
  for (const [index, name] of folders.entries()) {
    const theirs = answersSchema.parse(found[index])
    const copy = join(folder, `search-${index}`)
    await cp(join(fixtures, name), copy, { recursive: true })
    const storage = await openHere(copy, join(folder, 'data'))
    for (const [at, vector] of vectors.entries()) {
      const ours = await storage.query(Float32Array.from(vector), 5)
      const nodes = await storage.nodes(ours.map(({ nodeId }) => nodeId))
      expect(ours.map(({ nodeId }, rank) => ({ nodeId, text: nodes[rank]?.text }))).toEqual(
        theirs[at]!.map(({ nodeId, text }) => ({ nodeId, text })),
      )
      ours.forEach(({ score }, rank) => expect(score).toBeCloseTo(theirs[at]![rank]!.score, 9))
    }
    await storage.close()
  }
})

test('a new folder has the files that Python makes of the same document, and an empty one of Python’s is filled as by Python', async () => {
  const [made, ours, empty, filled] = ['made', 'ours', 'empty', 'filled'].map((name) => join(folder, name))
  const [created] = await ask([
    { task: 'create', persist_dir: made, documents: [added] },
    { task: 'create', persist_dir: empty, documents: [] },
  ])
  await cp(empty!, filled!, { recursive: true })
  const [theirs] = await ask([
    { task: 'change', persist_dir: filled, operation: 'insert', documents: [added] },
  ])
  const insertSchema = changedSchema.shape.inserted
  const fresh = await openHere(ours!, join(folder, 'data'), newSettings)
  await fresh.change({ insert: insertSchema.parse(created) })
  await fresh.persist()
  await fresh.close()
  const storage = await openHere(empty!, join(folder, 'data'))
  await storage.change({ insert: changedSchema.parse(theirs).inserted })
  await storage.persist()
  await storage.close()
  const differences = await ask([
    { task: 'compare', ours, theirs: made, index_ids: false },
    { task: 'compare', ours: empty, theirs: filled },
  ])
  expect(differences).toEqual([[], []])
})

const newSettings = stackroomSettingsSchema.parse({
  version: 1,
  name: 'new',
  created: '2026-11-25T10:00:00.000Z',
  lastIndexed: null,
  embedModel: null,
  transformations: [],
  vectorStore: { kind: 'simple' },
  sources: [],
})
