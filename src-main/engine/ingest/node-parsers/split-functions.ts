/** `split_by_sep` and `split_by_char` of LlamaIndex's text splitters: the parts of a text, nothing left out. */

export type SplitFunction = (text: string) => string[]

/** The separator stays, at the beginning of the part that follows it. */
export function splitBySeparator(separator: string): SplitFunction {
  return (text) =>
    text
      .split(separator)
      .map((part, index) => (index > 0 ? separator + part : part))
      .filter((part) => part !== '')
}

/** By code points, as Python has characters. */
export function splitByCharacter(text: string): string[] {
  return Array.from(text)
}
