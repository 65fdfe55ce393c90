/** Nodes from all over a vector store with their vectors and texts: what a model is compared with. */
import { embedTextsOf, type EmbedTexts } from './embed-texts.ts'
import type { PackedVectors } from './packed-vectors.ts'
import { embeddedPathOf } from './source-manifest.ts'
import type { VectorStoreRow, WorkingStore } from './working-store.ts'

export interface SampledNode extends EmbedTexts {
  readonly nodeId: string
  readonly vector: Float32Array
}

/** Rows that are looked at for each node that is wanted: some have no text, and equal texts prove nothing more. */
const looksPerNode = 4

/** Of those with text, so many are the longest that were seen: only they tell how long texts were treated. */
const longest = 2

/** Spread evenly over the rows, the same ones as long as the rows are the same. Nodes with text come first. */
export function sampleNodes(
  store: WorkingStore,
  packed: PackedVectors,
  row: VectorStoreRow,
  nodesSection: number,
  count: number,
): SampledNode[] {
  const looks = Math.min(row.rows, count * looksPerNode)
  const next = store.statement(
    'SELECT row, node_id FROM vectors WHERE store = ? AND row >= ? ORDER BY row LIMIT 1',
  )
  const withText: SampledNode[] = []
  const others: SampledNode[] = []
  const seen = new Set<string>()
  for (let look = 0; look < looks; look++) {
    const found = next.get(row.id, placeOf(look, looks, row.rows)) as
      { row: number; node_id: string } | undefined
    if (!found || seen.has(found.node_id)) continue
    seen.add(found.node_id)
    const entry = store.get(nodesSection, found.node_id)
    const texts = entry === null ? null : embedTextsOf(entry, (path) => embeddedPathOf(store, path))
    if (!texts) continue
    const isRepeated = withText.some(({ embedText }) => embedText === texts.embedText)
    const list = texts.plainText.trim() === '' || isRepeated ? others : withText
    list.push({ nodeId: found.node_id, ...texts, vector: packed.row(found.row) })
  }
  const spread = withText.splice(0, Math.max(1, count - longest))
  withText.sort((a, b) => b.embedText.length - a.embedText.length)
  return [...spread, ...withText, ...others].slice(0, count)
}

/** The places of the looks in an order in which any first part of them is spread over all rows. */
function placeOf(look: number, looks: number, rows: number): number {
  const stride = Math.max(1, Math.floor(looks / looksPerNode))
  const round = Math.floor(look / stride)
  const place = ((look % stride) * looksPerNode + round) % looks
  return Math.floor((place * rows) / looks)
}
