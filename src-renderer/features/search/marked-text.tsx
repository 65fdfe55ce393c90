/** Text with ranges marked, as text. */
import type { TextRange } from '#contract'

export function MarkedText({ text, marks }: { readonly text: string; readonly marks: readonly TextRange[] }) {
  const pieces = []
  let at = 0
  for (const { start, end } of marks) {
    if (start > at) pieces.push(text.slice(at, start))
    pieces.push(<mark key={start}>{text.slice(start, end)}</mark>)
    at = end
  }
  pieces.push(text.slice(at))
  return pieces
}
