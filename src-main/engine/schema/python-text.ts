/**
 * What Python's `str`, `repr`, `str.strip` and `str.encode` give: LlamaIndex's hashes and templates are made of them, so
 * equal hashes need the very same characters.
 */
import type { JsonValue } from '#contract'

/** True where `str.isspace` is. JavaScript's `\s` lacks U+001C to U+001F and U+0085, and has U+FEFF besides. */
export function isPythonWhitespace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f)
  return (
    code === 0x85 ||
    code === 0xa0 ||
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  )
}

/** The same as the inside of a character class: what Python's `\s` matches. */
export const pythonWhitespace =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

/** `str.lstrip()` */
export function pythonStripStart(text: string): string {
  let start = 0
  while (start < text.length && isPythonWhitespace(text.charCodeAt(start))) start++
  return text.slice(start)
}

/** `str.strip()` */
export function pythonStrip(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isPythonWhitespace(text.charCodeAt(start))) start++
  while (end > start && isPythonWhitespace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** `str(value)` of a value that came out of `json.loads`. */
export function pythonStr(value: JsonValue): string {
  return typeof value === 'string' ? value : pythonRepr(value)
}

/** `repr(value)` of a value that came out of `json.loads`. */
export function pythonRepr(value: JsonValue): string {
  if (value === null) return 'None'
  if (typeof value === 'string') return stringRepr(value)
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number') return numberRepr(value)
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`
  const entries = Object.entries(value).map(([key, item]) => `${stringRepr(key)}: ${pythonRepr(item)}`)
  return `{${entries.join(', ')}}`
}

// Everything for which `str.isprintable` is false, and the backslash.
const escaped = /[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu
const nameOfEscape: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function stringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const body = text.replace(escaped, (character) => {
    const name = nameOfEscape[character]
    if (name !== undefined) return name
    const code = character.codePointAt(0) ?? 0
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
    if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`
    return `\\U${code.toString(16).padStart(8, '0')}`
  })
  return quote + (quote === "'" ? body.replaceAll("'", "\\'") : body) + quote
}

/** Both languages print the shortest digits that read back as the same number; only the exponent's form differs. */
function numberRepr(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  if (Number.isInteger(value))
    return Math.abs(value) < 2 ** 63 ? BigInt(value).toString() : exponential(value)
  const magnitude = Math.abs(value)
  return magnitude < 1e-4 || magnitude >= 1e16 ? exponential(value) : String(value)
}

/** `repr(value)` of a float. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return `${Object.is(value, -0) ? '-0' : value}.0`
  return Number.isInteger(value) ? exponential(value) : numberRepr(value)
}

function exponential(value: number): string {
  const [digits, exponent] = value.toExponential().split('e') as [string, string]
  const sign = exponent.startsWith('-') ? '-' : '+'
  return `${digits}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`
}

/** `text.encode('utf-8', 'surrogatepass')` */
export function encodeSurrogatePass(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8')
  const parts: Buffer[] = []
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0xd800 && code <= 0xdfff) {
      parts.push(Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]))
    } else parts.push(Buffer.from(character, 'utf8'))
  }
  return Buffer.concat(parts)
}
