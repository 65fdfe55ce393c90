/** Reads the store files of a folder, front to back, and notes what they say. A damaged file is read up to the damage. */
import { openSync, closeSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { StackroomError } from '#contract'
import { explainFileError } from '#platform/file-errors.ts'
import { scanStoreFile, type ScanToken } from '../llamaindex/json-scanner.ts'
import { storedKey } from '../llamaindex/python-json.ts'
import { sectionRoleOf, storeFilesIn, type StoreFile } from '../llamaindex/store-files.ts'
import type { FactSection, Facts } from './facts.ts'
import { noteEntry, VectorParser } from './note-entry.ts'
import type { ProblemList } from './problem-list.ts'
import type { WorkingStoreCheck } from './working-store-check.ts'

export interface ReadStoreFilesOptions {
  readonly persistDir: string
  readonly facts: Facts
  readonly problems: ProblemList
  readonly workingStore: WorkingStoreCheck | null
  readonly signal: AbortSignal
  readonly onProgress: (bytesDone: number, bytesTotal: number) => void
}

/** Bytes that are read before other calls get their turn. */
const turnBytes = 16 * 1024 * 1024

export async function readStoreFiles(options: ReadStoreFilesOptions): Promise<void> {
  const { persistDir, onProgress } = options
  const files = storeFilesIn(persistDir)
  const sizes = files.map(({ name }) => sizeOf(join(persistDir, name)))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let before = 0
  for (const [index, file] of files.entries()) {
    await readStoreFile(options, file, (done) => onProgress(before + done, total))
    before += sizes[index] ?? 0
  }
  onProgress(total, total)
}

/** What keeps a file from being read is told of when it is read. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}

async function readStoreFile(
  { persistDir, facts, problems, workingStore, signal }: ReadStoreFilesOptions,
  file: StoreFile,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const path = join(persistDir, file.name)
  const names = new Set<string>()
  const vectors = new VectorParser()
  let section: FactSection | undefined
  /** Up to here the file is whole. */
  let whole = 0
  let pause = 0
  workingStore?.startFile(file.name)
  try {
    for (const token of scanStoreFile(path, { leaveUnchecked: () => true })) {
      if (token.kind === 'section-start') {
        section = facts.addSection(file.name, token.name, sectionRoleOf(file.role, token.name))
        if (names.has(token.name)) problems.add(twice(file.name, token))
        names.add(token.name)
      } else if (token.kind === 'entry' && section) {
        facts.run('INSERT INTO entries VALUES (?, ?, ?)', section.id, storedKey(token.key), token.keyStart)
        noteEntry({ facts, problems, file, section, key: storedKey(token.key), vectors, token })
        workingStore?.entry(section, storedKey(token.key), token.value, token.keyStart)
        whole = token.valueEnd
        if (token.valueEnd - pause > turnBytes) {
          pause = token.valueEnd
          onProgress(pause)
          await nextTurn()
          signal.throwIfAborted()
        }
      } else if (token.kind === 'file') workingStore?.endFile(file.name, token)
    }
    facts.complete.add(file.name)
  } catch (error) {
    const known = explainFileError(error, path)
    if (!(known instanceof StackroomError) || known.code === 'cancelled') throw error
    const problem = damage(file, known, isFaiss(path) ? 'faiss' : 'json', whole, section)
    if (problem.repairable) facts.broken.add(file.name)
    workingStore?.failFile(file.name)
    problems.add(problem)
  }
}

function twice(file: string, token: Extract<ScanToken, { kind: 'section-start' }>) {
  return {
    code: 'duplicate-key' as const,
    message: `${file} has the section ${token.name} twice; Python reads only the last one.`,
    file,
    section: token.name,
    offset: token.keyStart,
    repairable: false,
  }
}

function damage(
  { name, role }: StoreFile,
  error: StackroomError,
  content: 'faiss' | 'json',
  whole: number,
  section: FactSection | undefined,
) {
  const place = { file: name, section: section?.name, offset: whole }
  if (content === 'faiss')
    return {
      code: 'unsupported-file' as const,
      severity: 'note' as const,
      message: `${name} is an index of FAISS: its vectors were not checked.`,
      file: name,
      repairable: false,
    }
  if (error.code === 'unsupported-format')
    return { code: 'unsupported-file' as const, message: error.message, file: name, repairable: false }
  return {
    code: 'damaged-file' as const,
    message: `${error.message} Its entries up to byte ${whole} are whole.`,
    ...place,
    repairable: error.code === 'damaged-file' && role !== 'graph-store' && role !== 'property-graph-store',
  }
}

/** FAISS writes its index under the name of the JSON file. */
function isFaiss(path: string): boolean {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return false
  }
  try {
    const start = Buffer.alloc(4)
    return readSync(file, start, 0, 4, 0) === 4 && /^I[xHvBw]/.test(start.toString('latin1'))
  } finally {
    closeSync(file)
  }
}
