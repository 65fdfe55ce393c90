/**
 * Kills `stackroom index` at random moments. What is in the folder then are whole documents, and indexing again comes to
 * what an undisturbed run comes to.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { StackroomError } from '#contract'
import { openStorageFolder } from '#engine/storage/open-storage-folder.ts'
import { randomFrom } from '../random-from.ts'

const root = resolve(import.meta.dirname, '../..')
const documents = 6

/** Of each source file its passages with their vectors. */
type Indexed = ReadonlyMap<string, readonly (readonly [text: string, vector: readonly number[]])[]>

export interface IndexingReport {
  /** Files that were in the folder after the kill; all of them: it came too late. */
  readonly found: number
  readonly killed: boolean
}

export async function tortureIndexing(rounds: number, seed: number): Promise<IndexingReport[]> {
  const home = await mkdtemp(join(tmpdir(), 'stackroom-torture-index-'))
  try {
    const random = randomFrom(seed)
    const sources = join(home, 'sources')
    await mkdir(sources)
    for (let number = 0; number < documents; number++)
      await writeFile(join(sources, `“${number}” é.txt`), textOf(random))
    const undisturbed = join(home, 'undisturbed')
    const { ms } = await index(sources, undisturbed, null)
    const whole = readIndexed(join(undisturbed, 'storage'))
    if (whole.size !== documents) throw new Error(`${whole.size} of ${documents} files were indexed.`)
    const reports: IndexingReport[] = []
    for (let round = 0; round < rounds; round++) {
      const folder = join(home, String(round))
      // Starting takes a part of the time in which there is nothing to lose.
      const { killed } = await index(sources, folder, ms * (0.3 + 0.7 * random()))
      const found = await requireWholeDocuments(folder, whole)
      await index(sources, folder, null)
      if (!isSame(readIndexed(join(folder, 'storage')), whole))
        throw new Error(`Round ${round} with seed ${seed}: indexing again comes to something else.`)
      reports.push({ found, killed })
    }
    return reports
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

function textOf(random: () => number): string {
  const word = (): string => Math.floor(random() * 36 ** 4).toString(36)
  return Array.from({ length: 300 }, (_, index) => word() + (index % 12 === 11 ? '.' : '')).join(' ')
}

async function index(
  sources: string,
  folder: string,
  killAfterMs: number | null,
): Promise<{ killed: boolean; ms: number }> {
  await mkdir(folder, { recursive: true })
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [join(root, 'src-main/hosts/cli/main.ts'), 'index', sources, '--to', join(folder, 'storage'), '--json'],
    { env: { ...process.env, STACKROOM_DATA: join(folder, 'data') }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let errors = ''
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()))
  const timer = killAfterMs === null ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  const [code, signal] = await new Promise<[number | null, string | null]>((done) =>
    child.on('close', (...ending) => done(ending)),
  )
  clearTimeout(timer)
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`Indexing failed: ${errors}`)
  return { killed: signal === 'SIGKILL', ms: performance.now() - started }
}

async function requireWholeDocuments(folder: string, whole: Indexed): Promise<number> {
  const persistDir = join(folder, 'storage')
  // Killed between two files, they are put right by the next opening.
  if (
    !existsSync(join(persistDir, '.stackroom/commit.json')) &&
    existsSync(join(persistDir, 'docstore.json'))
  )
    requireSubset(readIndexed(persistDir), whole)
  try {
    await using storage = await openStorageFolder({ persistDir, dataFolder: join(folder, 'data') })
    await storage.persist()
  } catch (error) {
    const isNotBegun =
      error instanceof StackroomError && ['path-missing', 'not-a-storage-folder'].includes(error.code)
    if (isNotBegun) return 0
    throw error
  }
  const found = readIndexed(persistDir)
  requireSubset(found, whole)
  return found.size
}

function requireSubset(found: Indexed, whole: Indexed): void {
  for (const [path, passages] of found)
    if (!isDeepStrictEqual(passages, whole.get(path)))
      throw new Error(`${path} has ${passages.length} passages, which are not all that it should have.`)
}

function isSame(one: Indexed, other: Indexed): boolean {
  return one.size === other.size && isDeepStrictEqual(new Map([...one].sort()), new Map([...other].sort()))
}

interface Node {
  readonly __data__: { readonly text: string; readonly metadata: { readonly file_path: string } }
}

/** From the JSON files, in the order of the text. Throws when nodes, vectors and the index do not belong together. */
function readIndexed(persistDir: string): Indexed {
  const read = <Content>(name: string): Content =>
    JSON.parse(readFileSync(join(persistDir, name), 'utf8')) as Content
  const nodes = read<Record<string, Record<string, Node>>>('docstore.json')['docstore/data'] ?? {}
  const vectors = read<{ embedding_dict: Record<string, number[]> }>(
    'default__vector_store.json',
  ).embedding_dict
  if (!isDeepStrictEqual(Object.keys(nodes).sort(), Object.keys(vectors).sort()))
    throw new Error('There are nodes without a vector, or vectors without a node.')
  const indexed = new Map<string, [string, number[]][]>()
  for (const [id, { __data__: node }] of Object.entries(nodes)) {
    const path = node.metadata.file_path
    indexed.set(path, [...(indexed.get(path) ?? []), [node.text, vectors[id]!]])
  }
  return indexed
}
