/**
 * The text of a page in reading order. Most programs write a page in the order in which it is read, columns one after the
 * other, and nobody knows it better. Where the lines go up and down instead, the page is cut along its gutters and gaps.
 */
import type { PageViewport, PDFPageProxy } from 'pdfjs-dist'
import type { TextItem } from 'pdfjs-dist/types/src/display/api.d.ts'

/** Text on one line, without wide gaps. */
interface Segment {
  text: string
  readonly beginsLine: boolean
  left: number
  right: number
  /** Distances from the top of the page, as it is shown. */
  top: number
  bottom: number
}

/** More than a page has are left as they come. */
const maximumSegments = 2000
/** Shorter texts side by side are cells of a table, which is read row by row. */
const leastColumnCharacters = 25

export async function readPage(page: PDFPageProxy): Promise<string> {
  const segments = await readSegments(page)
  const placed = segments.filter(({ left }) => left < Infinity)
  if (placed.length <= maximumSegments && (isOutOfOrder(placed) || isReadAcross(placed)))
    return linesOf(inReadingOrder(placed))
  return segments
    .map(({ text, beginsLine }, index) => (beginsLine && index > 0 ? `\n${text}` : text))
    .join('')
}

/** In the order of the page's content, lines as pdf.js finds them. */
async function readSegments(page: PDFPageProxy): Promise<Segment[]> {
  const { items } = await page.getTextContent()
  const viewport = page.getViewport({ scale: 1 })
  const segments: Segment[] = []
  let segment: Segment | undefined
  let beginsLine = true
  for (const item of items) {
    if (!('str' in item)) continue
    const box = item.str.trim() === '' ? undefined : boxOf(item, viewport)
    if (!segment || (box && box.left - segment.right > 1.5 * (box.bottom - box.top))) {
      segment = { text: '', beginsLine, left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity }
      segments.push(segment)
      beginsLine = false
    }
    segment.text += item.str
    if (box) {
      segment.left = Math.min(segment.left, box.left)
      segment.right = Math.max(segment.right, box.right)
      segment.top = Math.min(segment.top, box.top)
      segment.bottom = Math.max(segment.bottom, box.bottom)
    }
    if (!item.hasEOL) continue
    segment = undefined
    beginsLine = true
  }
  return segments
}

/** Of the baseline and what stands above it, on the page as it is shown. */
function boxOf(
  { transform, width, height }: TextItem,
  viewport: PageViewport,
): Omit<Segment, 'text' | 'beginsLine'> {
  const [a = 0, b = 0, , , x = 0, y = 0] = transform as number[]
  const length = Math.hypot(a, b) || 1
  const corners = [
    [x, y],
    [x + (a / length) * width, y + (b / length) * width],
    [x - (b / length) * height, y + (a / length) * height],
  ].map(([across = 0, up = 0]) => viewport.convertToViewportPoint(across, up) as number[])
  const across = corners.map(([each = 0]) => each)
  const down = corners.map(([, each = 0]) => each)
  return {
    left: Math.min(...across),
    right: Math.max(...across),
    top: Math.min(...down),
    bottom: Math.max(...down),
  }
}

/**
 * Whether lines often stand above the one before them: without being beside it, as a header that is written last does once, or
 * beside it, as a column does once.
 */
function isOutOfOrder(segments: readonly Segment[]): boolean {
  let backs = 0
  let columns = 0
  let last: Segment | undefined
  for (const segment of segments) {
    if (last && segment.bottom < last.top) {
      if (segment.left < last.right && segment.right > last.left) backs++
      else columns++
    }
    last = segment
  }
  const { length } = segments
  return (backs > 2 && backs > length / 20) || (columns > 3 && columns > length / 8)
}

/** Whether columns are written line by line, across the gutter. */
function isReadAcross(segments: readonly Segment[]): boolean {
  const beside = segments.filter(({ beginsLine }) => !beginsLine)
  if (beside.length < 5 || beside.length < segments.length / 4) return false
  const lengths = segments.map(({ text }) => text.length).sort((a, b) => a - b)
  return (lengths[lengths.length >> 1] ?? 0) >= leastColumnCharacters
}

function inReadingOrder(segments: readonly Segment[]): Segment[] {
  const heights = segments.map(({ top, bottom }) => bottom - top).sort((a, b) => a - b)
  return cut(segments, heights[heights.length >> 1] ?? 1)
}

function linesOf(segments: readonly Segment[]): string {
  let text = ''
  let last: Segment | undefined
  for (const segment of segments) {
    const goesOn = last && segment.left >= last.right && Math.abs(segment.bottom - last.bottom) < 2
    if (last) text += goesOn ? ' ' : '\n'
    text += segment.text.trim()
    last = segment
  }
  return text
}

/** Columns one after the other; above them what spans them. */
function cut(segments: readonly Segment[], height: number): Segment[] {
  if (segments.length < 2) return [...segments]
  const gutter = widestGap(segments, 'left', 'right', height)
  if (gutter !== undefined) return cutAt(segments, gutter, 'right', height)
  // Below some gap there may be columns, or above it.
  for (const { at } of openings(segments, 'top', 'bottom', height * 0.1)) {
    const parts = [
      segments.filter(({ bottom }) => bottom <= at),
      segments.filter(({ bottom }) => bottom > at),
    ]
    const haveColumns = parts.some(
      (part) => part.length > 3 && widestGap(part, 'left', 'right', height) !== undefined,
    )
    if (haveColumns) return cutAt(segments, at, 'bottom', height)
  }
  return segments.toSorted((a, b) =>
    Math.abs(a.bottom - b.bottom) < height / 2 ? a.left - b.left : a.bottom - b.bottom,
  )
}

function cutAt(
  segments: readonly Segment[],
  at: number,
  side: 'right' | 'bottom',
  height: number,
): Segment[] {
  const first = segments.filter((segment) => segment[side] <= at)
  const second = segments.filter((segment) => segment[side] > at)
  return [...cut(first, height), ...cut(second, height)]
}

type Side = 'left' | 'right' | 'top' | 'bottom'

function widestGap(segments: readonly Segment[], start: Side, end: Side, least: number): number | undefined {
  return openings(segments, start, end, least).toSorted((a, b) => b.width - a.width)[0]?.at
}

/** Where nothing stands between `start` and `end` of any segment, from the first on. */
function openings(
  segments: readonly Segment[],
  start: Side,
  end: Side,
  least: number,
): { readonly at: number; readonly width: number }[] {
  const found: { at: number; width: number }[] = []
  let reached = Infinity
  for (const segment of segments.toSorted((a, b) => a[start] - b[start])) {
    if (segment[start] - reached > least) found.push({ at: reached, width: segment[start] - reached })
    reached = reached === Infinity ? segment[end] : Math.max(reached, segment[end])
  }
  return found
}
