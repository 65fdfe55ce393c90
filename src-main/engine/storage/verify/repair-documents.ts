/** ref_doc_info and hashes, worked out again from the nodes, which know where they come from. */
import { ensureSection } from '../folder-layout.ts'
import { membersOf, replaceValue } from '../llamaindex/json-members.ts'
import { originalKey, pythonJson } from '../llamaindex/python-json.ts'
import type { SectionRow } from '../working-store.ts'
import { disagreesWithSource, hashesWithoutNode } from './check-documents.ts'
import type { RepairWork } from './repair-entries.ts'

export function repairDocuments(work: RepairWork): void {
  const { facts } = work
  const nodes = facts.ofRole('nodes')[0]
  if (!nodes) return
  const { store } = work.folder
  const isKept =
    facts.number('SELECT count(*) FROM documents') > 0 ||
    facts.number('SELECT count(*) FROM hashes WHERE ref_doc_id IS NOT NULL') > 0
  if (isKept) repairRefDocInfo(work, ensureSection(store, nodes.file, 'ref-doc-info'))
  if (facts.ofRole('node-metadata').length > 0)
    repairHashes(work, ensureSection(store, nodes.file, 'node-metadata'))
}

function repairRefDocInfo(work: RepairWork, section: SectionRow): void {
  const { folder, facts, actions } = work
  const { store } = folder
  const affected = facts.rows(
    `SELECT source AS document FROM nodes WHERE source IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM listed WHERE document = source AND node = nodes.key)
     UNION SELECT document FROM listed WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.key = listed.node)
     UNION SELECT document FROM listed GROUP BY document, node HAVING count(*) > 1`,
  )
  for (const { document } of affected) {
    const key = String(document)
    const before = store.bytes(section.id, key)
    const listed = [...facts.rows('SELECT node FROM listed WHERE document = ? ORDER BY position', key)]
    const own = facts.rows(
      `SELECT nodes.key FROM nodes JOIN entries ON entries.section = nodes.section AND entries.key = nodes.key
       WHERE source = ? ORDER BY entries.rowid`,
      key,
    )
    const there = listed
      .filter(({ node }) => facts.has('nodes', String(node)))
      .map(({ node }) => String(node))
    const nodes = [...new Set([...there, ...[...own].map(({ key: node }) => String(node))])]
    if (nodes.length === 0) {
      store.remove(section, key)
      removeHash(work, section.file, key)
      actions.count('ref-doc-info-names-missing-node')
      continue
    }
    store.put(section, key, withNodes(work, before, nodes))
    actions.count(before ? 'ref-doc-info-lacks-node' : 'ref-doc-info-missing')
  }
}

/** Of a document that has no nodes any more: a refresh must take it for a new one. */
function removeHash({ folder: { store }, facts }: RepairWork, file: string, key: string): void {
  const hashes = store.section(file, 'node-metadata')
  if (hashes && !facts.has('nodes', key)) store.remove(hashes, key)
}

/** The metadata keep their text; without any they are those of the first node, as `add_documents` takes them. */
function withNodes(work: RepairWork, before: Buffer | null, keys: readonly string[]): Buffer {
  const list = Buffer.from(pythonJson(keys.map(originalKey)))
  const members = (before && membersOf(before)) ?? []
  const ids = members.find(({ key }) => key === 'node_ids' || key === 'doc_ids')
  if (before && ids) return replaceValue(before, ids, list)
  const metadata = members.find(({ key }) => key === 'metadata')
  const kept = before && metadata ? before.toString('utf8', metadata.start, metadata.end) : null
  return Buffer.from(`{"node_ids": ${list.toString()}, "metadata": ${kept ?? metadataOf(work, keys[0])}}`)
}

function metadataOf({ folder: { store }, facts }: RepairWork, key: string | undefined): string {
  const nodes = facts.ofRole('nodes')[0]
  const section = nodes && store.section(nodes.file, 'nodes')
  const value = section && key !== undefined ? store.bytes(section.id, key) : null
  const data = value && membersOf(value)?.find((member) => member.key === '__data__')
  const metadata =
    data &&
    membersOf(value, data.start)?.find((member) => member.key === 'metadata' || member.key === 'extra_info')
  return value && metadata ? value.toString('utf8', metadata.start, metadata.end) : '{}'
}

function repairHashes({ folder: { store }, facts, actions }: RepairWork, section: SectionRow): void {
  const entry = (hash: unknown, source: unknown): string =>
    pythonJson({
      doc_hash: hash,
      ref_doc_id: typeof source === 'string' ? originalKey(source) : undefined,
    })
  const missing = facts.rows(
    `SELECT nodes.key, nodes.hash, nodes.source FROM nodes LEFT JOIN hashes ON hashes.key = nodes.key
     WHERE doc_hash IS NULL AND hash IS NOT NULL`,
  )
  for (const { key, hash, source } of missing) {
    store.put(section, String(key), entry(hash, source))
    actions.count('doc-hash-missing')
  }
  for (const { key } of facts.rows(
    `SELECT key FROM hashes WHERE ref_doc_id IS NOT NULL AND ${hashesWithoutNode}`,
  ))
    if (store.remove(section, String(key))) actions.count('doc-hash-without-node')
  const wrong = facts.rows(
    `SELECT hashes.key, doc_hash, nodes.source FROM hashes JOIN nodes ON nodes.key = hashes.key
     WHERE doc_hash IS NOT NULL AND ${disagreesWithSource('hashes.ref_doc_id')}`,
  )
  for (const { key, doc_hash, source } of wrong) {
    store.put(section, String(key), entry(doc_hash, source))
    actions.count('ref-doc-id-disagrees')
  }
}
