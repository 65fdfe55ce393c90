/** Python counts a text in code points, JavaScript in UTF-16 code units: the way from one to the other. */

/** `len(text)` in Python. */
export function codePointLength(text: string): number {
  let length = text.length
  for (let index = 0; index < text.length - 1; index++) {
    if (isPair(text, index)) {
      length--
      index++
    }
  }
  return length
}

/** The code-unit index of the code point `codePoint`; the text's length when it has fewer. */
export function codeUnitIndex(text: string, codePoint: number): number {
  let index = 0
  for (let count = 0; count < codePoint && index < text.length; count++) index += isPair(text, index) ? 2 : 1
  return index
}

/** Turns ascending code-unit indices of one text into code points without starting over for each. */
export class CodePointCounter {
  readonly #text: string
  #codeUnits = 0
  #codePoints = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Indices must not descend by more than a chunk: going back starts over from the front. */
  codePointIndex(codeUnit: number): number {
    if (codeUnit < this.#codeUnits) {
      this.#codeUnits = 0
      this.#codePoints = 0
    }
    while (this.#codeUnits < codeUnit) {
      this.#codeUnits += isPair(this.#text, this.#codeUnits) ? 2 : 1
      this.#codePoints++
    }
    return this.#codePoints
  }
}

function isPair(text: string, index: number): boolean {
  return (
    (text.charCodeAt(index) & 0xfc00) === 0xd800 &&
    index + 1 < text.length &&
    (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00
  )
}
