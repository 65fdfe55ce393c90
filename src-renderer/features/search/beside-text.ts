/** The text beside a hit, without what both have in common: nodes overlap where a document was cut. */

/** Enough to read on, not so much that the hit leaves the screen. UTF-16 code units. */
const shownLength = 600
const longestOverlap = 4000

export function textBefore(previous: string, hit: string): string {
  const own = previous.slice(0, previous.length - overlapLength(previous, hit)).trimEnd()
  if (own.length <= shownLength) return own
  const tail = own.slice(-shownLength)
  return `… ${tail.slice(tail.search(/\s/) + 1)}`
}

export function textAfter(hit: string, next: string): string {
  const own = next.slice(overlapLength(hit, next)).trimStart()
  if (own.length <= shownLength) return own
  const head = own.slice(0, shownLength)
  return `${head.slice(0, Math.max(head.lastIndexOf(' '), 1))} …`
}

/** Of the longest beginning of `after` that `before` ends with. */
function overlapLength(before: string, after: string): number {
  for (let length = Math.min(before.length, after.length, longestOverlap); length > 0; length -= 1) {
    if (before.endsWith(after.slice(0, length))) return length
  }
  return 0
}
