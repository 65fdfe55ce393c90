/**
 * Finds the end of a JSON value and whether it is one as Python's `json.load` takes it, without making anything of it.
 * NaN, Infinity and -Infinity are values; a control character in a text, a number with a leading zero or a comma too many
 * are not.
 */
import { isUtf8 } from 'node:buffer'

/** Python's own reader gives up at about a thousand; ours needs several calls for each level. */
export const maximumDepth = 500
/** `sys.int_info.default_max_str_digits`: Python refuses to read a longer whole number. */
export const maximumDigits = 4300

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const LETTER_U = 0x75
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const words = ['null', 'true', 'false', 'NaN', 'Infinity', '-Infinity'].map((word) => Buffer.from(word))
const escapable = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrtu'.includes(String.fromCharCode(byte)) ? 1 : 0,
)

/** What a byte means in a text: nothing, a part of a longer character, or something to look at. */
const PLAIN = 0
const LONGER = 1
const SPECIAL = 2
const meanings = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return LONGER
  return byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? SPECIAL : PLAIN
})

export class JsonFault extends Error {
  override readonly name = 'JsonFault'
  /** Where in the bytes that were looked at. */
  readonly position: number

  constructor(what: string, position: number) {
    super(what)
    this.position = position
  }
}

/** Where the value that begins at `start` ends; -1 when the bytes end before. Throws a JsonFault. */
export function checkValue(text: Buffer, start: number): number {
  return new Checker(text, start).check()
}

/** Throws a JsonFault when the bytes are not one value, with nothing around it but white space. */
export function checkWhole(value: Buffer): void {
  const first = value.find((byte) => !isSpace(byte))
  const endsItself = first === QUOTE || first === OPEN_BRACKET || first === OPEN_BRACE
  // A scalar ends at a delimiter. Whatever may be long is not copied for one.
  const text = endsItself ? value : Buffer.concat([value, Buffer.of(CLOSE_BRACE)])
  const end = checkValue(text, 0)
  if (end < 0) throw new JsonFault('a value does not end', value.length)
  const rest = text.subarray(end, value.length).findIndex((byte) => !isSpace(byte))
  if (rest >= 0) throw new JsonFault('there is more after the end', end + rest)
}

/** The same for a text, such as a key. */
export function checkString(text: Buffer, start: number): number {
  return new Checker(text, start).checkString()
}

class Checker {
  readonly #text: Buffer
  readonly #start: number
  #position: number
  #hasLonger = false

  constructor(text: Buffer, start: number) {
    this.#text = text
    this.#start = start
    this.#position = start
  }

  check(): number {
    return this.#value() ? this.#end() : -1
  }

  checkString(): number {
    return this.#string() ? this.#end() : -1
  }

  #end(): number {
    if (this.#hasLonger) {
      const value = this.#text.subarray(this.#start, this.#position)
      if (!isUtf8(value)) throw new JsonFault('a text is not UTF-8', this.#start + firstNotUtf8(value))
    }
    return this.#position
  }

  /** Each of these says false when the bytes end too early. */
  #value(): boolean {
    let open: number[] | undefined
    for (;;) {
      const first = this.#next()
      if (first < 0) return false
      if (first === OPEN_BRACE || first === OPEN_BRACKET) {
        open ??= []
        if (open.length === maximumDepth)
          throw this.#fault(`brackets are nested more than ${maximumDepth} deep`)
        const close = first === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET
        open.push(close)
        this.#position++
        if (this.#next() !== close) {
          if (first === OPEN_BRACE && !this.#key()) return false
          continue
        }
      } else {
        if (first === QUOTE ? !this.#string() : !this.#scalar(first)) return false
        if (!open) return true
      }
      // After a value, or at the end of an empty one: what is around it ends, or goes on.
      let byte = this.#next()
      while (byte === open[open.length - 1]) {
        this.#position++
        open.pop()
        if (open.length === 0) return true
        byte = this.#next()
      }
      if (byte < 0) return false
      const isObject = open[open.length - 1] === CLOSE_BRACE
      if (byte !== COMMA)
        throw this.#fault(`a comma or a closing ${isObject ? 'brace' : 'bracket'} is missing`)
      this.#position++
      if (isObject && !this.#key()) return false
    }
  }

  #key(): boolean {
    const first = this.#next()
    if (first < 0) return false
    if (first !== QUOTE) throw this.#fault('a key is missing')
    if (!this.#string()) return false
    const after = this.#next()
    if (after < 0) return false
    if (after !== COLON) throw this.#fault('a colon is missing')
    this.#position++
    return true
  }

  #string(): boolean {
    const text = this.#text
    const { length } = text
    let position = this.#position + 1
    for (;;) {
      while (position < length && meanings[text[position]!] === PLAIN) position++
      if (position >= length) return false
      const byte = text[position]!
      if (byte === QUOTE) {
        this.#position = position + 1
        return true
      } else if (byte === BACKSLASH) {
        const end = this.#escape(position)
        if (end < 0) return false
        position = end
      } else if (meanings[byte] === LONGER) {
        this.#hasLonger = true
        position++
      } else throw new JsonFault('a text has a control character', position)
    }
  }

  #escape(start: number): number {
    const text = this.#text
    if (start + 1 >= text.length) return -1
    const second = text[start + 1]!
    if (escapable[second] === 0) throw new JsonFault('a backslash stands before what it cannot escape', start)
    if (second !== LETTER_U) return start + 2
    for (let position = start + 2; position < start + 6; position++) {
      if (position >= text.length) return -1
      const byte = text[position]!
      const letter = byte | 0x20
      if (!isDigit(byte) && (letter < 0x61 || letter > 0x66))
        throw new JsonFault('\\u is not followed by four hexadecimal digits', start)
    }
    return start + 6
  }

  #scalar(first: number): boolean {
    const text = this.#text
    const start = this.#position
    let end = start
    while (end < text.length && !isDelimiter(text[end]!)) end++
    // A number may go on behind the bytes that are there.
    if (end === text.length) return false
    this.#position = end
    if (first === MINUS || isDigit(first) ? isNumber(text, start, end) : false) {
      if (end - start > maximumDigits && isWholeNumber(text, start, end))
        throw new JsonFault(`a number has more than ${maximumDigits} digits`, start)
      return true
    }
    if (words.some((word) => word[0] === first && text.subarray(start, end).equals(word))) return true
    throw new JsonFault(end === start ? 'a value is missing' : 'a value is none that JSON has', start)
  }

  #fault(what: string): JsonFault {
    return new JsonFault(what, this.#position)
  }

  /** The next byte that is not white space, without taking it; -1 when there is none. Nothing reads past the end: that is slow. */
  #next(): number {
    const text = this.#text
    const { length } = text
    let position = this.#position
    while (position < length && isSpace(text[position]!)) position++
    this.#position = position
    return position < length ? text[position]! : -1
  }
}

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

/** What a scalar ends at: nothing of what stands in one. */
function isDelimiter(byte: number): boolean {
  return byte <= 0x20 || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET
}

function isWholeNumber(text: Buffer, start: number, end: number): boolean {
  for (let position = start; position < end; position++) {
    const byte = text[position]!
    if (!isDigit(byte) && byte !== MINUS) return false
  }
  return true
}

/** Without looking past `end`, where a delimiter stands. */
function isNumber(text: Buffer, start: number, end: number): boolean {
  let position = text[start] === MINUS ? start + 1 : start
  const hasDigits = (): boolean => {
    const before = position
    while (isDigit(text[position]!)) position++
    return position > before
  }
  const leading = position
  if (!hasDigits() || (text[leading] === ZERO && position > leading + 1)) return false
  if (text[position] === DOT) {
    position++
    if (!hasDigits()) return false
  }
  if (text[position] === 0x65 || text[position] === 0x45) {
    position++
    if (text[position] === MINUS || text[position] === 0x2b) position++
    if (!hasDigits()) return false
  }
  return position === end
}

/** What is not UTF-8 comes back as another character. */
function firstNotUtf8(text: Buffer): number {
  const again = Buffer.from(text.toString('utf8'))
  let position = 0
  while (position < text.length && text[position] === again[position]) position++
  return position
}
