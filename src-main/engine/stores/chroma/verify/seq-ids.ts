/** The numbers of changes, as both ages of Chroma keep them: before 1.0 as eight bytes, the most significant first. */
import type { ChromaReader } from './chroma-database.ts'

export function seqIdOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  if (!(value instanceof Uint8Array) || value.length < 8) return null
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  return Number(view.getBigUint64(value.length - 8))
}

/** Turns a number into what this database keeps. */
export function seqIdWriter(reader: ChromaReader): (seqId: number) => number | Uint8Array {
  const keepsNumbers = reader.number("SELECT max(version) FROM migrations WHERE dir = 'metadb'") >= 5
  return (seqId) => {
    if (keepsNumbers) return seqId
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(seqId))
    return bytes
  }
}
