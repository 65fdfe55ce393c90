/**
 * Mends the entries of an open folder by what verifying it found. Nothing is invented: what is there is left out, listed,
 * or worked out again from the nodes. One transaction; the JSON files follow with the next persist.
 */
import type { ReplacedFolder } from '../old-vectors.ts'
import { layoutOf } from '../folder-layout.ts'
import { forgettingStructTypes, vectorStructTypes } from '../llamaindex/index-struct.ts'
import { originalKey } from '../llamaindex/python-json.ts'
import { readManifest, removeFromManifest } from '../source-manifest.ts'
import { StructNotes } from '../struct-notes.ts'
import type { SectionRow } from '../working-store.ts'
import { quoted, usualDimensions, vectorsNotNamed, vectorsWithoutNode } from './check-vectors.ts'
import type { FactSection, Facts } from './facts.ts'
import type { RepairActions } from './repair-actions.ts'
import { repairDetails } from './repair-details.ts'
import { repairDocuments } from './repair-documents.ts'
import { repairRelationships } from './repair-relationships.ts'

export interface RepairWork {
  readonly folder: ReplacedFolder
  readonly facts: Facts
  readonly actions: RepairActions
  /** The section of the working store that these facts are of. */
  readonly sectionOf: (section: FactSection) => SectionRow
  /** Keys of vectors that the repair took away. */
  readonly droppedVectors: Set<string>
}

export function repairEntries(folder: ReplacedFolder, facts: Facts, actions: RepairActions): void {
  const { store, vectors } = folder
  const work: RepairWork = {
    folder,
    facts,
    actions,
    sectionOf: ({ file, name }) => store.addSection(file, name),
    droppedVectors: new Set(),
  }
  try {
    store.database.transaction(() => {
      repairDuplicates(work)
      dropVectors(work)
      repairIndexes(work)
      repairDetails(work)
      repairDocuments(work)
      repairRelationships(work)
      forgetSources(work)
      if (actions.list.length > 0) store.noteUnpersisted()
      vectors.flush()
    })()
  } catch (error) {
    store.forgetSections()
    vectors.forget()
    throw error
  }
}

/** The working store has the last one already, as json.load has it. */
function repairDuplicates({ folder: { store }, facts, actions, sectionOf }: RepairWork): void {
  const rows = facts.rows('SELECT section, key FROM entries GROUP BY section, key HAVING count(*) > 1')
  for (const { section, key } of rows) {
    const at = facts.section(Number(section))
    if (!at || at.role === 'other') continue
    store.noteChange(sectionOf(at), String(key), false)
    actions.count('duplicate-key')
  }
}

function dropVectors(work: RepairWork): void {
  const { facts } = work
  for (const section of facts.ofRole('embeddings')) {
    const reasons = [
      ['unreadable-entry', "state = 'unreadable'"],
      ['not-finite-vector', "state = 'not-finite'"],
      ['zero-vector', "state = 'zero'"],
      ['mixed-dimensions', `dimensions <> ${usualDimensions(work, section.id)}`],
      ['vector-without-node', vectorsWithoutNode],
    ] as const
    for (const [code, condition] of reasons) {
      for (const { key } of facts.rows(
        `SELECT key FROM vectors WHERE section = ? AND ${condition}`,
        section.id,
      )) {
        if (work.droppedVectors.has(String(key)) || !dropVector(work, section, String(key))) continue
        work.actions.count(code)
      }
    }
  }
}

/** False when it is gone already. */
function dropVector(
  { folder: { store, vectors }, sectionOf, droppedVectors }: RepairWork,
  section: FactSection,
  key: string,
): boolean {
  const own = sectionOf(section)
  const row = store.vectorStore(section.file)
  const wasPacked = row !== undefined && vectors.remove(row.id, key)
  if (!store.remove(own, key) && !wasPacked) return false
  droppedVectors.add(key)
  for (const role of ['ref-doc-ids', 'vector-metadata'] as const) {
    const beside = store.section(section.file, role)
    if (beside) store.remove(beside, key)
  }
  return true
}

function repairIndexes(work: RepairWork): void {
  const { folder, facts, actions, droppedVectors } = work
  const { store } = folder
  const structs = new StructNotes(store, layoutOf(store))
  const gone = new Set<string>()
  const rows = facts.rows(
    `SELECT DISTINCT named.vector, named.node FROM named JOIN structs ON structs.key = named.struct
     WHERE type IN (${quoted(forgettingStructTypes)}) AND NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.key = named.node)
     AND NOT EXISTS (SELECT 1 FROM graph_nodes WHERE graph_nodes.key = named.node)`,
  )
  for (const { vector, node } of rows) {
    actions.count('index-names-missing-node')
    for (const key of [vector, node]) if (typeof key === 'string') gone.add(originalKey(key))
  }
  if (gone.size > 0) structs.forgetNodes(gone, '')
  const hasVectorStruct =
    facts.number(`SELECT count(*) FROM structs WHERE type IN (${quoted(vectorStructTypes)})`) > 0
  const hasStruct = facts.number('SELECT count(*) FROM structs') > 0
  if (hasStruct && !hasVectorStruct) return
  const code = hasStruct ? 'index-lacks-vector' : 'no-index'
  for (const { section, key } of facts.rows(`SELECT section, key FROM vectors WHERE ${vectorsNotNamed}`)) {
    const at = facts.section(Number(section))
    if (!at || droppedVectors.has(String(key))) continue
    structs.addNode(originalKey(String(key)))
    makeSearched(work, at.file, String(key))
    actions.count(code)
  }
}

/** Rows that were not searched stay so: the vector gets another one. */
function makeSearched({ folder: { store, vectors } }: RepairWork, file: string, key: string): void {
  const row = store.vectorStore(file)
  const at = row && store.rowOf(row.id, key)
  if (!row || typeof at !== 'number') return
  const vector = vectors.packed(row).row(at)
  vectors.drop(row.id, key)
  vectors.append(file, key, vector)
}

/** Files whose nodes lost their vectors or their texts are read again when they are indexed the next time. */
function forgetSources({ folder: { store }, facts, droppedVectors }: RepairWork): void {
  const incomplete = new Set<string>()
  const note = (source: unknown): void => {
    if (typeof source === 'string') incomplete.add(originalKey(source))
  }
  for (const { source } of facts.rows(
    `SELECT DISTINCT nodes.source FROM named JOIN nodes ON nodes.key = named.node
     WHERE vector IS NOT NULL AND NOT EXISTS (SELECT 1 FROM vectors WHERE key = named.vector)`,
  ))
    note(source)
  for (const { document } of facts.rows(
    'SELECT DISTINCT document FROM listed WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE key = node)',
  ))
    note(document)
  for (const key of droppedVectors)
    for (const { source } of facts.rows('SELECT source FROM nodes WHERE key = ?', key)) note(source)
  for (const { path, refDocIds } of readManifest(store))
    if (refDocIds.some((id) => incomplete.has(id))) removeFromManifest(store, path)
}
