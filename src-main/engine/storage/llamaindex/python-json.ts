/** JSON text as Python's `json.dumps` prints it, so that what we add looks like what LlamaIndex wrote around it. */
import { pythonRepr } from '#engine/schema/python-text.ts'

/**
 * `json.dumps(value)`: ASCII only, `", "` and `": "` between, keys in their order. Members that are undefined are left
 * out, as JSON.stringify does.
 *
 * @param textOf `JSON.stringify` for `ensure_ascii=False`
 */
export function pythonJson(value: unknown, textOf: (text: string) => string = pythonJsonString): string {
  if (typeof value === 'string') return textOf(value)
  if (typeof value === 'number') return pythonNumber(value)
  if (typeof value === 'boolean') return String(value)
  if (value === null || typeof value !== 'object') return 'null'
  if (Array.isArray(value)) return `[${value.map((item) => pythonJson(item, textOf)).join(', ')}]`
  let text = ''
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    text += `${text === '' ? '' : ', '}${textOf(key)}: ${pythonJson(item, textOf)}`
  }
  return `{${text}}`
}

function pythonNumber(value: number): string {
  if (Number.isFinite(value)) return pythonRepr(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
}

// Everything that `ensure_ascii` escapes and JSON.stringify does not.
const notAscii = /[^ -~]/g

export function pythonJsonString(text: string): string {
  return JSON.stringify(text).replace(
    notAscii,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * What `json.loads` reads and JSON does not have: NaN and Infinity become null. Throws a SyntaxError like JSON.parse.
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const plain = withoutNotNumbers(text)
    if (plain === text) throw error
    return JSON.parse(plain)
  }
}

/** Goes from mark to mark: a pattern for whole texts would run out of stack on a text of megabytes. */
function withoutNotNumbers(text: string): string {
  let plain = ''
  let done = 0
  let isInside = false
  for (const { 0: mark, index } of text.matchAll(/\\[^]|"|-?\bInfinity\b|(?<!-)\bNaN\b/g)) {
    if (mark === '"') isInside = !isInside
    if (isInside || mark === '"' || mark.startsWith('\\')) continue
    plain += `${text.slice(done, index)}null`
    done = index + mark.length
  }
  return plain + text.slice(done)
}

/**
 * SQLite holds well-formed text only: a key with half a surrogate pair is kept as its JSON text behind a NUL, and so is one
 * that begins with a NUL.
 */
export function storedKey(key: string): string {
  return key.isWellFormed() && !key.startsWith('\u0000') ? key : `\u0000${JSON.stringify(key)}`
}

/** The key that `storedKey` was given. */
export function originalKey(stored: string): string {
  return stored.startsWith('\u0000') ? String(JSON.parse(stored.slice(1))) : stored
}

/** The JSON text of a key that `storedKey` made. */
export function keyText(stored: string): string {
  return stored.startsWith('\u0000"') ? stored.slice(1) : pythonJsonString(stored)
}
