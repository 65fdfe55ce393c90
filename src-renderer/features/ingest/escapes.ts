/** Text that holds line breaks and the like, as one line that can be typed. */

const shown: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\\': '\\\\' }
const meant: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' }

export function escapeText(text: string): string {
  return text.replace(/[\n\t\r\\]/g, (character) => shown[character] ?? character)
}

/** A backslash before anything else stands for itself. */
export function unescapeText(text: string): string {
  return text.replace(/\\([ntr\\])/g, (_, letter: string) => meant[letter] ?? letter)
}
