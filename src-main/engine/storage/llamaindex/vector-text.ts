/** Vectors as JSON text: read from bytes without making a string of each number, printed as Python prints floats. */
import { isSpace, maximumDigits } from './json-check.ts'

const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39

const powersOfTen = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)
/** Relative error of the quick conversion, generously. */
const slack = 2 ** -50

/**
 * Numbers in a flat JSON list, correctly rounded to float32, or null when it is not a list of numbers. NaN and Infinity,
 * which Python writes, are numbers.
 */
export function parseVector(text: Buffer): Float32Array | null {
  const values = new Float32Array(Math.max(1, text.length >> 1))
  const count = parseFlat(text, values)
  if (count >= 0) return values.slice(0, count)
  return parseSlowly(text)
}

/** Null when it is not as long as `target`, or not a plain list of numbers; `target` is then in disorder. */
export function parseVectorInto(text: Buffer, target: Float32Array): boolean {
  return parseFlat(text, target) === target.length
}

const numberPattern = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|-?Infinity|NaN)$/

/** What the quick way gives up on: NaN and Infinity. Anything that JSON does not have is no number. */
function parseSlowly(text: Buffer): Float32Array | null {
  const inside = text.toString('latin1').slice(1, -1)
  if (!/^[-+.,\w \t\r\n]*$/.test(inside)) return null
  if (inside.trim() === '') return new Float32Array(0)
  const words = inside.split(',')
  const values = new Float32Array(words.length)
  let count = 0
  for (const word of words) {
    const trimmed = word.trim()
    if (!numberPattern.test(trimmed) || (trimmed.length > maximumDigits && /^-?\d+$/.test(trimmed)))
      return null
    values[count++] = Number(trimmed)
  }
  return values
}

/** How many numbers were read; -1 when the text needs the slow way or does not fit. */
function parseFlat(text: Buffer, target: Float32Array): number {
  const end = text.length - 1
  if (text[0] !== 0x5b || text[end] !== 0x5d) return -1
  let count = 0
  let position = skipSpace(text, 1)
  if (position === end) return 0
  for (;;) {
    const start = position
    const negative = text[position] === MINUS
    if (negative) position++
    let mantissa = 0
    let digits = 0
    let exponent = 0
    let byte = text[position]!
    while (byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + (byte - ZERO)
      digits++
      byte = text[++position]!
    }
    if (digits === 0 || digits > maximumDigits || (digits > 1 && text[negative ? start + 1 : start] === ZERO))
      return -1
    if (byte === DOT) {
      byte = text[++position]!
      const before = position
      while (byte >= ZERO && byte <= NINE) {
        // Beyond this the digits cannot change a float32, and the mantissa would lose its exactness.
        if (digits < 18 || mantissa === 0) {
          mantissa = mantissa * 10 + (byte - ZERO)
          exponent--
          if (mantissa !== 0) digits++
        }
        byte = text[++position]!
      }
      if (position === before) return -1
    }
    let value: number
    if (byte === 0x65 || byte === 0x45) {
      position++
      if (text[position] === MINUS || text[position] === 0x2b) position++
      const before = position
      while (text[position]! >= ZERO && text[position]! <= NINE) position++
      if (position === before) return -1
      value = Number(text.toString('latin1', start, position))
    } else {
      value = exponent >= -22 ? mantissa / powersOfTen[-exponent]! : mantissa * 10 ** exponent
      if (negative) value = -value
      // The quick way may be off by a little: only beside the middle of two float32 does that matter.
      if (digits > 15 && Math.fround(value * (1 - slack)) !== Math.fround(value * (1 + slack)))
        value = Number(text.toString('latin1', start, position))
    }
    if (count >= target.length) return -1
    target[count++] = value
    if (text[position]! <= 0x20) position = skipSpace(text, position)
    if (position === end) return count
    if (text[position] !== 0x2c) return -1
    position++
    if (text[position]! <= 0x20) position = skipSpace(text, position)
  }
}

/** The closing bracket ends it. */
function skipSpace(text: Buffer, start: number): number {
  let position = start
  while (isSpace(text[position]!)) position++
  return position
}

/** A vector as a list of Python floats: each number is the float64 that equals the float32. */
export function printVector(vector: Float32Array): string {
  let text = ''
  for (let index = 0; index < vector.length; index++)
    text += (index === 0 ? '' : ', ') + pythonFloat(vector[index]!)
  return `[${text}]`
}

/** `repr(float(value))`, and as json.dumps prints what is not a number. */
export function pythonFloat(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-4 && magnitude < 1e16) return Number.isInteger(value) ? `${value}.0` : String(value)
  if (value === 0) return '0.0'
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
  const [digits, exponent] = value.toExponential().split('e') as [string, string]
  return `${digits}e${exponent[0] === '-' ? '-' : '+'}${exponent.slice(1).padStart(2, '0')}`
}
