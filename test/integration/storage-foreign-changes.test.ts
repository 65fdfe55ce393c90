/** Another program writes the JSON files of a folder: what it changed is brought in, and where both changed, both are kept. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import {
  codeOf,
  docstoreOf,
  insertOf,
  isFound,
  jsonFiles,
  pythonFolder,
  TestFolder,
} from './storage-test-folder.ts'

let folder: TestFolder
/** The same folder, as another program has it. */
let other: TestFolder

beforeEach(async () => {
  folder = await TestFolder.make()
  other = await TestFolder.make()
})

afterEach(async () => {
  await folder[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

/** Lets another program work on a copy of the folder as it was persisted, and puts its files into the folder. */
async function changeOutside(work: (storage: StorageFolder) => Promise<void>): Promise<void> {
  await rm(other.persistDir, { recursive: true, force: true })
  await mkdir(other.persistDir, { recursive: true })
  for (const name of await folder.names())
    if (name.endsWith('.json')) await cp(join(folder.persistDir, name), join(other.persistDir, name))
  const storage = await other.open()
  await work(storage)
  await storage.persist()
  await other.close(storage)
  for (const name of jsonFiles)
    await writeFile(join(folder.persistDir, name), await readFile(join(other.persistDir, name)))
}

async function packedFiles(): Promise<string[]> {
  return (await readdir(join(folder.persistDir, '.stackroom'))).filter((name) => name.endsWith('.f32'))
}

async function bothChange(): Promise<StorageFolder> {
  const storage = await folder.openPython()
  await storage.change(insertOf('/ours.txt', 'ours'))
  await changeOutside((theirs) => theirs.change(insertOf('/theirs.txt', 'theirs')))
  return storage
}

test('what another program inserted, changed and deleted is brought in, and packed vectors and the manifest stay', async () => {
  const storage = await folder.openPython()
  const source = { path: '/a.txt', bytes: 1, modifiedMs: 1, contentHash: 'x', refDocIds: ['/a.txt'] }
  await storage.change({ ...insertOf('/a.txt', 'a one', 'a two'), manifest: [source] })
  await storage.change(insertOf('/b.txt', 'b one', 'b two'))
  await storage.persist()
  await folder.close(storage)
  const packed = await packedFiles()
  await changeOutside(async (theirs) => {
    await theirs.change({ deleteRefDocIds: ['/b.txt'] })
    await theirs.change(insertOf('/c.txt', 'c one'))
  })

  const again = await folder.open()
  expect(await isFound(again, '/a.txt', 'a two')).toBe(true)
  expect(await isFound(again, '/b.txt', 'b one')).toBe(false)
  expect(await isFound(again, '/c.txt', 'c one')).toBe(true)
  expect(await again.nodes(['/b.txt#b one'])).toEqual([])
  expect(await again.summary()).toMatchObject({
    conflict: false,
    changedOutside: false,
    persisted: true,
    warnings: [],
  })
  expect(await again.manifest()).toMatchObject([source])
  expect(await packedFiles()).toEqual(packed)

  await again.change(insertOf('/d.txt', 'd one'))
  await again.persist()
  expect(Object.keys(docstoreOf((await folder.texts())['docstore.json'])['docstore/ref_doc_info'])).toEqual(
    expect.arrayContaining(['/a.txt', '/c.txt', '/d.txt']),
  )
})

test('while the folder is open, what another program changed is brought in before the next change', async () => {
  const storage = await folder.openPython()
  await changeOutside((theirs) => theirs.change(insertOf('/theirs.txt', 'theirs')))
  await storage.change(insertOf('/ours.txt', 'ours'))
  expect(await isFound(storage, '/theirs.txt', 'theirs')).toBe(true)
  await storage.persist()
  const { 'docstore.json': text } = await folder.texts()
  expect(text).toContain('/theirs.txt')
  expect(text).toContain('/ours.txt')
})

test('asking for the summary tells that the files were changed outside, and has it brought in', async () => {
  const storage = await folder.openPython()
  const { nodes } = await storage.summary()
  await changeOutside((theirs) => theirs.change(insertOf('/theirs.txt', 'theirs')))
  expect(await storage.summary()).toMatchObject({ changedOutside: true })
  await storage.persist()
  expect(await storage.summary()).toMatchObject({ changedOutside: false, nodes: nodes + 1 })
})

test('a file that another program wrote with the same content changes nothing', async () => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/ours.txt', 'ours'))
  for (const name of jsonFiles) {
    const bytes = await readFile(join(folder.persistDir, name))
    await rm(join(folder.persistDir, name))
    await writeFile(join(folder.persistDir, name), bytes)
  }
  await storage.persist()
  expect(await storage.summary()).toMatchObject({ conflict: false, persisted: true })
})

test('when both sides changed the folder opens, is searched as Stackroom has it, and takes no change', async () => {
  const before = await bothChange()
  await folder.close(before)
  const files = await folder.texts()
  const storage = await folder.open()
  const summary = await storage.summary()
  expect(summary).toMatchObject({ conflict: true, persisted: false })
  expect(summary.warnings.join()).toContain('Another program changed this folder')
  expect(await isFound(storage, '/ours.txt', 'ours')).toBe(true)
  expect(await codeOf(storage.change(insertOf('/more.txt', 'more')))).toBe('both-sides-changed')
  expect(await codeOf(storage.persist())).toBe('both-sides-changed')
  expect(await folder.texts()).toEqual(files)
})

test('keeping the files takes them in, and Stackroom’s side is a folder of its own in the backups', async () => {
  const storage = await bothChange()
  const files = await folder.texts()
  const { backup } = await storage.resolveConflict('files')
  expect(await folder.texts()).toEqual(files)
  expect(await storage.summary()).toMatchObject({ conflict: false, persisted: true })
  expect(await isFound(storage, '/theirs.txt', 'theirs')).toBe(true)
  expect(await isFound(storage, '/ours.txt', 'ours')).toBe(false)
  expect(backup.startsWith(join(folder.persistDir, '.stackroom', 'backups'))).toBe(true)
  await using copy = await openStorageFolder({ persistDir: backup, dataFolder: folder.dataFolder })
  expect(await isFound(copy, '/ours.txt', 'ours')).toBe(true)
  expect(await isFound(copy, '/theirs.txt', 'theirs')).toBe(false)
  await storage.change(insertOf('/more.txt', 'more'))
  await storage.persist()
})

test('keeping Stackroom’s side writes it into the files, and theirs are in the backups byte for byte', async () => {
  const storage = await bothChange()
  const files = await folder.texts()
  const { backup } = await storage.resolveConflict('stackroom')
  expect(await folder.texts(backup)).toEqual(files)
  expect(await readdir(backup)).toContain('graph_store.json')
  expect(await storage.summary()).toMatchObject({ conflict: false, persisted: true, changedOutside: false })
  await folder.close(storage)
  await rm(join(folder.persistDir, '.stackroom'), { recursive: true })
  const again = await folder.open()
  expect(await isFound(again, '/ours.txt', 'ours')).toBe(true)
  expect(await isFound(again, '/theirs.txt', 'theirs')).toBe(false)
})

test('without a conflict there is nothing to choose', async () => {
  const storage = await folder.openPython()
  expect(await codeOf(storage.resolveConflict('files'))).toBe('wrong-usage')
})

test('a file that another program cut off is told, and written anew from what Stackroom saw last', async () => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/ours.txt', 'ours'))
  await storage.persist()
  const whole = await folder.texts()
  await writeFile(join(folder.persistDir, 'docstore.json'), whole['docstore.json']!.slice(0, 1000))
  expect(await codeOf(storage.change(insertOf('/more.txt', 'more')))).toBe('damaged-file')
  const summary = await storage.summary()
  expect(summary).toMatchObject({ conflict: true })
  expect(summary.warnings.join()).toContain('docstore.json is damaged')
  expect(await isFound(storage, '/ours.txt', 'ours')).toBe(true)
  await folder.close(storage)

  const again = await folder.open()
  expect(await again.summary()).toMatchObject({ conflict: true })
  expect(await codeOf(again.resolveConflict('files'))).toBe('damaged-file')
  const { backup } = await again.resolveConflict('stackroom')
  expect(JSON.parse((await folder.texts())['docstore.json']!)).toEqual(JSON.parse(whole['docstore.json']!))
  expect((await readFile(join(backup, 'docstore.json'))).length).toBe(1000)
})

test('a conflict is over when the other program puts back what was there', async () => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/ours.txt', 'ours'))
  const path = join(folder.persistDir, 'docstore.json')
  const text = await readFile(path, 'utf8')
  await writeFile(path, `${text}\n`)
  expect(await codeOf(storage.persist())).toBe('both-sides-changed')
  await writeFile(path, text)
  await storage.persist()
  expect(await storage.summary()).toMatchObject({ conflict: false, persisted: true })
})

test('a JSON file that went away is written again by the next persist', async () => {
  const storage = await folder.openPython()
  await storage.change(insertOf('/ours.txt', 'ours'))
  await storage.persist()
  const whole = await folder.texts()
  await rm(join(folder.persistDir, 'docstore.json'))
  await storage.persist()
  expect(JSON.parse((await folder.texts())['docstore.json']!)).toEqual(JSON.parse(whole['docstore.json']!))
})

test('bringing in the difference comes to the same as reading everything', async () => {
  type Sections = Record<string, Record<string, unknown>>
  const edits: ((files: Record<(typeof jsonFiles)[number], Sections>) => void)[] = [
    // A node, its vector and all that is known of it goes.
    ({ 'docstore.json': docstore, 'default__vector_store.json': vectors }) => {
      const [id] = Object.keys(docstore['docstore/data']!) as [string]
      for (const section of [...Object.values(docstore), ...Object.values(vectors)]) delete section[id]
    },
    // A node goes and its vector stays; then it comes back.
    ({ 'docstore.json': docstore }) =>
      delete docstore['docstore/data']![Object.keys(docstore['docstore/data']!)[0]!],
    (files) => {
      const python = JSON.parse(original['docstore.json']!) as Sections
      files['docstore.json'] = python
    },
    // The order changes: as after delete and insert.
    ({ 'docstore.json': docstore }) => {
      const data = docstore['docstore/data']!
      const [id] = Object.keys(data) as [string]
      const value = data[id]
      delete data[id]
      data[id] = value
    },
    // A vector changes, another becomes zero, a third is no vector any more.
    ({ 'default__vector_store.json': vectors }) => {
      const dict = vectors['embedding_dict'] as Record<string, number[]>
      const [first, second] = Object.keys(dict) as [string, string]
      dict[first] = dict[first]!.toReversed()
      dict[second] = dict[second]!.map(() => 0)
    },
    ({ 'default__vector_store.json': vectors }) => {
      vectors['embedding_dict']![Object.keys(vectors['embedding_dict']!)[2]!] = null
    },
    // A section comes, another goes, a value changes.
    ({ 'docstore.json': docstore }) => {
      docstore['docstore/other'] = { 'key ü': { a: [1, '2'] } }
    },
    ({ 'docstore.json': docstore }) => delete docstore['docstore/other'],
    ({ 'index_store.json': indexStore }) => {
      const [id] = Object.keys(indexStore['index_store/data']!) as [string]
      indexStore['index_store/data']!['another'] = indexStore['index_store/data']![id]
      delete indexStore['index_store/data']![id]
    },
  ]
  const storage = await folder.openPython()
  const original = await folder.texts()
  for (const edit of edits) {
    const files = Object.fromEntries(
      Object.entries(await folder.texts()).map(([name, text]) => [name, JSON.parse(text) as Sections]),
    ) as Record<(typeof jsonFiles)[number], Sections>
    edit(files)
    for (const name of jsonFiles) await writeFile(join(folder.persistDir, name), JSON.stringify(files[name]))
    await storage.persist()
    await rm(other.persistDir, { recursive: true, force: true })
    await cp(pythonFolder, other.persistDir, { recursive: true })
    for (const name of jsonFiles) await cp(join(folder.persistDir, name), join(other.persistDir, name))
    const fresh = await other.open()
    expect(await everythingOf(storage, files)).toEqual(await everythingOf(fresh, files))
    await other.close(fresh)
  }
  // Only a section that went away had everything read anew, with vectors in a new file.
  expect(await packedFiles()).toHaveLength(2)
})

async function everythingOf(
  storage: StorageFolder,
  files: Record<string, Record<string, Record<string, unknown>>>,
) {
  const ids = Object.keys(files['default__vector_store.json']!['embedding_dict']!)
  const vector = new Float32Array(384).fill(1)
  const { nodes, documents, vectors, indexes, warnings } = await storage.summary()
  return {
    ...{ nodes, documents, vectors, indexes, warnings },
    texts: await storage.nodes(ids),
    hashes: await storage.documentHashes(ids),
    ranked: await storage.query(vector, 100),
  }
}
