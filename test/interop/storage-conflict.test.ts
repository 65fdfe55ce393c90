/** What a conflict put into `.stackroom/backups` is a persist dir that Python LlamaIndex loads and searches. */
import { execFile } from 'node:child_process'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { startPython, type Python } from '../torture/python.ts'
import { readFolder } from '../torture/read-folder.ts'
import { dimensions, insertOf, jsonFiles, TestFolder } from '../integration/storage-test-folder.ts'

const root = resolve(import.meta.dirname, '../..')
const interpreter = process.env.STACKROOM_PYTHON ?? join(root, '.venv/bin/python')
const run = promisify(execFile)

let python: Python
beforeAll(() => {
  python = startPython()
})
afterAll(() => python.close())

const answersSchema = z.object({
  answers: z.array(z.array(z.object({ nodeId: z.string(), score: z.number() }))),
})
const question = Float32Array.from({ length: dimensions }, (_, index) => Math.sin(index))

async function answerOfPython(
  persistDir: string,
  home: string,
): Promise<{ nodeId: string; score: number }[]> {
  const queries = join(home, 'queries.json')
  await writeFile(queries, JSON.stringify([Array.from(question)]))
  const script = join(import.meta.dirname, 'round_trip.py')
  const { stdout } = await run(interpreter, [script, persistDir, queries])
  return answersSchema.parse(JSON.parse(stdout)).answers[0]!
}

test.each(['files', 'stackroom'] as const)(
  'where the %s win a conflict, Python loads the other side from its backup, and finds in it what Stackroom finds',
  async (keep) => {
    await using folder = await TestFolder.make()
    await using other = await TestFolder.make()
    const theirs = await other.openPython()
    await theirs.change(insertOf('/theirs.txt', 'theirs “one”', 'theirs two'))
    await theirs.persist()
    await other.close(theirs)
    const ours = await folder.openPython()
    const [document] = Object.keys(readFolder(folder.persistDir)['docstore.json']!['docstore/ref_doc_info']!)
    await ours.change({ ...insertOf('/ours.txt', 'ours 🎻', 'ours two'), deleteRefDocIds: [document!] })
    for (const name of jsonFiles) await cp(join(other.persistDir, name), join(folder.persistDir, name))
    const { backup } = await ours.resolveConflict(keep)

    const seen = await python.look(backup)
    const nodes = Object.keys(seen['docstore.json']!['docstore/data']!)
    expect(nodes.includes('/ours.txt#ours 🎻')).toBe(keep === 'files')
    expect(nodes.includes('/theirs.txt#theirs two')).toBe(keep === 'stackroom')
    const documents = Object.keys(seen['docstore.json']!['docstore/ref_doc_info']!)
    expect(documents.includes(document!)).toBe(keep === 'stackroom')
    expect(seen).toEqual(readFolder(backup))
    // What Stackroom has in the backup of its own side is what it had before.
    if (keep === 'stackroom')
      for (const name of jsonFiles)
        expect(await readFile(join(backup, name))).toEqual(await readFile(join(other.persistDir, name)))

    const answers = await answerOfPython(backup, folder.home)
    await cp(backup, (other.persistDir = join(other.home, 'backup')), { recursive: true })
    const found = await (await other.open()).query(question, 10)
    expect(found.map(({ nodeId }) => nodeId)).toEqual(answers.map(({ nodeId }) => nodeId))
    for (const [rank, { score }] of found.entries()) expect(score).toBeCloseTo(answers[rank]!.score, 6)
  },
)
