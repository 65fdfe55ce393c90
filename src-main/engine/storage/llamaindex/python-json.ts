/** JSON text as Python's `json.dumps` prints it, so that what we add looks like what LlamaIndex wrote around it. */
import type { JsonValue } from '#contract'
import { pythonRepr } from '#engine/schema/python-text.ts'

/** `json.dumps(value)`: ASCII only, `", "` and `": "` between, keys in their order. */
export function pythonJson(value: JsonValue): string {
  if (typeof value === 'string') return pythonJsonString(value)
  if (typeof value === 'number') return pythonRepr(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  const entries = Object.entries(value).map(([key, item]) => `${pythonJsonString(key)}: ${pythonJson(item)}`)
  return `{${entries.join(', ')}}`
}

// Everything that `ensure_ascii` escapes and JSON.stringify does not.
const notAscii = /[^ -~]/g

export function pythonJsonString(text: string): string {
  return JSON.stringify(text).replace(
    notAscii,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A vector as a list of Python floats: each number is the float64 that equals the float32. */
export function pythonJsonVector(vector: Float32Array): string {
  const numbers = Array.from(vector, (number) =>
    Number.isInteger(number) && Math.abs(number) < 1e16 && !Object.is(number, -0)
      ? `${number}.0`
      : pythonRepr(number),
  )
  return `[${numbers.join(', ')}]`
}
