/** One damaged folder, put through everything that is done with a folder, and judged. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { sourceSettingsSchema, StackroomError, type ErrorCode } from '#contract'
import { isImported, sectionRoleOf, storeFileOf } from '#engine/storage/llamaindex/store-files.ts'
import { storageReaderMethods } from '#engine/storage/storage-reader-methods.ts'
import { storageWriterMethods } from '#engine/storage/storage-writer-methods.ts'
import { writeSettings } from '#engine/storage/stackroom-settings-file.ts'
import { openStorageFolder, type OpenStorageFolderOptions } from '#engine/storage/open-storage-folder.ts'
import type { StorageFolder, StorageSummary } from '#engine/storage/storage-folder.ts'
import { buildNodes } from './storage-documents.ts'
import { parseAsPython, parseTree, printTree, type Tree } from './storage-json-tree.ts'
import { jsonFilesIn, mutate, Random } from './storage-mutations.ts'

const fixtures = resolve(import.meta.dirname, '../fixtures')

/** What a damaged folder may be refused with. Anything else is a bug, `internal` above all. */
const allowed: ReadonlySet<ErrorCode> = new Set([
  'damaged-file',
  'unsupported-format',
  'missing-file',
  'dimension-mismatch',
  'invalid-vector',
  'not-a-storage-folder',
  'both-sides-changed',
  'path-missing',
  'not-a-folder',
  'broken-file',
])

export interface FuzzCase {
  readonly seed: number
  readonly number: number
  /** Whether the folder is opened as the app opens it, with two worker threads. */
  readonly inThreads: boolean
}

export interface FuzzResult {
  readonly number: number
  /** What was done to the folder. */
  readonly changes: readonly string[]
  /** What the engine made of it: `worked`, or the code of the first refusal. */
  readonly outcome: string
  /** Bugs. */
  readonly faults: readonly string[]
  readonly milliseconds: number
}

/** What LlamaIndex wrote, as far as it is small. */
export function fuzzSources(): string[] {
  const persistDirs = join(fixtures, 'persist-dirs')
  return [
    join(fixtures, 'python-storage/storage'),
    ...readdirSync(persistDirs, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(persistDirs, name))
      .sort(),
  ].filter((path) => sizeOf(path) < 200_000)
}

/** The folders that cases start from: what several versions of LlamaIndex wrote, and folders that Stackroom has worked on. */
export class FuzzFolders implements Disposable {
  readonly #folder: string
  readonly #sources: string[]

  private constructor(folder: string) {
    this.#folder = folder
    this.#sources = fuzzSources()
  }

  static async make(folder: string): Promise<FuzzFolders> {
    const made = new FuzzFolders(folder)
    for (const state of ['persisted', 'changed'] as const) {
      const path = join(folder, state)
      cpSync(made.#sources[0]!, path, { recursive: true })
      writeSettings(path, {
        version: 1,
        name: 'fuzz',
        created: '2026-01-01T00:00:00.000Z',
        lastIndexed: null,
        embedModel: null,
        transformations: [{ className: 'SentenceSplitter' }],
        vectorStore: { kind: 'simple' },
        sources: [sourceSettingsSchema.parse({ path: '/a' })],
      })
      const storage = await openHere({ persistDir: path, dataFolder: join(folder, 'data') })
      await storage.change({ insert: [buildNodes('/earlier.txt', ['x', 'y'], 384)] })
      if (state === 'persisted') await storage.persist()
      await storage.close()
    }
    return made
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** A copy of one of them. */
  copy(random: Random): string {
    const source = random.chance(0.2)
      ? join(this.#folder, random.pick(['persisted', 'changed']))
      : random.pick(this.#sources)
    const path = join(this.#folder, 'case')
    rmSync(path, { recursive: true, force: true })
    cpSync(source, path, { recursive: true })
    return path
  }

  get dataFolder(): string {
    return join(this.#folder, 'data')
  }
}

export function fuzzFolder(): string {
  return join(tmpdir(), `stackroom-fuzz-${process.pid}-${Math.random().toString(36).slice(2)}`)
}

const context = { signal: new AbortController().signal, progress: () => undefined }

/** What is done with an open folder. */
type OpenFolder = Pick<
  StorageFolder,
  | 'summary'
  | 'query'
  | 'nodes'
  | 'nodesOfDocument'
  | 'documentHashes'
  | 'manifest'
  | 'change'
  | 'persist'
  | 'close'
>

/** Both sides of a folder, without their threads: starting them takes longer than everything else. */
async function openHere({ persistDir, dataFolder }: OpenStorageFolderOptions): Promise<OpenFolder> {
  const writer = storageWriterMethods()
  const reader = storageReaderMethods()
  const close = async (): Promise<void> => {
    try {
      await reader.close(null)
    } finally {
      await writer.close(null)
    }
  }
  try {
    await reader.open(await writer.open({ persistDir, dataFolder, settings: null }, context))
  } catch (error) {
    await close()
    throw error
  }
  // What crosses between threads is copied.
  return {
    summary: async () => structuredClone(reader.summary(null)),
    query: async (vector, topK) => structuredClone(reader.query({ vector, topK })),
    nodes: async (nodeIds) => structuredClone(reader.nodes(nodeIds)),
    nodesOfDocument: async (refDocId) => structuredClone(reader.nodesOfDocument(refDocId)),
    documentHashes: async (refDocIds) => structuredClone(reader.documentHashes(refDocIds)),
    manifest: async () => structuredClone(reader.manifest(null)),
    change: (change) => writer.change(change),
    persist: () => writer.persist(null, context),
    close,
  }
}

export async function runCase(
  folders: FuzzFolders,
  { seed, number, inThreads }: FuzzCase,
): Promise<FuzzResult> {
  const random = new Random(seed * 1_000_003 + number)
  const persistDir = folders.copy(random)
  const hadWorkingFolder = existsSync(join(persistDir, '.stackroom'))
  const ids = idsIn(persistDir)
  const changes = mutate(persistDir, random)
  const started = performance.now()
  const judge = new Judge(persistDir, hadWorkingFolder)
  const open = inThreads ? openStorageFolder : openHere
  await judge.examine(() => open({ persistDir, dataFolder: folders.dataFolder }), ids, random)
  return {
    number,
    changes,
    outcome: judge.outcome,
    faults: judge.faults,
    milliseconds: performance.now() - started,
  }
}

interface Ids {
  readonly nodes: readonly string[]
  readonly documents: readonly string[]
}

/** Of a folder before it is damaged. */
function idsIn(persistDir: string): Ids {
  const sections = sectionsOf(persistDir)
  const keysOf = (role: string): string[] =>
    sections.filter((section) => section.role === role).flatMap(({ entries }) => [...entries.keys()])
  return { nodes: keysOf('nodes').slice(0, 5), documents: keysOf('ref-doc-info') }
}

class Judge {
  readonly faults: string[] = []
  outcome = 'worked'
  readonly #persistDir: string
  readonly #hadWorkingFolder: boolean
  readonly #before: ReadonlyMap<string, Buffer>

  constructor(persistDir: string, hadWorkingFolder: boolean) {
    this.#persistDir = persistDir
    this.#hadWorkingFolder = hadWorkingFolder
    this.#before = contentOf(persistDir)
  }

  async examine(open: () => Promise<OpenFolder>, ids: Ids, random: Random): Promise<void> {
    const opened = await this.#try('open', open)
    if (!this.#hadWorkingFolder) this.#judgeOpening(opened !== undefined)
    if (opened) await this.#work(opened, ids, random).finally(() => this.#try('close', () => opened.close()))
    for (const prototype of [Object.prototype, Array.prototype, Function.prototype])
      if (Object.keys(prototype).length > 0) this.faults.push('a prototype was changed')
    if ('polluted' in {}) this.faults.push('a prototype was polluted')
  }

  async #work(storage: OpenFolder, ids: Ids, random: Random): Promise<void> {
    const summary = await this.#try('summary', () => storage.summary())
    await this.#read(storage, ids, summary, random)
    this.#sameAs(this.#before, 'reading')
    const dimensions = summary?.dimensions ?? 8
    const inserted = buildNodes(
      '/inserted.txt',
      ['alpha', 'beta'],
      dimensions > 0 && dimensions < 10_000 ? dimensions : 8,
    )
    const isInserted =
      (await this.#try('insert', () => storage.change({ insert: [inserted] }).then(() => true))) === true
    const deleted = ids.documents.length > 0 ? random.pick(ids.documents) : 'none'
    const isDeleted =
      (await this.#try('delete', () => storage.change({ deleteRefDocIds: [deleted] }).then(() => true))) ===
      true
    this.#sameAs(this.#before, 'a change that is not persisted')
    await this.#read(storage, ids, summary, random)
    const isPersisted = (await this.#try('persist', () => storage.persist().then(() => true))) === true
    if (!isPersisted) {
      this.#sameAs(this.#before, 'a persist that failed')
      if ((isInserted || isDeleted) && !this.#isStoreDamaged && !this.#hasDeadLink)
        this.faults.push('a change was taken that cannot be persisted')
      return
    }
    if (!isInserted && !isDeleted && !this.#hadWorkingFolder)
      this.#sameAs(this.#before, 'a persist without a change')
    if (!this.#hadWorkingFolder) this.#judgePersisted(isInserted, isDeleted ? deleted : null)
  }

  async #read(
    storage: OpenFolder,
    ids: Ids,
    summary: StorageSummary | undefined,
    random: Random,
  ): Promise<void> {
    const dimensions = summary?.dimensions ?? 0
    if (dimensions > 0 && dimensions < 10_000) {
      const vector = Float32Array.from({ length: dimensions }, () => random.below(1000) / 1000 - 0.5)
      const hits = await this.#try('query', () => storage.query(vector, 10))
      if (hits && hits.some(({ score }) => !Number.isFinite(score)))
        this.faults.push('a score is not a number')
      const found = hits?.map(({ nodeId }) => nodeId) ?? []
      if (new Set(found).size !== found.length) this.faults.push('a node is found twice')
      for (const nodeId of new Set([...found, ...ids.nodes]))
        await this.#try('nodes', () => storage.nodes([nodeId]))
    }
    for (const id of ids.documents.slice(0, 3))
      await this.#try('nodesOfDocument', () => storage.nodesOfDocument(id))
    await this.#try('documentHashes', () => storage.documentHashes([...ids.documents, '__proto__', '\ud800']))
    await this.#try('manifest', () => storage.manifest())
  }

  async #try<Value>(what: string, work: () => Value | Promise<Value>): Promise<Value | undefined> {
    const before = process.threadCpuUsage()
    try {
      return await work()
    } catch (error) {
      this.#judgeError(what, error)
      if (this.outcome === 'worked') this.outcome = error instanceof StackroomError ? error.code : 'a bug'
      return undefined
    } finally {
      const { user, system } = process.threadCpuUsage(before)
      if (user + system > 10_000_000) this.faults.push(`${what} took ${(user + system) / 1000} ms`)
    }
  }

  /** Refused for what is written in it: then Python refuses it, too, or it is beyond the limits that are told of. */
  #judgeRefusal(message: string): void {
    const name = /^(\S+\.json) is damaged: (.*) at byte \d+\.$/.exec(message)
    if (!name || /nested|digits|second time|is not an object|brace is missing/.test(name[2]!)) return
    const bytes = this.#before.get(name[1]!)
    if (bytes && typeof parseAsPython(bytes) === 'object')
      this.faults.push(`refused although it is JSON: ${message}`)
  }

  /** What is at its end may come back: then it can be persisted. */
  get #hasDeadLink(): boolean {
    return readdirSync(this.#persistDir).some((name) => !existsSync(join(this.#persistDir, name)))
  }

  /** Then its changes are lost with it, and the next opening reads the JSON files. */
  get #isStoreDamaged(): boolean {
    return existsSync(join(this.#persistDir, '.stackroom/working.sqlite.damaged'))
  }

  /** A folder in the place of the lock: nobody can take it, so nobody may write. */
  get #cannotBeLocked(): boolean {
    const path = join(this.#persistDir, '.stackroom/lock.sqlite')
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  }

  #judgeError(what: string, error: unknown): void {
    if (!(error instanceof StackroomError)) {
      this.faults.push(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      return
    }
    const { code, message } = error
    const isExpected = allowed.has(code) || (code === 'read-only' && this.#cannotBeLocked)
    if (!isExpected) this.faults.push(`${what}: ${code}: ${message}`)
    this.#judgeRefusal(message)
    if (message.length > 1000) this.faults.push(`${what}: a message of ${message.length} characters`)
    if (code === 'path-missing' && !/\.json\b|\.stackroom/.test(message))
      this.faults.push(`${what} names no file: ${message}`)
    if (code === 'damaged-file' || (code === 'unsupported-format' && what === 'open')) {
      // The name of a file, or of the folder where Stackroom's own are.
      if (!/[\w.]+\.json|\.stackroom|LlamaIndexTS/.test(message))
        this.faults.push(`${what} names no file: ${message}`)
      const isOfFormat = code === 'unsupported-format' || message.includes('.stackroom')
      if (!isOfFormat && !/at byte \d+|node |document |index |folder where/.test(message))
        this.faults.push(`${what} names no place: ${message}`)
    }
  }

  #judgeOpening(isOpened: boolean): void {
    this.#sameAs(this.#before, 'opening')
    if (!isOpened) {
      if (existsSync(join(this.#persistDir, '.stackroom')))
        this.faults.push('a folder that was refused got a .stackroom')
      return
    }
    for (const [name, bytes] of this.#before) {
      if (isJudged(name, bytes) && parseAsPython(bytes) === undefined)
        this.faults.push(`${name} is not JSON, and was taken`)
    }
  }

  #sameAs(before: ReadonlyMap<string, Buffer>, after: string): void {
    const now = contentOf(this.#persistDir)
    for (const [name, bytes] of before)
      if (!now.get(name)?.equals(bytes)) this.faults.push(`${after} changed ${name}`)
    for (const name of now.keys()) if (!before.has(name)) this.faults.push(`${after} made ${name}`)
  }

  /** What is not touched has its text; what is touched is what the change is about. */
  #judgePersisted(isInserted: boolean, deleted: string | null): void {
    for (const [name, bytes] of this.#before) {
      const now = this.#contentOf(name)
      if (!isJudged(name, bytes)) {
        if (!now?.equals(bytes)) this.faults.push(`persisting changed ${name}`)
      } else if (!now || parseAsPython(now) === undefined)
        this.faults.push(`persisting left no JSON in ${name}`)
    }
    if (this.faults.length > 0) return
    const before = sectionsOf('', this.#before)
    const now = sectionsOf(this.#persistDir)
    const touched = deleted === null ? new Set<string>() : nodesOf(before, deleted)
    if (deleted !== null) touched.add(deleted)
    for (const { file, name, role, entries, whole } of before) {
      const same = now.find((section) => section.file === file && section.name === name)
      if (!same) this.faults.push(`persisting took ${name} out of ${file}`)
      else if (role === 'other') {
        if (same.whole !== whole) this.faults.push(`persisting changed ${name} in ${file}`)
      } else
        for (const [key, value] of entries) {
          const text = same.entries.get(key)
          const isKept = role === 'index-structs' ? text !== undefined : text === value
          // Another document that names a deleted node loses it, as in Python.
          const isTouched =
            touched.has(key) || (role === 'ref-doc-info' && stringsIn(value).some((id) => touched.has(id)))
          if (!isKept && !isTouched && !key.startsWith('/inserted.txt'))
            this.faults.push(`persisting changed ${JSON.stringify(key.slice(0, 80))} of ${name}`)
        }
    }
    if (
      isInserted &&
      !now.some(({ role, entries }) => role === 'nodes' && entries.has('/inserted.txt#alpha'))
    )
      this.faults.push('what was inserted is not in the docstore')
    if (deleted !== null && now.some(({ role, entries }) => role === 'ref-doc-info' && entries.has(deleted)))
      this.faults.push('what was deleted is in ref_doc_info')
  }

  #contentOf(name: string): Buffer | undefined {
    return contentOf(this.#persistDir).get(name)
  }
}

/** Whether it is JSON that is brought in: FAISS has a format of its own in files of the same name. */
function isJudged(name: string, bytes: Buffer): boolean {
  const file = storeFileOf(name)
  return file !== null && isImported(file) && !/^I[A-Za-z][A-Za-z0-9]{2}/.test(bytes.toString('latin1', 0, 4))
}

function sizeOf(folder: string): number {
  return jsonFilesIn(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
}

/** Of every file, without Stackroom's own folder. */
function contentOf(folder: string): Map<string, Buffer> {
  const content = new Map<string, Buffer>()
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isFile()) content.set(entry.name, readFileSync(join(folder, entry.name)))
  return content
}

interface Section {
  readonly file: string
  readonly name: string
  readonly role: string
  /** The texts of the entries by their keys: of a key that is there twice the last. */
  readonly entries: ReadonlyMap<string, string>
  readonly whole: string
}

/** Of the files that are valid. */
function sectionsOf(folder: string, content: ReadonlyMap<string, Buffer> = contentOf(folder)): Section[] {
  return [...content].flatMap(([file, bytes]) => {
    const store = storeFileOf(file)
    if (!store || !isJudged(file, bytes) || parseAsPython(bytes) === undefined) return []
    const tree = parseTree(bytes.toString().replace(/^\ufeff/, ''))
    if (tree.kind !== 'object') return []
    return tree.members.map(({ key, value }): Section => {
      const name = String(JSON.parse(key))
      return {
        file,
        name,
        role: sectionRoleOf(store.role, name),
        entries: entriesOf(value),
        whole: printTree(value),
      }
    })
  })
}

function entriesOf(tree: Tree): Map<string, string> {
  if (tree.kind !== 'object') return new Map()
  return new Map(tree.members.map(({ key, value }) => [String(JSON.parse(key)), printTree(value)]))
}

/** What deleting a document may touch, whatever its ref_doc_info names. */
function nodesOf(sections: readonly Section[], refDocId: string): Set<string> {
  const touched = new Set<string>()
  for (const { role, entries } of sections) {
    if (role === 'ref-doc-info') for (const id of stringsIn(entries.get(refDocId) ?? '')) touched.add(id)
    if (role === 'ref-doc-ids')
      for (const [key, value] of entries)
        if (value.startsWith('"') && JSON.parse(value) === refDocId) touched.add(key)
  }
  return touched
}

function stringsIn(json: string): string[] {
  return [...json.matchAll(/"(?:[^"\\]|\\[^])*"/g)].map(([text]) => String(JSON.parse(text)))
}
