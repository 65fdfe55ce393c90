/** SQLite's numbers of varying length and its records, as its file format has them. */

export type SqliteValue = null | number | bigint | string | Uint8Array

export class PageDamage extends Error {}

export function varint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0n
  for (let index = 0; index < 9; index++) {
    const byte = bytes[at + index]
    if (byte === undefined) throw new PageDamage('a number is cut off')
    if (index === 8) return { value: Number(BigInt.asIntN(64, (value << 8n) | BigInt(byte))), next: at + 9 }
    value = (value << 7n) | BigInt(byte & 0x7f)
    if (byte < 0x80) return { value: Number(value), next: at + index + 1 }
  }
  throw new PageDamage('a number is too long')
}

const integerBytes = [0, 1, 2, 3, 4, 6, 8]
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function parseRecord(payload: Buffer): SqliteValue[] {
  const { value: headerEnd, next } = varint(payload, 0)
  if (headerEnd < next || headerEnd > payload.length) throw new PageDamage('the head of a record is cut off')
  const values: SqliteValue[] = []
  let body = headerEnd
  for (let at = next; at < headerEnd;) {
    const type = varint(payload, at)
    at = type.next
    const size = sizeOf(type.value)
    if (body + size > payload.length) throw new PageDamage('a record is cut off')
    values.push(valueOf(payload.subarray(body, body + size), type.value))
    body += size
  }
  return values
}

function sizeOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2)
  if (type === 7) return 8
  if (type === 8 || type === 9) return 0
  const size = integerBytes[type]
  if (size === undefined) throw new PageDamage('a record has a value of no type')
  return size
}

function valueOf(bytes: Buffer, type: number): SqliteValue {
  if (type === 0) return null
  if (type === 8 || type === 9) return type - 8
  if (type === 7) return bytes.readDoubleBE(0)
  if (type >= 12) return type % 2 === 0 ? new Uint8Array(bytes) : textOf(bytes)
  if (bytes.length < 8) return bytes.readIntBE(0, bytes.length)
  const large = bytes.readBigInt64BE(0)
  return Number.isSafeInteger(Number(large)) ? Number(large) : large
}

function textOf(bytes: Buffer): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new PageDamage('a text is not UTF-8')
  }
}
