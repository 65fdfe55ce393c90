/**
 * Walks a store file, `{section: {key: value, …}, …}`, and says where each entry stands, with its bytes. It streams:
 * neither the file's size nor Node's longest string limits it, only the size of one entry does. Values are checked and not
 * parsed: what Python could not load is refused with its place.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { crc32 } from 'node:zlib'
import { StackroomError } from '#contract'
import { checkString, checkValue, checkWhole, isSpace, JsonFault } from './json-check.ts'

/** Offsets count the file's bytes. Buffers are views that the next step overwrites. */
export type ScanToken =
  | { readonly kind: 'section-start'; readonly name: string; readonly keyStart: number }
  /** `position` is after the last entry and before the white space and the closing brace. */
  | {
      readonly kind: 'section-end'
      readonly name: string
      readonly position: number
      readonly entries: number
    }
  /** A section that is not an object: the value as a whole. */
  | { readonly kind: 'scalar'; readonly name: string; readonly keyStart: number; readonly value: Buffer }
  | {
      readonly kind: 'entry'
      readonly key: string
      readonly keyStart: number
      readonly valueStart: number
      readonly valueEnd: number
      readonly value: Buffer
    }
  /** `position` is after the last section and before the closing brace. */
  | { readonly kind: 'end'; readonly position: number; readonly sections: number }
  /** After the last byte, with the CRC-32 of all of them. */
  | { readonly kind: 'file'; readonly bytes: number; readonly checksum: number }

const chunkBytes = 256 * 1024
/** Of an entry. */
export const maximumEntryBytes = 256 * 1024 * 1024
/** A docstore has three for each of its namespaces, other files as many. */
const maximumSections = 1000
/** From here on an entry gets room for all that may follow: what is not written to takes no memory, copies would. */
const longEntryBytes = 2 * 1024 * 1024

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

export interface ScanOptions {
  /** Sections in which values are only matched, because the caller parses each of them or has checked the file before. */
  readonly leaveUnchecked?: (section: string) => boolean
  /** Where the entries of a section must be shorter than others. */
  readonly maximumBytesIn?: (section: string) => number
}

/** Throws `damaged-file` or `unsupported-format` with the file and the place. */
export function* scanStoreFile(
  path: string,
  options: ScanOptions = {},
): Generator<ScanToken, void, undefined> {
  using scanner = new JsonScanner(path, options)
  yield* scanner.tokens()
}

/** For a value that was left unchecked. Throws `damaged-file` with the file and the place. */
export function checkEntry(path: string, { value, valueStart }: { value: Buffer; valueStart: number }): void {
  try {
    checkWhole(value)
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    throw damagedAt(path, error.message, valueStart + error.position)
  }
}

export function damagedAt(path: string, what: string, position: number): StackroomError {
  return new StackroomError('damaged-file', `${basename(path)} is damaged: ${what} at byte ${position}.`, {
    hint: 'Restore the file from a backup, or index the documents again. Nothing in the folder was changed.',
  })
}

/** CRC-32 of a file, for telling whether its content is the same. */
export function checksumOf(path: string): number {
  const file = openSync(path, 'r')
  try {
    const block = Buffer.allocUnsafeSlow(chunkBytes)
    let checksum = 0
    for (;;) {
      const count = readSync(file, block)
      if (count === 0) return checksum
      checksum = crc32(block.subarray(0, count), checksum)
    }
  } finally {
    closeSync(file)
  }
}

class JsonScanner implements Disposable {
  readonly #path: string
  readonly #leaveUnchecked: (section: string) => boolean
  readonly #maximumBytesIn: (section: string) => number
  /** In the section that is being read. */
  #maximumBytes = maximumEntryBytes
  readonly #file: number
  /** What is read into; `#buffer` is the part of it that holds something. */
  #memory: Buffer = Buffer.allocUnsafeSlow(2 * chunkBytes)
  #buffer: Buffer = this.#memory.subarray(0, 0)
  /** Offset in the file of the buffer's first byte. */
  #base = 0
  #position = 0
  #ended = false
  #checksum = 0

  constructor(
    path: string,
    { leaveUnchecked = () => false, maximumBytesIn = () => maximumEntryBytes }: ScanOptions,
  ) {
    this.#path = path
    this.#leaveUnchecked = leaveUnchecked
    this.#maximumBytesIn = maximumBytesIn
    this.#file = openSync(path, 'r')
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  *tokens(): Generator<ScanToken, void, undefined> {
    this.#skipByteOrderMark()
    this.#expect(OPEN_BRACE, 'an opening brace')
    const names = new Set<string>()
    let sections = 0
    let position = this.#base + this.#position
    if (this.#peek() !== CLOSE_BRACE) {
      do {
        this.#peek()
        const keyStart = this.#base + this.#position
        const name = this.#key()
        // Python would forget all of the first one.
        if (names.has(name)) throw damagedAt(this.#path, 'a section is there for the second time', keyStart)
        names.add(name)
        if (names.size > maximumSections)
          throw damagedAt(this.#path, `there are more than ${maximumSections} sections`, keyStart)
        this.#expect(COLON, 'a colon')
        sections++
        if (this.#peek() !== OPEN_BRACE)
          yield { kind: 'scalar', name, keyStart, value: this.#value(checkValue) }
        else yield* this.#section(name, keyStart)
        position = this.#base + this.#position
      } while (this.#hasMore())
    } else this.#position++
    yield { kind: 'end', position, sections }
    this.#expectEnd()
    yield { kind: 'file', bytes: this.#base + this.#buffer.length, checksum: this.#checksum }
  }

  *#section(name: string, keyStart: number): Generator<ScanToken, void, undefined> {
    this.#position++
    yield { kind: 'section-start', name, keyStart }
    let entries = 0
    let position = this.#base + this.#position
    const endOf = this.#leaveUnchecked(name) ? skipValue : checkValue
    this.#maximumBytes = this.#maximumBytesIn(name)
    if (this.#peek() !== CLOSE_BRACE) {
      do {
        this.#peek()
        const entryStart = this.#base + this.#position
        const key = this.#key()
        this.#expect(COLON, 'a colon')
        this.#peek()
        const value = this.#value(endOf)
        position = this.#base + this.#position
        entries++
        yield {
          kind: 'entry',
          key,
          keyStart: entryStart,
          valueStart: position - value.length,
          valueEnd: position,
          value,
        }
      } while (this.#hasMore())
    } else this.#position++
    this.#maximumBytes = maximumEntryBytes
    yield { kind: 'section-end', name, position, entries }
  }

  /** After an entry: whether another one follows. */
  #hasMore(): boolean {
    const byte = this.#peek()
    if (byte !== COMMA && byte !== CLOSE_BRACE) throw this.#damaged('a comma or a closing brace is missing')
    this.#position++
    return byte === COMMA
  }

  #damaged(what: string, position = this.#position): StackroomError {
    return damagedAt(this.#path, what, this.#base + position)
  }

  /** Reads on, keeping what is not used up. Reads more each time, so that a long entry is not looked at over and over. */
  #fill(): boolean {
    if (this.#ended) return false
    const kept = this.#buffer.subarray(this.#position)
    const most = this.#maximumBytes
    if (kept.length >= most) throw this.#damaged(`an entry is larger than ${Math.floor(most / 2 ** 20)} MB`)
    const isLong = kept.length > longEntryBytes
    const step = Math.min(Math.max(chunkBytes, kept.length), most - kept.length)
    const wanted = kept.length + step
    const isFitting =
      wanted <= this.#memory.length && (isLong || this.#memory.length <= Math.max(wanted, 8 * chunkBytes))
    const next = isFitting
      ? this.#memory
      : Buffer.allocUnsafeSlow(Math.max(wanted, isLong ? this.#roomForEntry() : 2 * chunkBytes))
    if (next !== this.#memory || this.#position > 0) next.set(kept)
    this.#memory = next
    const place = this.#base + this.#buffer.length
    const count = readSync(
      this.#file,
      next,
      kept.length,
      isLong ? Math.min(step, next.length - kept.length) : next.length - kept.length,
      place,
    )
    if (count === 0) this.#ended = true
    this.#checksum = crc32(next.subarray(kept.length, kept.length + count), this.#checksum)
    this.#base += this.#position
    this.#position = 0
    this.#buffer = next.subarray(0, kept.length + count)
    return count > 0
  }

  /** For the longest entry there may be, or for all that is left of the file. */
  #roomForEntry(): number {
    const rest = fstatSync(this.#file).size - this.#base - this.#position
    return Math.min(rest + chunkBytes, this.#maximumBytes)
  }

  #skipByteOrderMark(): void {
    if (!this.#fill()) throw this.#damaged('the file is empty')
    const [first, second, third] = this.#buffer
    if (first === 0xef && second === 0xbb && third === 0xbf) this.#position = 3
    else if ((first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe) || second === 0)
      throw new StackroomError('unsupported-format', `${basename(this.#path)} is not written in UTF-8.`, {
        hint: 'It may have been saved by an editor as UTF-16. Save it again as UTF-8.',
      })
  }

  /** The next byte that is not white space, without taking it. */
  #peek(): number {
    for (;;) {
      while (this.#position < this.#buffer.length) {
        const byte = this.#buffer[this.#position]!
        if (!isSpace(byte)) return byte
        this.#position++
      }
      if (!this.#fill()) throw this.#damaged('the file ends too early')
    }
  }

  #expect(byte: number, what: string): void {
    if (this.#peek() !== byte) throw this.#damaged(`${what} is missing`)
    this.#position++
  }

  #expectEnd(): void {
    do {
      for (; this.#position < this.#buffer.length; this.#position++) {
        if (!isSpace(this.#buffer[this.#position]!)) throw this.#damaged('there is more after the end')
      }
    } while (this.#fill())
  }

  #key(): string {
    if (this.#peek() !== QUOTE) throw this.#damaged('a key is missing')
    const text = this.#value(checkString)
    return text.includes(BACKSLASH)
      ? String(JSON.parse(text.toString('utf8')))
      : text.toString('utf8', 1, text.length - 1)
  }

  /** The value that begins here, and the position after it. */
  #value(endOf: (bytes: Buffer, start: number) => number): Buffer {
    try {
      for (;;) {
        // What is long is looked at closely when all of it is there, and not each time that more is.
        const mayEnd =
          this.#ended ||
          this.#buffer.length - this.#position <= longEntryBytes ||
          skipValue(this.#buffer, this.#position) >= 0
        const end = mayEnd ? endOf(this.#buffer, this.#position) : -1
        if (end >= 0) {
          const value = this.#buffer.subarray(this.#position, end)
          if (value.length === 0) throw this.#damaged('a value is missing')
          this.#position = end
          return value
        }
        if (!this.#fill() && mayEnd) throw this.#damaged('the file ends too early', this.#buffer.length)
      }
    } catch (error) {
      if (error instanceof JsonFault) throw this.#damaged(error.message, error.position)
      throw error
    }
  }
}

/** Where the value that begins at `start` ends; -1 when the buffer ends before. */
export function skipValue(buffer: Buffer, start: number): number {
  const first = buffer[start]
  if (first === QUOTE) return skipString(buffer, start)
  if (first === OPEN_BRACKET) return skipArray(buffer, start)
  if (first === OPEN_BRACE) return skipNested(buffer, start)
  for (let position = start; position < buffer.length; position++) {
    const byte = buffer[position]!
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20) return position
  }
  return -1
}

/** Vectors are most of the bytes there are: the end of a flat list of numbers is the next bracket. */
function skipArray(buffer: Buffer, start: number): number {
  const end = buffer.indexOf(CLOSE_BRACKET, start)
  if (end < 0) return skipNested(buffer, start)
  const inside = buffer.subarray(start + 1, end)
  if (inside.includes(QUOTE) || inside.includes(OPEN_BRACKET) || inside.includes(OPEN_BRACE))
    return skipNested(buffer, start)
  return end + 1
}

function skipNested(buffer: Buffer, start: number): number {
  const { length } = buffer
  let depth = 0
  let position = start
  while (position < length) {
    const byte = buffer[position]!
    if (byte === QUOTE) {
      position = skipString(buffer, position)
      if (position < 0) return -1
      continue
    }
    position++
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--
      if (depth === 0) return position
    }
  }
  return -1
}

/** Looks at a few bytes itself, as keys are short, and lets the native search find the end of long texts. */
export function skipString(buffer: Buffer, start: number): number {
  const { length } = buffer
  let position = start + 1
  for (;;) {
    const near = Math.min(position + 48, length)
    while (position < near) {
      const byte = buffer[position]!
      if (byte === QUOTE) return position + 1
      position += byte === BACKSLASH ? 2 : 1
    }
    if (position >= length) return -1
    const quote = buffer.indexOf(QUOTE, position)
    if (quote < 0) return -1
    let escapes = quote
    while (escapes > position && buffer[escapes - 1] === BACKSLASH) escapes--
    position = quote + 1
    if ((quote - escapes) % 2 === 0) return position
  }
}
