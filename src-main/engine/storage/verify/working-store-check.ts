/**
 * Compares the working store with the JSON files while those are read. The store is opened where it is when a process
 * works on the folder, and else as a copy, because SQLite leaves files behind even when it only reads.
 */
import { constants, copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { fileStamp } from '#platform/atomic-files.ts'
import { isDamage } from '#platform/file-errors.ts'
import { pendingFiles, type CommittedFile } from '../commit-files.ts'
import { workingFile } from '../replace-working-store.ts'
import { originalKey } from '../llamaindex/python-json.ts'
import { parseVectorInto } from '../llamaindex/vector-text.ts'
import { PackedVectors, packedEnding } from '../packed-vectors.ts'
import { WorkingStore, type SectionRow, type VectorStoreRow } from '../working-store.ts'
import type { FactSection, Facts } from './facts.ts'
import type { ProblemList } from './problem-list.ts'

interface OpenVectors {
  readonly row: VectorStoreRow
  readonly packed: PackedVectors | null
  readonly vector: Float32Array
  readonly text: Float32Array
}

interface Disagreement {
  readonly section: FactSection
  readonly key: string
  readonly offset: number
}

const fileRowSchema = z
  .object({ stamp: z.string().nullable(), bytes: z.number().nullable(), checksum: z.number().nullable() })
  .optional()

/** Disagreements of one file that are kept: a file of another program disagrees everywhere. */
const kept = 5000

export interface WorkingStoreCheckOptions {
  readonly persistDir: string
  readonly workingFolder: string
  /** Where the copy goes: Stackroom's data folder. */
  readonly copyTo: string
  /** Whether a process works on the folder now. */
  readonly isLocked: boolean
  readonly facts: Facts
  readonly problems: ProblemList
}

export class WorkingStoreCheck implements Disposable {
  readonly #options: WorkingStoreCheckOptions
  readonly #store: WorkingStore
  readonly #copy: string | null
  readonly #vectors = new Map<string, OpenVectors | null>()
  readonly #sections = new Map<number, SectionRow | undefined>()
  /** Of each section of the working store: how many of its entries the JSON file has. */
  readonly #matched = new Map<number, number>()
  #disagreements: Disagreement[] = []
  readonly #pending: ReadonlyMap<string, CommittedFile>
  readonly #seen = new Set<string>()
  readonly #changed: string[] = []
  /** Damaged files of which the working store has everything: what is left of them is as it is there. */
  readonly restorable = new Set<string>()

  private constructor(options: WorkingStoreCheckOptions, store: WorkingStore, copy: string | null) {
    this.#options = options
    this.#store = store
    this.#copy = copy
    this.#pending = pendingFiles(options.workingFolder)
  }

  /** Null when there is none, or none that can be read; the problems then say so. */
  static open(options: WorkingStoreCheckOptions): WorkingStoreCheck | null {
    const path = join(options.workingFolder, workingFile)
    if (!existsSync(path)) return null
    let copy: string | null = null
    try {
      copy = options.isLocked ? null : copyStore(path, options.copyTo)
      const store = new WorkingStore(copy === null ? path : join(copy, workingFile), 'read')
      const check = new WorkingStoreCheck(options, store, copy)
      check.#checkDatabase()
      return check
    } catch (error) {
      if (copy !== null) rmSync(copy, { recursive: true, force: true })
      const isDamaged = isDamage(error)
      const why = error instanceof Error ? error.message : String(error)
      options.problems.add({
        code: isDamaged ? 'working-store-damaged' : 'working-store-unchecked',
        message: isDamaged
          ? `The working store is damaged (${why}): it is made anew from the JSON files.`
          : `The working store could not be checked: ${why}`,
        file: `.stackroom/${workingFile}`,
        repairable: isDamaged,
      })
      return null
    }
  }

  [Symbol.dispose](): void {
    for (const open of this.#vectors.values()) open?.packed?.[Symbol.dispose]()
    this.#store[Symbol.dispose]()
    if (this.#copy !== null) rmSync(this.#copy, { recursive: true, force: true })
  }

  get isPersisted(): boolean {
    return this.#store.isPersisted
  }

  /** Documents, nodes and vectors in it. */
  counts(): { documents: number; nodes: number; vectors: number } {
    const count = (role: SectionRow['role']): number => {
      const sections = this.#store.sections().filter((section) => section.role === role)
      return sections.reduce((sum, { id }) => sum + this.#store.count(id), 0)
    }
    return {
      documents: count('ref-doc-info'),
      nodes: count('nodes'),
      vectors: this.#store.number('SELECT count(*) FROM vectors'),
    }
  }

  #checkDatabase(): void {
    const found = z
      .array(z.object({ quick_check: z.string() }))
      .parse(this.#store.database.pragma('quick_check(3)'))
    for (const { quick_check: message } of found) {
      if (message !== 'ok') this.#add('working-store-damaged', `The working store is damaged: ${message}.`)
    }
  }

  startFile(name: string): void {
    this.#disagreements = []
    this.#seen.add(name)
    const row = this.#store.vectorStore(name)
    if (row) this.#vectors.set(name, this.#openVectors(row))
  }

  #openVectors(row: VectorStoreRow): OpenVectors | null {
    if (!row.dimensions) return null
    const path = join(this.#options.workingFolder, row.packed + packedEnding)
    const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    const wanted = row.rows * row.dimensions * 4
    if (bytes < wanted)
      this.#add(
        'working-store-damaged',
        `The packed vectors of ${row.file} are cut off: ${bytes} bytes of ${wanted}.`,
      )
    return {
      row,
      packed: bytes < wanted ? null : new PackedVectors(path, row.dimensions, 'read'),
      vector: new Float32Array(row.dimensions),
      text: new Float32Array(row.dimensions),
    }
  }

  entry(section: FactSection, key: string, value: Buffer, offset: number): void {
    const own = this.#sectionOf(section)
    if (!own) return
    const vectors = section.role === 'embeddings' ? this.#vectors.get(section.file) : null
    const row = vectors ? this.#store.rowOf(vectors.row.id, key) : null
    const bytes = row === null ? this.#store.bytes(own.id, key) : null
    if (row === null && bytes === null) {
      if (!this.#isChanged(own, key)) this.#disagree(section, key, offset)
      return
    }
    this.#matched.set(own.id, (this.#matched.get(own.id) ?? 0) + 1)
    const isSame =
      bytes !== null
        ? bytes.equals(value)
        : row === null || !vectors?.packed || hasVector(vectors, vectors.packed, row, value)
    if (!isSame && !this.#isChanged(own, key)) this.#disagree(section, key, offset)
  }

  #sectionOf(section: FactSection): SectionRow | undefined {
    if (!this.#sections.has(section.id))
      this.#sections.set(
        section.id,
        this.#store.sections().find(({ file, name }) => file === section.file && name === section.name),
      )
    return this.#sections.get(section.id)
  }

  /** Whether the JSON file is known not to have this as it is. */
  #isChanged(section: SectionRow, key: string): boolean {
    return (
      this.#store.value('SELECT 1 FROM changed WHERE section = ? AND key = ?', section.id, key) !== undefined
    )
  }

  #disagree(section: FactSection, key: string, offset: number): void {
    if (this.#disagreements.length < kept) this.#disagreements.push({ section, key, offset })
  }

  /** The file was read to its end. */
  endFile(name: string, read: { readonly bytes: number; readonly checksum: number }): void {
    // Put in place by a persist that was broken off before it could say so here.
    const pending = this.#pending.get(name)
    if (pending?.bytes === read.bytes && pending.checksum === read.checksum) return
    const known = this.#fileRow(name)
    if (!known?.stamp) {
      if (this.#isImported(name)) this.#changed.push(name)
      return
    }
    if (known.bytes === read.bytes && known.checksum === read.checksum) return this.#report(name)
    if (fileStamp(join(this.#options.persistDir, name)) === known.stamp)
      this.#options.problems.add({
        code: 'damaged-file',
        message: `${name} has another content than was written, though nothing wrote it since: the disk may be failing.`,
        file: name,
        repairable: false,
      })
    else this.#changed.push(name)
  }

  #isImported(name: string): boolean {
    return this.#options.facts.sections.some(({ file, role }) => file === name && role !== 'other')
  }

  #fileRow(name: string): z.infer<typeof fileRowSchema> {
    return fileRowSchema.parse(
      this.#store.statement('SELECT stamp, bytes, checksum FROM files WHERE name = ?').get(name),
    )
  }

  #report(name: string): void {
    const { facts, problems } = this.#options
    for (const { section, key, offset } of this.#disagreements) {
      const isTwice =
        facts.number('SELECT count(*) FROM entries WHERE section = ? AND key = ?', section.id, key) > 1
      if (isTwice) continue
      problems.add({
        code: 'working-store-disagrees',
        message: `The working store has ${originalKey(key)} of ${section.name} otherwise than ${name}.`,
        file: name,
        section: section.name,
        key: originalKey(key),
        offset,
        repairable: true,
      })
    }
  }

  /** The file could not be read to its end. */
  failFile(name: string): void {
    if (this.#fileRow(name)?.stamp && this.#disagreements.length === 0) this.restorable.add(name)
  }

  /** Everything was read. */
  finish(): void {
    const { persistDir } = this.#options
    const names = z.array(z.string()).parse(this.#store.statement('SELECT name FROM files').pluck().all())
    const gone = names.filter(
      (name) => !this.#seen.has(name) && this.#fileRow(name)?.stamp && !existsSync(join(persistDir, name)),
    )
    for (const name of this.#seen) if (!this.#changed.includes(name)) this.#checkCounts(name)
    if (this.#changed.length > 0 && !this.isPersisted)
      this.#add(
        'both-sides-changed',
        `Another program changed ${this.#changed.join(', ')} while Stackroom had changes of its own: choose which side to keep.`,
      )
    else if (this.#changed.length > 0)
      this.#add(
        'changed-by-another-program',
        `Another program changed ${this.#changed.join(', ')} since Stackroom read it: it is read again when the folder is opened.`,
      )
    else if (!this.isPersisted)
      this.#add(
        'not-persisted',
        'Stackroom has changes that the JSON files do not have yet: persist brings them up to date.',
      )
    for (const name of gone)
      this.#options.problems.add({
        code: 'missing-file',
        severity: 'warning',
        message: `${name} is not there any more; the working store has what was in it.`,
        file: name,
        repairable: true,
      })
  }

  #checkCounts(file: string): void {
    if (!this.#options.facts.complete.has(file) || !this.#fileRow(file)?.stamp) return
    for (const section of this.#store.sections()) {
      if (section.file !== file) continue
      const vectors = section.role === 'embeddings' ? this.#store.vectorStore(file) : undefined
      const held =
        this.#store.count(section.id) +
        (vectors ? this.#store.number('SELECT count(*) FROM vectors WHERE store = ?', vectors.id) : 0)
      const pending = this.#store.number(
        'SELECT count(*) FROM changed WHERE section = ? AND sequence IS NOT NULL',
        section.id,
      )
      const extra = held - (this.#matched.get(section.id) ?? 0) - pending
      if (extra > 0)
        this.#options.problems.add({
          code: 'working-store-disagrees',
          message: `The working store has ${extra} entries of ${section.name} that ${file} does not have.`,
          file,
          section: section.name,
          repairable: true,
        })
    }
  }

  #add(
    code: 'working-store-damaged' | 'both-sides-changed' | 'changed-by-another-program' | 'not-persisted',
    message: string,
  ): void {
    this.#options.problems.add({
      code,
      message,
      file: `.stackroom/${workingFile}`,
      repairable: code === 'working-store-damaged',
    })
  }
}

function hasVector(
  { vector, text }: OpenVectors,
  packed: PackedVectors,
  row: number,
  value: Buffer,
): boolean {
  if (packed.read(row, vector) !== 1) return false
  // What the quick way does not read, as NaN, is compared when it is searched for: never.
  if (!parseVectorInto(value, text)) return true
  return vector.every((number, index) => Object.is(number, text[index]))
}

/** The folder with the copy. A write-ahead log that was left behind belongs to it. */
function copyStore(path: string, copyTo: string): string {
  const folder = mkdtempSync(join(copyTo, 'verify-'))
  for (const ending of ['', '-wal'])
    if (existsSync(path + ending))
      copyFileSync(path + ending, join(folder, workingFile) + ending, constants.COPYFILE_FICLONE)
  return folder
}
