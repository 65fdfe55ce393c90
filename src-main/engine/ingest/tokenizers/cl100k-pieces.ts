/**
 * Cuts text into the pieces that the cl100k_base encoding merges bytes within. It does by hand what this pattern says,
 * because a regular expression with Unicode classes takes most of the time of counting tokens:
 *
 *   '(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s
 */

const letter = 1
const number = 2
const space = 3
const newline = 4
const other = 5

/** Classes of the basic plane's code units, filled in as they are met; surrogates are looked up as code points. */
const classes = new Uint8Array(0x10000)

function classify(character: string): number {
  if (/\p{L}/u.test(character)) return letter
  if (/\p{N}/u.test(character)) return number
  if (character === '\r' || character === '\n') return newline
  return /\p{White_Space}/u.test(character) ? space : other
}

/** The class of the code point at `index`, and the code units it takes as the bits above: 1 << 3 or 2 << 3. */
function classAt(text: string, index: number): number {
  const code = text.charCodeAt(index)
  if (code >= 0xd800 && code < 0xe000) {
    const point = text.codePointAt(index) ?? code
    return point > 0xffff ? classify(String.fromCodePoint(point)) | 16 : other | 8
  }
  let found = classes[code] ?? 0
  if (found === 0) {
    found = classify(String.fromCharCode(code))
    classes[code] = found
  }
  return found | 8
}

/** The end of the piece that begins at `start`; `start` must be within the text. */
export function endOfPiece(text: string, start: number): number {
  const length = text.length
  const code = text.charCodeAt(start)
  if (code === 0x27) {
    const contraction = endOfContraction(text, start)
    if (contraction > 0) return contraction
  }
  const first = classAt(text, start)
  const kind = first & 7
  const next = start + (first >> 3)
  if (kind === letter) return endOfRun(text, next, letter)
  if (kind === number) {
    let end = next
    for (let count = 1; count < 3 && end < length; count++) {
      const following = classAt(text, end)
      if ((following & 7) !== number) break
      end += following >> 3
    }
    return end
  }
  const second = next < length ? classAt(text, next) : 0
  if (kind !== newline && (second & 7) === letter) return endOfRun(text, next + (second >> 3), letter)
  if (kind === other || (code === 0x20 && (second & 7) === other)) {
    return endOfRun(text, endOfRun(text, next, other), newline)
  }
  // White space: to the end of the text, else to its last line break, else all but its last character.
  let end = start
  let lastNewline = -1
  while (end < length) {
    const here = classAt(text, end) & 7
    if (here !== space && here !== newline) break
    if (here === newline) lastNewline = end
    end++
  }
  if (end === length) return end
  if (lastNewline >= 0) return lastNewline + 1
  return end - start > 1 ? end - 1 : end
}

function endOfRun(text: string, start: number, kind: number): number {
  let end = start
  while (end < text.length) {
    const here = classAt(text, end)
    if ((here & 7) !== kind) break
    end += here >> 3
  }
  return end
}

/** After the apostrophe at `start`; 0 when no contraction follows. U+017F is what `s` matches without regard to case. */
function endOfContraction(text: string, start: number): number {
  const first = text.charCodeAt(start + 1) | 0x20
  const exact = text.charCodeAt(start + 1)
  if (first === 0x73 || first === 0x64 || first === 0x6d || first === 0x74 || exact === 0x17f)
    return start + 2
  const second = text.charCodeAt(start + 2) | 0x20
  const isPair =
    (first === 0x6c && second === 0x6c) ||
    (first === 0x76 && second === 0x65) ||
    (first === 0x72 && second === 0x65)
  return isPair ? start + 3 : 0
}
