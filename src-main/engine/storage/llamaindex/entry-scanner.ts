/**
 * Walks a LlamaIndex store file, `{section: {key: value, …}, …}`, and gives each entry's text as it stands in the file.
 * It streams: neither the file's size nor Node's longest string (512 MB) limits it, only one entry's size does.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { StackroomError } from '#contract'

export interface StoreEntry {
  readonly section: string
  /** Null when the section is not an object; `text` is then the whole section. */
  readonly key: string | null
  /** The value's JSON text, verbatim. */
  readonly text: string
}

const chunkBytes = 4 * 1024 * 1024
/** An entry is turned into one string. */
const maximumEntryBytes = 256 * 1024 * 1024

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Throws `damaged-file` with the place. */
export function* scanEntries(path: string): Generator<StoreEntry, void, undefined> {
  using scanner = new Scanner(path)
  scanner.skipByteOrderMark()
  scanner.expect(OPEN_BRACE, 'an object')
  if (scanner.peek() === CLOSE_BRACE) scanner.take()
  else {
    for (;;) {
      const section = scanner.string()
      scanner.expect(COLON, 'a colon')
      if (scanner.peek() !== OPEN_BRACE) yield { section, key: null, text: scanner.value() }
      else {
        scanner.take()
        if (scanner.peek() === CLOSE_BRACE) scanner.take()
        else {
          for (;;) {
            const key = scanner.string()
            scanner.expect(COLON, 'a colon')
            yield { section, key, text: scanner.value() }
            if (scanner.endOfObject()) break
          }
        }
      }
      if (scanner.endOfObject()) break
    }
  }
  scanner.expectEnd()
}

class Scanner implements Disposable {
  readonly #path: string
  readonly #file: number
  #buffer = Buffer.alloc(0)
  #position = 0
  /** Offset in the file of the buffer's first byte. */
  #start = 0
  /** Bytes before this are not needed any more. */
  #mark = 0
  #ended = false

  constructor(path: string) {
    this.#path = path
    this.#file = openSync(path, 'r')
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  damaged(what: string): StackroomError {
    const name = basename(this.#path)
    const place = this.#start + this.#position
    return new StackroomError('damaged-file', `${name} is damaged: ${what} at byte ${place}.`, {
      hint: 'Restore the file from a backup, or index the documents again. Nothing in the folder was changed.',
    })
  }

  /** False at the end of the file. Reads more each time, so that a long entry is not copied over and over. */
  #fill(): boolean {
    if (this.#ended) return false
    const kept = this.#buffer.subarray(this.#mark)
    if (kept.length > maximumEntryBytes) throw this.damaged('an entry is too large')
    const next = Buffer.allocUnsafe(kept.length + Math.max(chunkBytes, kept.length))
    kept.copy(next)
    const count = readSync(this.#file, next, kept.length, next.length - kept.length, null)
    if (count === 0) this.#ended = true
    this.#start += this.#mark
    this.#position -= this.#mark
    this.#mark = 0
    this.#buffer = next.subarray(0, kept.length + count)
    return count > 0
  }

  #byte(): number {
    if (this.#position >= this.#buffer.length && !this.#fill()) throw this.damaged('the file ends too early')
    return this.#buffer[this.#position] ?? 0
  }

  skipByteOrderMark(): void {
    if (this.#byte() !== 0xef) return
    this.#position += 3
  }

  /** The next byte that is not white space. */
  peek(): number {
    for (;;) {
      const byte = this.#byte()
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte
      this.#position++
    }
  }

  take(): number {
    const byte = this.peek()
    this.#position++
    return byte
  }

  expect(byte: number, what: string): void {
    if (this.peek() !== byte) throw this.damaged(`${what} was expected`)
    this.#position++
  }

  endOfObject(): boolean {
    const byte = this.peek()
    if (byte !== COMMA && byte !== CLOSE_BRACE) throw this.damaged('a comma was expected')
    this.#position++
    return byte === CLOSE_BRACE
  }

  expectEnd(): void {
    while (this.#position < this.#buffer.length || this.#fill()) {
      const byte = this.#buffer[this.#position] ?? 0
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)
        throw this.damaged('there is more after the end')
      this.#position++
    }
  }

  string(): string {
    if (this.peek() !== QUOTE) throw this.damaged('a key was expected')
    const text = this.value()
    try {
      return String(JSON.parse(text))
    } catch (error) {
      throw new StackroomError('damaged-file', this.damaged('a key is not valid').message, { cause: error })
    }
  }

  /** One JSON value's text, its brackets and strings matched. Whether it is valid inside is for who parses it. */
  value(): string {
    const first = this.peek()
    this.#mark = this.#position
    if (first === QUOTE) this.#skipString()
    else if (first === OPEN_BRACE || first === OPEN_BRACKET) this.#skipNested()
    else this.#skipScalar()
    const text = this.#buffer.toString('utf8', this.#mark, this.#position)
    this.#mark = this.#position
    return text
  }

  #skipNested(): void {
    let depth = 0
    do {
      const byte = this.#byte()
      if (byte === QUOTE) {
        this.#skipString()
        continue
      }
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
      this.#position++
    } while (depth > 0)
  }

  #skipString(): void {
    this.#position++
    for (;;) {
      const byte = this.#byte()
      this.#position++
      if (byte === QUOTE) return
      if (byte === BACKSLASH) {
        this.#byte()
        this.#position++
      }
    }
  }

  #skipScalar(): void {
    for (;;) {
      const byte = this.#byte()
      if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20) return
      this.#position++
    }
  }
}
