/**
 * Replaces every vector of a folder: the new ones are gathered beside the old, in a packed file of their own that survives
 * being interrupted, and take their place in one transaction. Until then nothing of the folder is different.
 */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { syncFolder } from '#platform/atomic-files.ts'
import type { NodeTextMode } from '#engine/embed/embed-model.ts'
import { embedTextsOf } from './embed-texts.ts'
import { layoutOf } from './folder-layout.ts'
import { maskUnsearched } from './settle-import.ts'
import { PackedVectors, packedEnding } from './packed-vectors.ts'
import { isSearchable } from './vector-import.ts'
import type { SectionRow, VectorStoreRow, WorkingStore } from './working-store.ts'

export interface ReplacementTarget {
  /** What the new vectors are of: work that was begun for another key is thrown away. */
  readonly key: string
  readonly dimensions: number
  /** What of a node is embedded. Default: `embed`. */
  readonly metadataMode?: NodeTextMode | undefined
}

export interface ReplacementProgress {
  /** Nodes that have their new vector, and nodes that shall have one. */
  readonly done: number
  readonly total: number
}

export interface TextToEmbed {
  /** As the working store has it. */
  readonly nodeId: string
  readonly text: string
  /** To be given back with the vector: a text that is changed meanwhile is embedded again. */
  readonly textHash: string
}

export interface TextPage {
  readonly texts: readonly TextToEmbed[]
  /** Nodes without any text: they cannot have a vector. */
  readonly withoutText: number
  /** Where the next page begins; null: this was the last. */
  readonly next: number | null
}

export interface NewVector {
  readonly nodeId: string
  readonly textHash: string
  readonly vector: Float32Array
}

const stateSchema = z.object({
  key: z.string(),
  file: z.string(),
  // A name that leads out of the folder would be opened there.
  packed: z.string().regex(/^[\w-]+$/),
  dimensions: z.number(),
  metadataMode: z.enum(['embed', 'none']).default('embed'),
  rows: z.number(),
})
type State = z.infer<typeof stateSchema>
const stateKey = 'replacement'
const folderName = 'replacement'

/** Pages of entries that are no vectors come after all rows. */
const firstEntryPage = 2 ** 48

/** Goes on with what was begun for the same key, without the texts that have changed since. */
export async function beginReplacement(
  store: WorkingStore,
  workingFolder: string,
  { key, dimensions, metadataMode = 'embed' }: ReplacementTarget,
  signal?: AbortSignal,
): Promise<ReplacementProgress> {
  const { file } = requireReplaceable(store)
  const begun = stateOf(store)
  const goesOn =
    begun?.key === key &&
    begun.dimensions === dimensions &&
    begun.metadataMode === metadataMode &&
    begun.file === file &&
    existsSync(gatheredIn(workingFolder, begun))
  if (goesOn) await dropStaleTexts(store, signal)
  else {
    discardReplacement(store, workingFolder)
    const state: State = { key, file, packed: `vectors-${randomUUID()}`, dimensions, metadataMode, rows: 0 }
    mkdirSync(join(workingFolder, folderName))
    new PackedVectors(gatheredIn(workingFolder, state), dimensions, 'write')[Symbol.dispose]()
    store.setMeta(stateKey, JSON.stringify(state))
  }
  return progressOf(store)
}

export function progressOf(store: WorkingStore): ReplacementProgress {
  const { row, embeddings } = requireReplaceable(store)
  const total =
    store.number('SELECT count(*) FROM vectors WHERE store = ?', row.id) + store.count(embeddings?.id)
  const done = store.number(
    'SELECT count(*) FROM replacement WHERE node_id IN (SELECT node_id FROM vectors WHERE store = ?)',
    row.id,
  )
  return { done, total }
}

/** Texts of nodes that have no new vector yet, from the page on. */
export function textsToEmbed(store: WorkingStore, page: number, limit: number): TextPage {
  const { row, nodes, embeddings } = requireReplaceable(store)
  const { metadataMode } = requireState(store)
  const ofRows = page < firstEntryPage
  const found = (
    ofRows
      ? store
          .statement(
            `SELECT row AS place, node_id AS nodeId FROM vectors WHERE store = ? AND row >= ?
             AND NOT EXISTS (SELECT 1 FROM replacement WHERE replacement.node_id = vectors.node_id)
             ORDER BY row LIMIT ?`,
          )
          .all(row.id, page, limit)
      : store
          .statement(
            `SELECT id AS place, key AS nodeId FROM entries WHERE section = ? AND id >= ?
             AND NOT EXISTS (SELECT 1 FROM replacement WHERE replacement.node_id = entries.key)
             ORDER BY id LIMIT ?`,
          )
          .all(embeddings?.id ?? -1, page - firstEntryPage, limit)
  ) as { place: number; nodeId: string }[]
  const texts: TextToEmbed[] = []
  let withoutText = 0
  for (const { nodeId } of found) {
    const text = textOf(store, nodes.id, nodeId, metadataMode)
    if (text === null) withoutText++
    else texts.push({ nodeId, text, textHash: hashOf(text) })
  }
  const last = found.at(-1)
  const next = last && found.length === limit ? last.place + 1 + (ofRows ? 0 : firstEntryPage) : null
  return { texts, withoutText, next: next ?? (ofRows ? firstEntryPage : null) }
}

/** Durable when it returns. Throws `dimension-mismatch` and `invalid-vector`; then nothing was added. */
export function addNewVectors(store: WorkingStore, workingFolder: string, added: readonly NewVector[]): void {
  const state = requireState(store)
  for (const { nodeId, vector } of added) {
    if (vector.length !== state.dimensions)
      throw new StackroomError(
        'dimension-mismatch',
        `The new vector of node ${nodeId} has ${vector.length} dimensions, the others have ${state.dimensions}.`,
      )
    if (!isSearchable(vector))
      throw new StackroomError(
        'invalid-vector',
        `The vector of node ${nodeId} is zero or not made of numbers.`,
      )
  }
  using packed = new PackedVectors(gatheredIn(workingFolder, state), state.dimensions, 'write')
  added.forEach(({ vector }, index) => packed.write(state.rows + index, vector))
  packed.flush()
  const insert = store.statement('INSERT OR REPLACE INTO replacement VALUES (?, ?, ?)')
  store.database.transaction(() => {
    added.forEach(({ nodeId, textHash }, index) => insert.run(state.rows + index, nodeId, textHash))
    store.setMeta(stateKey, JSON.stringify({ ...state, rows: state.rows + added.length }))
  })()
}

/**
 * The new vectors are the folder's; `note` is called in the transaction that makes them so, with the nodes that have a
 * vector no more. `readmitted`: nodes that get a vector although they have none now. Throws `busy` when a node with text
 * has no new vector yet.
 */
export function takeNewVectors(
  store: WorkingStore,
  workingFolder: string,
  readmitted: readonly string[],
  note: (dropped: readonly string[]) => void,
): void {
  const state = requireState(store)
  for (let page: number | null = 0; page !== null;) {
    const { texts, next } = textsToEmbed(store, page, 1000)
    if (texts.length > 0)
      throw new StackroomError('busy', 'Not every node has been embedded yet.', {
        hint: 'Start embedding again: what is done is not done twice.',
      })
    page = next
  }
  const gathered = gatheredIn(workingFolder, state)
  renameSync(gathered, join(workingFolder, state.packed + packedEnding))
  try {
    syncFolder(workingFolder)
    store.database.transaction(() => note(exchange(store, state, new Set(readmitted))))()
  } catch (error) {
    renameSync(join(workingFolder, state.packed + packedEnding), gathered)
    throw error
  }
  discardFolder(workingFolder)
}

/** Says which nodes have a vector no more. */
function exchange(store: WorkingStore, state: State, readmitted: ReadonlySet<string>): string[] {
  const { row, embeddings } = requireReplaceable(store)
  const section = embeddings?.id ?? -1
  const before = new Set(
    store
      .statement(
        'SELECT node_id FROM vectors WHERE store = ? UNION SELECT key FROM entries WHERE section = ?',
      )
      .pluck()
      .all(row.id, section) as string[],
  )
  const forget = store.statement('DELETE FROM replacement WHERE node_id = ?')
  const gathered = store.statement('SELECT node_id FROM replacement ORDER BY row').pluck().all() as string[]
  for (const nodeId of gathered) {
    const isKnown = before.delete(nodeId)
    if (!isKnown && !readmitted.has(nodeId)) forget.run(nodeId)
    else if (embeddings) store.noteChange(embeddings, nodeId, !isKnown)
  }
  const dropped = [...before]
  if (embeddings) for (const nodeId of dropped) store.noteChange(embeddings, nodeId, false)
  store.statement('DELETE FROM entries WHERE section = ?').run(section)
  store.statement('DELETE FROM vectors WHERE store = ?').run(row.id)
  store.statement('DELETE FROM masked WHERE store = ?').run(row.id)
  store
    .statement('INSERT INTO vectors (store, row, node_id) SELECT ?, row, node_id FROM replacement')
    .run(row.id)
  store
    .statement('UPDATE vector_stores SET packed = ?, dimensions = ?, rows = ? WHERE id = ?')
    .run(state.packed, state.dimensions, state.rows, row.id)
  maskGaps(store, row.id, state.rows)
  maskUnsearched(store)
  store.noteUnpersisted()
  store.setMeta(stateKey, null)
  store.statement('DELETE FROM replacement').run()
  return dropped
}

export function discardReplacement(store: WorkingStore, workingFolder: string): void {
  store.database.transaction(() => {
    store.statement('DELETE FROM replacement').run()
    store.setMeta(stateKey, null)
  })()
  discardFolder(workingFolder)
}

function discardFolder(workingFolder: string): void {
  rmSync(join(workingFolder, folderName), { recursive: true, force: true })
}

/** Not beside the vectors that are in use: what is there and not in use is cleared away. */
function gatheredIn(workingFolder: string, { packed }: State): string {
  return join(workingFolder, folderName, packed + packedEnding)
}

/** Rows of texts that changed, and of nodes that were deleted. */
function maskGaps(store: WorkingStore, storeId: number, rows: number): void {
  const mask = store.statement('INSERT INTO masked (store, row) VALUES (?, ?)')
  const taken = store.statement('SELECT row FROM replacement ORDER BY row').pluck().all() as number[]
  let next = 0
  for (const row of [...taken, rows]) {
    for (; next < row; next++) mask.run(storeId, next)
    next = row + 1
  }
}

async function dropStaleTexts(store: WorkingStore, signal: AbortSignal | undefined): Promise<void> {
  const { nodes } = requireReplaceable(store)
  const { metadataMode } = requireState(store)
  const all = store.statement('SELECT node_id, text_hash FROM replacement').all() as {
    node_id: string
    text_hash: string
  }[]
  const stale: string[] = []
  for (const [index, { node_id: nodeId, text_hash: textHash }] of all.entries()) {
    const text = textOf(store, nodes.id, nodeId, metadataMode)
    if (text === null || hashOf(text) !== textHash) stale.push(nodeId)
    if (index % 1000 !== 999) continue
    await nextTurn()
    signal?.throwIfAborted()
  }
  const remove = store.statement('DELETE FROM replacement WHERE node_id = ?')
  store.database.transaction(() => stale.forEach((nodeId) => remove.run(nodeId)))()
}

function textOf(
  store: WorkingStore,
  nodesSection: number,
  nodeId: string,
  metadataMode: NodeTextMode,
): string | null {
  const entry = store.get(nodesSection, nodeId)
  const texts = entry === null ? null : embedTextsOf(entry)
  if (texts === null) return null
  const text = metadataMode === 'embed' ? texts.embedText : texts.plainText
  return text.trim() === '' ? null : text
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}

function stateOf(store: WorkingStore): State | null {
  const text = store.meta(stateKey)
  return text === null ? null : stateSchema.parse(JSON.parse(text))
}

function requireState(store: WorkingStore): State {
  const state = stateOf(store)
  if (state) return state
  throw new StackroomError('internal', 'New vectors were asked for before the replacement was begun.')
}

interface Replaceable {
  readonly row: VectorStoreRow
  readonly file: string
  readonly nodes: SectionRow
  readonly embeddings: SectionRow | undefined
}

function requireReplaceable(store: WorkingStore): Replaceable {
  const { flavour, vectorStore: row, docstore } = layoutOf(store)
  if (flavour === 'typescript')
    throw new StackroomError(
      'unsupported-format',
      'LlamaIndexTS wrote this folder: it can be searched, but not changed.',
      { hint: 'Index the documents into a new folder.' },
    )
  const nodes = docstore === null ? undefined : store.section(docstore, 'nodes')
  if (!row || !nodes || row.dimensions === null)
    throw new StackroomError('missing-file', 'There are no vectors in this folder that could be replaced.', {
      hint: 'They may be in an external vector store. Index the documents into a new folder.',
    })
  return { row, file: row.file, nodes, embeddings: store.section(row.file, 'embeddings') }
}
