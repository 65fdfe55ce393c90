/**
 * Reads the pages of a SQLite file that SQLite itself refuses, with what its journal or its log has for them. Damage stays
 * within the pages that have it: the rows of every other leaf page are read, whether the way to it from the root is whole or not.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { findRecoveredPages, type RecoveredPages } from './recovered-pages.ts'
import { PageDamage, parseRecord, varint, type SqliteValue } from './sqlite-record.ts'

export interface SqliteRow {
  /** 0 in an index. */
  readonly rowid: number
  readonly values: readonly SqliteValue[]
}

export const pageKind = { interiorIndex: 2, interiorTable: 5, leafIndex: 10, leafTable: 13 } as const

const sizes = [4096, 1024, 8192, 16384, 32768, 2048, 512, 65536]

export class SqlitePages implements Disposable {
  readonly pageSize: number
  readonly pageCount: number
  /** What a killed program left beside the file. */
  readonly recovered: RecoveredPages | null
  readonly #file: number
  readonly #recoveredFile: number | null
  readonly #usable: number

  constructor(path: string) {
    this.recovered = findRecoveredPages(path)
    this.#file = openSync(path, 'r')
    this.#recoveredFile = this.recovered && openSync(this.recovered.path, 'r')
    const header = Buffer.alloc(100)
    this.#read(1, header, 0)
    const told = header.readUInt16BE(16) === 1 ? 65536 : header.readUInt16BE(16)
    const isWhole = header.toString('latin1', 0, 15) === 'SQLite format 3' && sizes.includes(told)
    // The size that Chroma’s databases have, unless something says another.
    this.pageSize = this.recovered?.pageSize ?? (isWhole ? told : 4096)
    this.#usable = this.pageSize - (isWhole ? (header[20] ?? 0) : 0)
    let there = Math.ceil(fstatSync(this.#file).size / this.pageSize)
    for (const number of this.recovered?.offsets.keys() ?? []) there = Math.max(there, number)
    // A journal's own number may be damaged.
    this.pageCount = Math.max(1, Math.min(this.recovered?.pageCount ?? there, there))
  }

  /** Numbered from 1. What a cut-off file lacks is zeros. */
  page(number: number): Buffer {
    if (number < 1 || number > this.pageCount) throw new PageDamage(`there is no page ${number}`)
    const page = Buffer.alloc(this.pageSize)
    this.#read(number, page, (number - 1) * this.pageSize)
    return page
  }

  #read(number: number, into: Buffer, inDatabase: number): void {
    const recovered = this.recovered?.offsets.get(number)
    if (recovered === undefined || this.#recoveredFile === null)
      readSync(this.#file, into, 0, into.length, inDatabase)
    else readSync(this.#recoveredFile, into, 0, into.length, recovered)
  }

  kindOf(number: number): number {
    return this.page(number)[headerOffset(number)] ?? 0
  }

  /** The pages below an inner page that are in the file. */
  childrenOf(number: number): number[] {
    const page = this.page(number)
    const head = headerOffset(number)
    const children = cellOffsets(page, head, 12).flatMap((at) =>
      at + 4 <= page.length ? [page.readUInt32BE(at)] : [],
    )
    return [...children, page.readUInt32BE(head + 8)].filter((child) => child > 1 && child <= this.pageCount)
  }

  /** Rows that can be read; `onDamage` is called for each that cannot. */
  *rowsOf(number: number, onDamage: () => void): Generator<SqliteRow> {
    const page = this.page(number)
    const head = headerOffset(number)
    const isTable = page[head] === pageKind.leafTable
    for (const at of cellOffsets(page, head, 8)) {
      try {
        yield this.#row(page, at, isTable)
      } catch (error) {
        if (!(error instanceof PageDamage)) throw error
        onDamage()
      }
    }
  }

  /** Pages that are not used: they have rows that were deleted. Empty where the list cannot be followed. */
  freePages(): Set<number> {
    const free = new Set<number>()
    let trunk = this.page(1).readUInt32BE(32)
    while (trunk > 0 && trunk <= this.pageCount && !free.has(trunk)) {
      free.add(trunk)
      const page = this.page(trunk)
      const count = Math.min(page.readUInt32BE(4), (this.pageSize - 8) / 4)
      for (let index = 0; index < count; index++) free.add(page.readUInt32BE(8 + index * 4))
      trunk = page.readUInt32BE(0)
    }
    return free
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
    if (this.#recoveredFile !== null) closeSync(this.#recoveredFile)
  }

  #row(page: Buffer, at: number, isTable: boolean): SqliteRow {
    const length = varint(page, at)
    const rowid = isTable ? varint(page, length.next) : { value: 0, next: length.next }
    return { rowid: rowid.value, values: parseRecord(this.#payload(page, rowid.next, length.value, isTable)) }
  }

  /** What does not fit on its page goes on in a chain of others. */
  #payload(page: Buffer, at: number, length: number, isTable: boolean): Buffer {
    const usable = this.#usable
    if (length < 0 || length > this.pageCount * this.pageSize) throw new PageDamage('a row is too long')
    const most = isTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23
    if (length <= most) return part(page, at, length)
    const least = Math.floor(((usable - 12) * 32) / 255) - 23
    const fitting = least + ((length - least) % (usable - 4))
    const local = fitting <= most ? fitting : least
    const parts = [part(page, at, local)]
    let left = length - local
    let next = part(page, at + local, 4).readUInt32BE(0)
    while (left > 0) {
      const overflow = this.page(next)
      if (overflow.every((byte) => byte === 0)) throw new PageDamage('a part of a row is gone')
      const here = Math.min(left, usable - 4)
      parts.push(part(overflow, 4, here))
      left -= here
      next = overflow.readUInt32BE(0)
    }
    return Buffer.concat(parts)
  }
}

function part(page: Buffer, at: number, length: number): Buffer {
  if (at + length > page.length) throw new PageDamage('a row leaves its page')
  return page.subarray(at, at + length)
}

/** The file's own header stands before that of the first page. */
function headerOffset(number: number): number {
  return number === 1 ? 100 : 0
}

function cellOffsets(page: Buffer, head: number, headerLength: number): number[] {
  const room = Math.floor((page.length - head - headerLength) / 2)
  const count = Math.min(page.readUInt16BE(head + 3), room)
  return Array.from({ length: count }, (_, index) => page.readUInt16BE(head + headerLength + index * 2))
}
