/**
 * What SQLite left beside a database when its program was killed, read as SQLite reads it: of a rollback journal the pages as
 * they were before the transaction that was broken off, of a write-ahead log the pages that were committed to it.
 */
import { existsSync } from 'node:fs'
import { ByteWindow } from './byte-window.ts'

export interface RecoveredPages {
  readonly kind: 'journal' | 'log'
  /** The file that has them. */
  readonly path: string
  readonly pageSize: number
  /** Pages that the database has with them. */
  readonly pageCount: number
  /** Where the content of a page begins in the file, by its number. */
  readonly offsets: ReadonlyMap<number, number>
}

/** Null where there is nothing to undo and nothing to add. */
export function findRecoveredPages(database: string): RecoveredPages | null {
  return readIfThere(`${database}-journal`, readJournal) ?? readIfThere(`${database}-wal`, readLog)
}

function readIfThere(
  path: string,
  read: (path: string, file: ByteWindow) => RecoveredPages | null,
): RecoveredPages | null {
  if (!existsSync(path)) return null
  using file = new ByteWindow(path)
  const recovered = read(path, file)
  return recovered && recovered.offsets.size > 0 ? recovered : null
}

const journalMagic = 'd9d505f920a163d7'
/** Stands for: as many as there are to the end of the file. */
const uncounted = 0xffffffff

interface JournalHeader {
  readonly records: number
  readonly nonce: number
  readonly pageCount: number
  readonly sectorSize: number
  readonly pageSize: number
}

/** A journal is headers that fill a sector each, followed by records: the number of a page, its content, a checksum. */
function readJournal(path: string, file: ByteWindow): RecoveredPages | null {
  const first = journalHeader(file, 0)
  if (!first || !isPageSize(first.pageSize) || first.sectorSize < 32) return null
  const { pageSize, pageCount, sectorSize } = first
  const recordSize = pageSize + 8
  const offsets = new Map<number, number>()
  let header: JournalHeader | null = first
  for (let at = 0; header; header = journalHeader(file, at)) {
    const start = at + sectorSize
    const room = Math.max(0, Math.floor((file.fileBytes - start) / recordSize))
    const count = header.records === uncounted ? room : Math.min(header.records, room)
    for (let place = start; place < start + count * recordSize; place += recordSize) {
      const record = file.at(place, recordSize)
      const number = record?.readUInt32BE(0) ?? 0
      if (!record || number === 0 || number > pageCount || offsets.has(number)) continue
      if (isIntact(record, pageSize, header.nonce)) offsets.set(number, place + 4)
    }
    at = Math.ceil((start + count * recordSize) / sectorSize) * sectorSize
  }
  return { kind: 'journal', path, pageSize, pageCount, offsets }
}

function journalHeader(file: ByteWindow, at: number): JournalHeader | null {
  const header = file.at(at, 28)
  if (header?.toString('hex', 0, 8) !== journalMagic) return null
  return {
    records: header.readUInt32BE(8),
    nonce: header.readUInt32BE(12),
    pageCount: header.readUInt32BE(16),
    sectorSize: header.readUInt32BE(20),
    pageSize: header.readUInt32BE(24),
  }
}

/** The nonce and every 200th byte of the page, counted from its end. */
function isIntact(record: Buffer, pageSize: number, nonce: number): boolean {
  let sum = nonce
  for (let place = pageSize - 200; place > 0; place -= 200) sum += record[4 + place] ?? 0
  return record.readUInt32BE(pageSize + 4) === sum >>> 0
}

const logMagic = 0x377f0682
const logHeaderSize = 32
const frameHeaderSize = 24

/** Frames up to the last commit before the first one that is not whole: what is behind it was never promised. */
function readLog(path: string, file: ByteWindow): RecoveredPages | null {
  const header = file.at(0, logHeaderSize)
  if (!header || (header.readUInt32BE(0) & ~1) >>> 0 !== logMagic) return null
  const pageSize = header.readUInt32BE(8)
  if (!isPageSize(pageSize)) return null
  const isBigEndian = header.readUInt32BE(0) !== logMagic
  const salts = header.toString('hex', 16, 24)
  const sum = new RunningSum(isBigEndian)
  sum.add(header.subarray(0, 24))
  if (!sum.equals(header, 24)) return null
  const offsets = new Map<number, number>()
  let pageCount = 0
  let uncommitted: [number, number][] = []
  const frameSize = frameHeaderSize + pageSize
  for (let at = logHeaderSize; ; at += frameSize) {
    const frame = file.at(at, frameSize)
    if (frame?.toString('hex', 8, 16) !== salts) break
    sum.add(frame.subarray(0, 8))
    sum.add(frame.subarray(frameHeaderSize))
    if (!sum.equals(frame, 16)) break
    uncommitted.push([frame.readUInt32BE(0), at + frameHeaderSize])
    // Of the last frame of a transaction: how many pages the database has after it.
    const committed = frame.readUInt32BE(4)
    if (committed === 0) continue
    for (const [number, offset] of uncommitted) offsets.set(number, offset)
    uncommitted = []
    pageCount = committed
  }
  return { kind: 'log', path, pageSize, pageCount, offsets }
}

/** Each checksum of a log goes on from the one before. */
class RunningSum {
  readonly #isBigEndian: boolean
  #first = 0
  #second = 0

  constructor(isBigEndian: boolean) {
    this.#isBigEndian = isBigEndian
  }

  add(bytes: Buffer): void {
    const read = (at: number): number => (this.#isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at))
    for (let at = 0; at < bytes.length; at += 8) {
      this.#first = (this.#first + read(at) + this.#second) >>> 0
      this.#second = (this.#second + read(at + 4) + this.#first) >>> 0
    }
  }

  equals(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#first && bytes.readUInt32BE(at + 4) === this.#second
  }
}

function isPageSize(size: number): boolean {
  return size >= 512 && size <= 65536 && (size & (size - 1)) === 0
}
