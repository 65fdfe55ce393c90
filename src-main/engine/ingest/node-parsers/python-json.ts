/**
 * What Python's `json.loads` makes of a text: objects with their keys in the order of the text, and values as `str` prints
 * them. `JSON.parse` loses the order of keys that look like numbers, 1.0 and integers of more than 53 bits.
 */
import { floatRepr } from '#engine/schema/python-text.ts'

/** A value that is no object and no array is a text: `True`, `None`, `1.0`. */
export type PythonJson = string | PythonJson[] | Map<string, PythonJson>

/** About where Python's own recursion ends. */
const deepest = 900

/** Null for what is not JSON, or nested too deeply. */
export function parsePythonJson(text: string): PythonJson | null {
  const reader = new JsonReader(text)
  const value = reader.value(0)
  return value !== null && reader.isAtEnd() ? value : null
}

const space = /[ \t\n\r]*/y
const plain = /[^"\\\0-\x1f]*/y
const number = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?/y
const literal = /true|false|null|NaN|Infinity|-Infinity/y
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}
const literals: Readonly<Record<string, string>> = {
  true: 'True',
  false: 'False',
  null: 'None',
  NaN: 'nan',
  Infinity: 'inf',
  '-Infinity': '-inf',
}

/** Each method answers null where the text is not what it reads. */
class JsonReader {
  readonly #text: string
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  isAtEnd(): boolean {
    this.#match(space)
    return this.#position === this.#text.length
  }

  value(depth: number): PythonJson | null {
    if (depth > deepest) return null
    this.#match(space)
    switch (this.#text.charAt(this.#position)) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      default: {
        const name = this.#match(literal)
        return name ? (literals[name[0]] ?? null) : this.#number()
      }
    }
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#position
    const match = pattern.exec(this.#text)
    if (match) this.#position = pattern.lastIndex
    return match
  }

  #take(character: string): boolean {
    this.#match(space)
    if (this.#text[this.#position] !== character) return false
    this.#position++
    return true
  }

  #object(depth: number): PythonJson | null {
    const object = new Map<string, PythonJson>()
    this.#position++
    if (this.#take('}')) return object
    do {
      this.#match(space)
      const key = this.#string()
      if (key === null || !this.#take(':')) return null
      const value = this.value(depth + 1)
      if (value === null) return null
      object.set(key, value)
    } while (this.#take(','))
    return this.#take('}') ? object : null
  }

  #array(depth: number): PythonJson | null {
    const array: PythonJson[] = []
    this.#position++
    if (this.#take(']')) return array
    do {
      const value = this.value(depth + 1)
      if (value === null) return null
      array.push(value)
    } while (this.#take(','))
    return this.#take(']') ? array : null
  }

  #string(): string | null {
    if (this.#text[this.#position] !== '"') return null
    this.#position++
    let value = ''
    for (;;) {
      value += this.#match(plain)?.[0] ?? ''
      const end = this.#text[this.#position++]
      if (end === '"') return value
      if (end !== '\\') return null
      const name = this.#text[this.#position++] ?? ''
      const character = name === 'u' ? this.#codeUnit() : escapes[name]
      if (character === undefined) return null
      value += character
    }
  }

  #codeUnit(): string | undefined {
    const digits = this.#text.slice(this.#position, this.#position + 4)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) return undefined
    this.#position += 4
    return String.fromCharCode(parseInt(digits, 16))
  }

  #number(): string | null {
    const match = this.#match(number)
    if (!match) return null
    const [all, integer = '', fraction, exponent] = match
    if (fraction === undefined && exponent === undefined) return integer === '-0' ? '0' : integer
    return floatRepr(Number(all))
  }
}
