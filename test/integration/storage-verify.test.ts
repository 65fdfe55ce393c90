/** Verifying and repairing storage folders: one Python folder, broken in one way after the other. */
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ProblemCode, VerifyReport } from '#contract'
import { verifyReportSchema } from '#contract'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { repairStorageFolder, verifyStorageFolder } from '#engine/storage/verify/verify-storage-folder.ts'
import { buildNodes } from './storage-documents.ts'

const fixtures = resolve(import.meta.dirname, '../fixtures/persist-dirs')
/** Three documents; nine nodes, each of which knows the one before and the one behind it. */
const whole = join(fixtures, '0.14.25')

let folder: string
let persistDir: string
let dataFolder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-verify-'))
  persistDir = join(folder, 'storage')
  dataFolder = join(folder, 'data')
  await cp(whole, persistDir, { recursive: true })
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const verify = () => verifyStorageFolder({ persistDir, dataFolder })
const repair = () => repairStorageFolder({ persistDir, dataFolder })

type Json = Record<string, Record<string, unknown>>
interface Node {
  __data__: { text: string; relationships: Record<string, { node_id: string }> }
}

async function edit(file: string, change: (content: Json) => void): Promise<void> {
  const path = join(persistDir, file)
  const text = await readFile(path, 'utf8')
  // 1.0 is not 1 for a hash, and JSON.stringify would make it that.
  const content = JSON.parse(text.replaceAll(/: (\d+\.0)(?=[,}])/g, ': "float $1"')) as Json
  change(content)
  await writeFile(path, JSON.stringify(content).replaceAll(/"float (\d+\.0)"/g, '$1'))
}

const editDocstore = (change: (content: Json) => void) => edit('docstore.json', change)
const editVectors = (change: (content: Json) => void) => edit('default__vector_store.json', change)

function node(content: Json, id: string): Node['__data__'] {
  return (content['docstore/data']![id] as Node).__data__
}

async function editIndex(change: (nodes: Record<string, string>) => void): Promise<void> {
  await edit('index_store.json', (content) => {
    for (const entry of Object.values(content['index_store/data']!)) {
      const struct = entry as { __data__: string }
      const data = JSON.parse(struct.__data__) as { nodes_dict: Record<string, string> }
      change(data.nodes_dict)
      struct.__data__ = JSON.stringify(data)
    }
  })
}

/** What is in the folder and how it looks, byte for byte. */
async function contents(): Promise<Record<string, string>> {
  const names = await readdir(persistDir, { recursive: true })
  const seen = await Promise.all(
    names.sort().map(async (name) => {
      const path = join(persistDir, name)
      const stats = await stat(path)
      const hash = stats.isFile()
        ? createHash('sha256')
            .update(await readFile(path))
            .digest('hex')
        : ''
      return [name, `${stats.mtimeMs} ${stats.size} ${hash}`] as const
    }),
  )
  return Object.fromEntries(seen)
}

const codes = ({ counts }: VerifyReport): ProblemCode[] => (Object.keys(counts) as ProblemCode[]).sort()

test('folders that LlamaIndex wrote, of every version and kind at hand, have no error', async () => {
  const names = (await readdir(fixtures, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  for (const { name } of names) {
    const report = await verifyStorageFolder({ persistDir: join(fixtures, name), dataFolder })
    expect(
      report.problems.filter(({ severity }) => severity === 'error'),
      name,
    ).toEqual([])
    verifyReportSchema.parse(report)
  }
})

interface Damage {
  readonly what: string
  readonly damage: () => Promise<void>
  readonly finds: readonly ProblemCode[]
  /** Of these, what is left after a repair. */
  readonly leaves?: readonly ProblemCode[]
  /** The place of the first problem. */
  readonly file?: string
  readonly key?: string
}

const damages: readonly Damage[] = [
  {
    what: 'a node without a vector',
    damage: () =>
      editVectors((content) => {
        for (const section of Object.values(content)) delete section['doc-bees.txt-1']
      }),
    finds: ['node-without-vector'],
    leaves: ['node-without-vector'],
    file: 'docstore.json',
    key: 'doc-bees.txt-1',
  },
  {
    what: 'a vector without a node',
    damage: () =>
      editVectors((content) => {
        content['embedding_dict']!['nobody'] = content['embedding_dict']!['doc-bees.txt-1']
        content['text_id_to_ref_doc_id']!['nobody'] = 'doc-bees.txt'
        content['metadata_dict']!['nobody'] = {}
      }),
    finds: ['vector-without-node'],
    file: 'default__vector_store.json',
    key: 'nobody',
  },
  {
    what: 'a vector of another length',
    damage: () =>
      editVectors((content) => {
        content['embedding_dict']!['doc-bees.txt-1'] = [1, 2, 3]
      }),
    finds: ['mixed-dimensions'],
    leaves: ['node-without-vector'],
    key: 'doc-bees.txt-1',
  },
  {
    what: 'a vector of zeros',
    damage: () =>
      editVectors((content) => {
        content['embedding_dict']!['doc-bees.txt-1'] = Array(8).fill(0)
      }),
    finds: ['zero-vector'],
    leaves: ['node-without-vector'],
  },
  {
    what: 'a vector with NaN',
    damage: async () => {
      const path = join(persistDir, 'default__vector_store.json')
      const text = await readFile(path, 'utf8')
      await writeFile(
        path,
        text.replace(/("doc-bees.txt-1": )\[[^\]]*\]/, '$1[NaN, 1, 1, 1, 1, 1, 1, Infinity]'),
      )
    },
    finds: ['not-finite-vector'],
    leaves: ['node-without-vector'],
  },
  {
    what: 'a vector that is none',
    damage: () =>
      editVectors((content) => {
        content['embedding_dict']!['doc-bees.txt-1'] = 'lost'
      }),
    finds: ['unreadable-entry'],
    leaves: ['node-without-vector'],
  },
  {
    what: 'a next node that is not there',
    damage: () =>
      editDocstore((content) => {
        node(content, 'doc-bees.txt-3').relationships['3'] = { node_id: 'nobody' }
      }),
    finds: ['relationship-target-missing'],
    file: 'docstore.json',
    key: 'doc-bees.txt-3',
  },
  {
    what: 'two nodes that do not agree on who comes first',
    damage: () =>
      editDocstore((content) => {
        node(content, 'doc-bees.txt-0').relationships['3']!.node_id = 'doc-bees.txt-2'
      }),
    finds: ['relationship-not-mutual'],
    leaves: ['relationship-not-mutual'],
  },
  {
    what: 'a source that ref_doc_info does not have',
    damage: () =>
      editDocstore((content) => {
        delete content['docstore/ref_doc_info']!['doc-tides.txt']
      }),
    finds: ['ref-doc-info-missing'],
    file: 'docstore.json',
    key: 'doc-tides.txt',
  },
  {
    what: 'a ref_doc_info that lacks a node, has one twice and one that is gone',
    damage: () =>
      editDocstore((content) => {
        const info = content['docstore/ref_doc_info']!['doc-tides.txt'] as { node_ids: string[] }
        info.node_ids = ['doc-tides.txt-2', 'doc-tides.txt-0', 'doc-tides.txt-0', 'nobody']
      }),
    finds: ['ref-doc-info-lacks-node', 'ref-doc-info-names-missing-node', 'ref-doc-info-names-node-twice'],
  },
  {
    what: 'a document of which no node is left',
    damage: () =>
      editDocstore((content) => {
        content['docstore/ref_doc_info']!['doc-gone.txt'] = { node_ids: ['nobody'], metadata: {} }
        content['docstore/metadata']!['doc-gone.txt'] = { doc_hash: 'abc' }
      }),
    finds: ['ref-doc-info-names-missing-node'],
  },
  {
    what: 'a node that two places give to two documents',
    damage: () =>
      editVectors((content) => {
        content['text_id_to_ref_doc_id']!['doc-bees.txt-1'] = 'doc-tides.txt'
      }),
    finds: ['ref-doc-id-disagrees'],
    file: 'default__vector_store.json',
    key: 'doc-bees.txt-1',
  },
  {
    what: 'a node without a hash',
    damage: () =>
      editDocstore((content) => {
        delete content['docstore/metadata']!['doc-bees.txt-1']
      }),
    finds: ['doc-hash-missing'],
    key: 'doc-bees.txt-1',
  },
  {
    what: 'a text that was changed behind its hash',
    damage: () =>
      editDocstore((content) => {
        node(content, 'doc-bees.txt-1').text += '!'
      }),
    finds: ['hash-mismatch'],
    leaves: ['hash-mismatch'],
    key: 'doc-bees.txt-1',
  },
  {
    what: 'an index that does not name a vector',
    damage: () =>
      editIndex((nodes) => {
        delete nodes['doc-bees.txt-1']
      }),
    finds: ['index-lacks-vector'],
    file: 'index_store.json',
    key: 'doc-bees.txt-1',
  },
  {
    what: 'an index that names a node which is gone',
    damage: () =>
      editIndex((nodes) => {
        nodes['nobody'] = 'nobody'
      }),
    finds: ['index-names-missing-node'],
    file: 'index_store.json',
  },
  {
    what: 'vectors without an index',
    damage: () =>
      edit('index_store.json', (content) => {
        content['index_store/data'] = {}
      }),
    finds: ['no-index'],
    file: 'index_store.json',
  },
  {
    what: 'a vector store that does not say whose a vector is',
    damage: () =>
      editVectors((content) => {
        delete content['text_id_to_ref_doc_id']!['doc-bees.txt-1']
        delete content['metadata_dict']!['doc-bees.txt-1']
      }),
    finds: ['vector-details-missing'],
  },
  {
    what: 'a vector store that keeps the metadata of a vector that is gone',
    damage: () =>
      editVectors((content) => {
        content['metadata_dict']!['nobody'] = {}
      }),
    finds: ['vector-details-without-vector'],
  },
  {
    what: 'a key that stands twice',
    damage: async () => {
      const path = join(persistDir, 'docstore.json')
      const text = await readFile(path, 'utf8')
      const [entry] = /"doc-bees.txt-1": \{"doc_hash": "[^}]*\}/.exec(text)!
      await writeFile(path, text.replace(entry, `${entry}, ${entry}`))
    },
    finds: ['duplicate-key'],
    file: 'docstore.json',
    key: 'doc-bees.txt-1',
  },
  {
    what: 'what a broken persist left behind',
    damage: () => writeFile(join(persistDir, 'docstore.json.stackroom-new'), '{"docsto'),
    finds: ['leftover-file'],
    file: 'docstore.json.stackroom-new',
  },
  {
    what: 'an entry that is no JSON',
    damage: async () => {
      const path = join(persistDir, 'default__vector_store.json')
      const text = await readFile(path, 'utf8')
      await writeFile(path, text.replace(/("doc-bees.txt-1": )\[[^\]]*\]/, '$1[1, 2, oops]'))
    },
    finds: ['unreadable-entry'],
    leaves: ['node-without-vector'],
  },
]

test.each(damages)('$what is found with its place and mended as far as it can be', async (damage) => {
  await damage.damage()
  const before = await contents()
  const report = await verify()
  expect(codes(report)).toEqual([...damage.finds].sort())
  const [first] = report.problems
  if (damage.file) expect(first).toMatchObject({ file: damage.file })
  if (damage.key) expect(first).toMatchObject({ key: damage.key })
  expect(await contents()).toEqual(before)

  const repaired = await repair()
  expect(codes(repaired)).toEqual([...(damage.leaves ?? [])].sort())
  const { backup, actions } = repaired.repair!
  const isMended = damage.leaves?.join() !== damage.finds.join()
  expect(actions.length > 0).toBe(isMended)
  expect(backup !== null).toBe(isMended)
  if (backup !== null)
    for (const name of ['docstore.json', 'default__vector_store.json', 'index_store.json']) {
      const hash = createHash('sha256')
        .update(await readFile(join(backup, name)))
        .digest('hex')
      expect(before[name]).toContain(hash)
    }
  await using storage = await openStorageFolder({ persistDir, dataFolder })
  const [vector] = buildNodes('/any', ['text']).vectors
  const left = damage.leaves?.includes('node-without-vector') ? 8 : 9
  expect(await storage.query(vector!, 20)).toHaveLength(left)
})

test('the place of a problem is the byte where its key begins', async () => {
  await editDocstore((content) => {
    node(content, 'doc-bees.txt-1').text += '!'
  })
  const [problem] = (await verify()).problems
  const bytes = await readFile(join(persistDir, 'docstore.json'))
  expect(problem!.section).toBe('docstore/metadata')
  expect(bytes.toString('utf8', problem!.offset!).slice(0, 16)).toBe('"doc-bees.txt-1"')
})

test('a node keeps its text but for the relationship that is taken out', async () => {
  const { length } = await readFile(join(persistDir, 'docstore.json'))
  const path = join(persistDir, 'docstore.json')
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace('"node_id": "doc-bees.txt-2"', '"node_id": "nobody"'))
  await repair()
  const after = await readFile(path, 'utf8')
  expect(after.length).toBeLessThan(length)
  const taken = /, "3": \{"node_id": "doc-bees.txt-2"[^}]*\}[^}]*\}/
  expect(text.replace(taken, '')).toBe(after)
})

test.each(['docstore.json', 'default__vector_store.json', 'index_store.json'])(
  'a %s that was cut off gives back its whole entries, and nothing is written without being asked',
  async (name) => {
    const path = join(persistDir, name)
    const { size } = await stat(path)
    await truncate(path, Math.floor(size * 0.8))
    const before = await contents()
    const report = await verify()
    expect(report.ok).toBe(false)
    const damaged = report.problems.find(({ code }) => code === 'damaged-file')
    expect(damaged).toMatchObject({ file: name, repairable: true })
    expect(damaged!.offset).toBeLessThan(size * 0.8)
    expect(await contents()).toEqual(before)

    const repaired = await repair()
    expect(repaired.problems.filter(({ code }) => code !== 'node-without-vector')).toEqual([])
    expect(repaired.repair!.actions[0]!.message).toMatch(/\d+ entries of .* were saved.*lost/)
    expect((await stat(join(repaired.repair!.backup!, name))).size).toBe(Math.floor(size * 0.8))
    await using storage = await openStorageFolder({ persistDir, dataFolder })
    expect((await storage.summary()).nodes).toBe(repaired.nodes)
  },
)

test('a cut-off file that the working store has as a whole comes back as a whole', async () => {
  await (await openStorageFolder({ persistDir, dataFolder })).close()
  const path = join(persistDir, 'docstore.json')
  const before = JSON.parse(await readFile(path, 'utf8')) as unknown
  await truncate(path, 4000)
  const repaired = await repair()
  expect(repaired).toMatchObject({ ok: true, nodes: 9 })
  expect(repaired.repair!.actions[0]!.message).toContain('working store')
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(before)
})

test('a working store that has something else than the JSON files is found and put right', async () => {
  await (await openStorageFolder({ persistDir, dataFolder })).close()
  const names = await readdir(join(persistDir, '.stackroom'))
  const packed = join(
    persistDir,
    '.stackroom',
    names.find((name) => name.endsWith('.f32'))!,
  )
  const bytes = await readFile(packed)
  bytes.writeFloatLE(0.123, 40)
  await writeFile(packed, bytes)
  const report = await verify()
  expect(codes(report)).toEqual(['working-store-disagrees'])
  expect(report.problems[0]).toMatchObject({ section: 'embedding_dict', repairable: true })
  expect(codes(await repair())).toEqual([])
  expect(codes(await verify())).toEqual([])
})

test('a damaged working store is found, set aside and made anew', async () => {
  await (await openStorageFolder({ persistDir, dataFolder })).close()
  const path = join(persistDir, '.stackroom', 'working.sqlite')
  const bytes = await readFile(path)
  bytes.fill(0xff, 4096, 12_288)
  await writeFile(path, bytes)
  const report = await verify()
  expect(codes(report)).toContain('working-store-damaged')
  const repaired = await repair()
  expect(repaired).toMatchObject({ ok: true, nodes: 9 })
})

test('a folder that a process has open is verified, and not repaired', async () => {
  await editVectors((content) => {
    content['metadata_dict']!['nobody'] = {}
  })
  await using storage = await openStorageFolder({ persistDir, dataFolder })
  await storage.summary()
  expect(codes(await verify())).toEqual(['vector-details-without-vector'])
  await expect(repair()).rejects.toMatchObject({ code: 'locked' })
})

test('changes that wait for a persist are told of and are no error', async () => {
  const storage = await openStorageFolder({ persistDir, dataFolder })
  await storage.change({ insert: [buildNodes('/new.txt', ['new'])] })
  await storage.close()
  const before = await contents()
  expect(await verify()).toMatchObject({ ok: true, counts: { 'not-persisted': 1 } })
  expect(await contents()).toEqual(before)
})

test('what another program changed meanwhile is a note, and with changes of our own an error', async () => {
  const storage = await openStorageFolder({ persistDir, dataFolder })
  await storage.close()
  await editDocstore((content) => {
    content['docstore/data']!['doc-bees.txt-1'] = { ...(content['docstore/data']!['doc-bees.txt-1'] as Node) }
  })
  expect(codes(await verify())).toEqual(['changed-by-another-program'])
  await cp(whole, persistDir, { recursive: true })
  const again = await openStorageFolder({ persistDir, dataFolder })
  await again.change({ insert: [buildNodes('/new.txt', ['new'])] })
  await again.close()
  await editDocstore((content) => {
    node(content, 'doc-bees.txt-1').relationships['1']!.node_id = 'doc-bees.txt'
  })
  expect(codes(await verify())).toEqual(['both-sides-changed'])
  await expect(repair()).rejects.toMatchObject({ code: 'both-sides-changed' })
})

test('a repair of a folder in which nothing can be mended changes nothing', async () => {
  await editDocstore((content) => {
    node(content, 'doc-bees.txt-1').text += '!'
  })
  const before = await contents()
  expect(await repair()).toMatchObject({ ok: false, repair: { backup: null, actions: [] } })
  expect(await contents()).toEqual(before)
})

test('equal nodes are a note', async () => {
  await editDocstore((content) => {
    node(content, 'doc-bees.txt-1').text = node(content, 'doc-bees.txt-2').text
    delete content['docstore/metadata']!['doc-bees.txt-1']
  })
  const report = await verify()
  expect(report.counts['duplicate-content']).toBe(1)
  expect(report.problems.find(({ code }) => code === 'duplicate-content')!.severity).toBe('note')
})

test('a folder that is none is refused with a sentence', async () => {
  await expect(verifyStorageFolder({ persistDir: folder, dataFolder })).rejects.toMatchObject({
    code: 'not-a-storage-folder',
  })
  await expect(
    verifyStorageFolder({ persistDir: join(folder, 'nowhere'), dataFolder }),
  ).rejects.toMatchObject({ code: 'path-missing' })
})
