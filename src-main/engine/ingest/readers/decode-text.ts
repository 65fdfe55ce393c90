/**
 * Bytes to text. SimpleDirectoryReader decodes everything as UTF-8 and drops the bytes that are not; here the encoding is
 * found out: byte order mark, then what the file says of itself, then UTF-8, UTF-16 without a mark, then statistics.
 */
import { analyse } from 'chardet'
import { StackroomError } from '#contract'
import { decodeDosText } from './dos-text.ts'

/** Enough for the statistics, which take a second for a few megabytes. */
const sampleBytes = 64 * 1024
/** Enough to tell text from noise. */
const controlSampleBytes = 8 * 1024

/** @throws StackroomError `binary-file` */
export function decodeText(bytes: Uint8Array, declaredEncoding?: string): string {
  const marked = byteOrderMark(bytes)
  if (marked) return decode(bytes.subarray(marked.length), marked.encoding)
  if (bytes.subarray(0, sampleBytes).includes(0)) {
    const wide = unmarkedUtf16(bytes)
    if (wide) return decode(bytes, wide)
    throw binaryFile()
  }
  const japanese = switchesToJapanese(bytes) ? decodeStrictly(bytes, 'iso-2022-jp') : undefined
  if (japanese !== undefined) return japanese
  const utf8 = decodeStrictly(bytes, 'utf-8')
  if (utf8 !== undefined) {
    if (controlShare(bytes) > 0.1) throw binaryFile()
    return utf8
  }
  if (controlShare(bytes) > 0.02) throw binaryFile()
  const declared = declaredEncoding === undefined ? undefined : decodeStrictly(bytes, declaredEncoding)
  return declared ?? damagedUtf8(bytes) ?? decodeByStatistics(bytes)
}

/** What XML, HTML, Python and LaTeX say of their encoding in their first kilobyte. */
export function declaredEncoding(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, 1024)
  const name =
    /^<\?xml[^>]+encoding\s*=\s*["']([\w-]+)/.exec(head)?.[1] ??
    /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(head)?.[1] ??
    /^.*\n?.*#.*coding[:=]\s*([\w-]+)/.exec(head)?.[1] ??
    /\\usepackage\[(\w+)\]\{inputenc\}/.exec(head)?.[1]
  // LaTeX's names are its own.
  return name === 'latin9' ? 'iso-8859-15' : name?.replace(/^ansinew$/, 'windows-1252')
}

/** UTF-8 with a few wrong bytes, which are dropped, as Python drops them: a character cut in two, a line of another encoding. */
function damagedUtf8(bytes: Uint8Array): string | undefined {
  let wrong = 0
  let whole = 0
  const sample = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, 1024 * 1024))
  for (const [characters] of sample.matchAll(/\ufffd+|[^\0-\x7f\ufffd]+/g)) {
    if (characters.startsWith('\ufffd')) wrong += characters.length
    else whole += characters.length
  }
  return whole > 20 * wrong ? decode(bytes, 'utf-8').replaceAll('\ufffd', '') : undefined
}

/** Whether bytes that begin a file have a zero, which no text has but UTF-16. */
export function isBinary(head: Uint8Array): boolean {
  return head.includes(0) && byteOrderMark(head) === undefined && unmarkedUtf16(head) === undefined
}

export function binaryFile(): StackroomError {
  return new StackroomError('binary-file', 'This is not a text file: its content is binary.', {
    hint: 'If it is a document, give it the ending of its format.',
  })
}

/** The encoding of Japanese mail has seven bits, and an escape before its first character of two bytes. */
function switchesToJapanese(bytes: Uint8Array): boolean {
  const escape = bytes.indexOf(0x1b)
  return (
    escape >= 0 && bytes[escape + 1] === 0x24 && (bytes[escape + 2] === 0x42 || bytes[escape + 2] === 0x40)
  )
}

function byteOrderMark(bytes: Uint8Array): { encoding: string; length: number } | undefined {
  const [first, second, third] = bytes
  if (first === 0xef && second === 0xbb && third === 0xbf) return { encoding: 'utf-8', length: 3 }
  if (first === 0xff && second === 0xfe) return { encoding: 'utf-16le', length: 2 }
  if (first === 0xfe && second === 0xff) return { encoding: 'utf-16be', length: 2 }
  return undefined
}

/**
 * UTF-16 read in the right order has next to no characters that are none, and those that every script has: spaces, line ends,
 * full stops. Read in the wrong order, or as noise, it is the other way round.
 */
function unmarkedUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (bytes.length < 8 || bytes.length % 2 !== 0) return undefined
  const [best] = (['utf-16le', 'utf-16be'] as const)
    .map((encoding) => {
      // The sample may end between the halves of a pair.
      const text = decode(bytes.subarray(0, sampleBytes), encoding).slice(0, -1)
      const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0
      const strange = count(/[^\P{Cc}\s]|[\p{Cn}\p{Co}\ufffd]/gu)
      return { encoding, isText: strange < text.length * 0.02, common: count(/[\s.,。、，।]/gu) }
    })
    .filter(({ isText, common }) => isText && common > 0)
    .sort((a, b) => b.common - a.common)
  return best?.encoding
}

/** The share of bytes that no text has: control characters but white space, backspace and escape. */
function controlShare(bytes: Uint8Array): number {
  const sample = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, controlSampleBytes))
  const controls = sample.toString('latin1').match(/[\0-\x07\x0e-\x1a\x1c-\x1f\x7f]/g)
  return (controls?.length ?? 0) / Math.max(1, sample.length)
}

/** Or of two bytes for a character, in the encodings of East Asia, which have patterns that are sure. */
function decodeByStatistics(bytes: Uint8Array): string {
  const encoding = likeliestEncoding(bytes)
  return (isOfOneByte(encoding) ? decodeDosText(bytes) : undefined) ?? decode(bytes, encoding)
}

function isOfOneByte(encoding: string): boolean {
  return !/^(shift_jis|euc-|gb|big5|iso-2022)/i.test(encoding)
}

function likeliestEncoding(bytes: Uint8Array): string {
  const firstForeign = bytes.findIndex((byte) => byte >= 0x80)
  const start = Math.max(0, firstForeign - 1024)
  const match = analyse(bytes.subarray(start, start + sampleBytes)).find(
    ({ name }) => name !== 'ASCII' && name !== 'UTF-8' && isSupported(name),
  )
  // Below that the statistics guess; Windows-1252 contains Latin-1 and gives some text for any bytes.
  return match && match.confidence >= 20 ? match.name : 'windows-1252'
}

function isSupported(encoding: string): boolean {
  try {
    new TextDecoder(encoding)
    return true
  } catch {
    return false
  }
}

function decode(bytes: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes)
}

function decodeStrictly(bytes: Uint8Array, encoding: string): string | undefined {
  if (!isSupported(encoding)) return undefined
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
