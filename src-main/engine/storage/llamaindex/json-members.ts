/**
 * Objects and lists of a JSON text as bytes: where their members stand, and the same text without some of them and with
 * others behind. What stays keeps its very text, white space included.
 */
import { skipString, skipValue } from './json-scanner.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a

export interface Element {
  /** The value alone. */
  readonly start: number
  readonly end: number
}

export interface Member extends Element {
  readonly key: string
  readonly keyStart: number
}

/** The members of the object that begins at `start`; null when it is none. */
export function membersOf(bytes: Buffer, start = 0): Member[] | null {
  const members: Member[] = []
  const isObject = walkMembers(bytes, start, (keyStart, keyEnd, valueStart, end) => {
    members.push({ key: stringAt(bytes, keyStart, keyEnd), keyStart, start: valueStart, end })
  })
  return isObject ? members : null
}

/** The elements of the list that begins at `start`; null when it is none. */
export function elementsOf(bytes: Buffer, start = 0): Element[] | null {
  const elements: Element[] = []
  const isList = walkElements(bytes, start, (elementStart, end) => {
    elements.push({ start: elementStart, end })
  })
  return isList ? elements : null
}

/** Says where each member of an object is, without making anything of it; false when it is none, and when it breaks off. */
export function walkMembers(
  bytes: Buffer,
  start: number,
  visit: (keyStart: number, keyEnd: number, valueStart: number, end: number) => void,
): boolean {
  let position = skipSpace(bytes, start)
  if (bytes[position] !== 0x7b) return false
  position = skipSpace(bytes, position + 1)
  while (bytes[position] === QUOTE) {
    const keyStart = position
    const keyEnd = skipString(bytes, position)
    if (keyEnd < 0) return false
    position = skipSpace(bytes, keyEnd)
    if (bytes[position] !== COLON) return false
    const valueStart = skipSpace(bytes, position + 1)
    const end = skipValue(bytes, valueStart)
    if (end <= valueStart) return false
    visit(keyStart, keyEnd, valueStart, end)
    position = skipSpace(bytes, end)
    if (bytes[position] !== COMMA) break
    position = skipSpace(bytes, position + 1)
  }
  return bytes[position] === 0x7d
}

/** The same for a list. */
export function walkElements(
  bytes: Buffer,
  start: number,
  visit: (start: number, end: number) => void,
): boolean {
  let position = skipSpace(bytes, start)
  if (bytes[position] !== 0x5b) return false
  position = skipSpace(bytes, position + 1)
  while (bytes[position] !== 0x5d) {
    const end = skipValue(bytes, position)
    if (end <= position) return false
    visit(position, end)
    position = skipSpace(bytes, end)
    if (bytes[position] !== COMMA) break
    position = skipSpace(bytes, position + 1)
  }
  return bytes[position] === 0x5d
}

/** The text that a JSON string stands for; null when it is no string. */
export function textOf(bytes: Buffer, { start, end }: Element): string | null {
  return bytes[start] === QUOTE ? stringAt(bytes, start, end) : null
}

const letters: Readonly<Record<number, number>> = {
  0x62: 0x08,
  0x66: 0x0c,
  0x6e: 0x0a,
  0x72: 0x0d,
  0x74: 0x09,
}

/**
 * The UTF-8 of the text that a JSON string stands for, which may be too long to make a JavaScript string of. Half a surrogate
 * pair has none: it stays escaped, as which it means the same where the text is JSON.
 */
export function utf8Of(bytes: Buffer, { start, end }: Element): Buffer {
  const target = Buffer.allocUnsafeSlow(end - start)
  let length = 0
  for (let position = start + 1; position < end - 1;) {
    const byte = bytes[position++]!
    if (byte !== BACKSLASH) {
      target[length++] = byte
      continue
    }
    const escaped = bytes[position++]!
    if (escaped !== 0x75) {
      target[length++] = letters[escaped] ?? escaped
      continue
    }
    const escapes = isPair(bytes, position) ? 10 : 4
    const text = bytes.toString('latin1', position - 2, position + escapes)
    const character = String(JSON.parse(`"${text}"`))
    length += target.write(character.isWellFormed() ? character : text, length)
    position += escapes
  }
  return target.subarray(0, length)
}

/** Whether the four digits at `position`, and the escape behind them, are two halves of one character. */
function isPair(bytes: Buffer, position: number): boolean {
  return /^d[89ab]..\\ud[c-f]/i.test(bytes.toString('latin1', position, position + 8))
}

/** These bytes with another text in place of one value. */
export function replaceValue(bytes: Buffer, { start, end }: Element, value: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, start), value, bytes.subarray(end)])
}

/**
 * The object or list with the items that `change` keeps (true, or the text of another value), and `added` behind them.
 * Between two of them stands what stood between them before, or what stands between the first two.
 */
export function rebuild<Item extends Element & { readonly keyStart?: number }>(
  bytes: Buffer,
  items: readonly Item[],
  change: (item: Item) => boolean | Buffer,
  added: readonly string[] = [],
): Buffer {
  const startOf = (item: Item): number => item.keyStart ?? item.start
  const [first, second] = items
  const last = items.at(-1)
  const parts: Uint8Array[] = []
  let runStart = -1
  let runEnd = -1
  let end = 0
  for (const item of items) {
    const kept = change(item)
    if (kept === false) {
      if (runStart >= 0) parts.push(bytes.subarray(runStart, runEnd))
      runStart = -1
    } else {
      if (runStart < 0) runStart = parts.length > 0 ? end : startOf(item)
      runEnd = item.end
      if (kept !== true) {
        parts.push(bytes.subarray(runStart, item.start), kept)
        runStart = runEnd
      }
    }
    end = item.end
  }
  if (runStart >= 0) parts.push(bytes.subarray(runStart, runEnd))
  const separator = first && second ? bytes.subarray(first.end, startOf(second)) : Buffer.from(', ')
  for (const text of added) {
    if (parts.length > 0) parts.push(separator)
    parts.push(Buffer.from(text))
  }
  const open = skipSpace(bytes, 0) + 1
  if (parts.length === 0) return Buffer.concat([bytes.subarray(0, open), bytes.subarray(closingOf(bytes))])
  const head = bytes.subarray(0, first ? startOf(first) : open)
  return Buffer.concat([head, ...parts, bytes.subarray(last?.end ?? closingOf(bytes))])
}

function closingOf(bytes: Buffer): number {
  let position = bytes.length - 1
  while (position > 0 && bytes[position] !== 0x7d && bytes[position] !== 0x5d) position--
  return position
}

function stringAt(bytes: Buffer, start: number, end: number): string {
  const plain = bytes.toString('utf8', start + 1, end - 1)
  return plain.includes('\\') ? String(JSON.parse(`"${plain}"`)) : plain
}

function skipSpace(bytes: Buffer, position: number): number {
  while (
    bytes[position] === 0x20 ||
    bytes[position] === 0x0a ||
    bytes[position] === 0x0d ||
    bytes[position] === 0x09
  )
    position++
  return position
}
