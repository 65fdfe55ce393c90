/** What the vector store keeps beside each vector, worked out again from the nodes. */
import { membersOf } from '../llamaindex/json-members.ts'
import { originalKey, pythonJson, pythonJsonString } from '../llamaindex/python-json.ts'
import type { FactSection } from './facts.ts'
import { disagreesWithSource } from './check-documents.ts'
import type { RepairWork } from './repair-entries.ts'

const tables = { 'ref-doc-ids': 'ref_doc_ids', 'vector-metadata': 'vector_metadata' } as const

export function repairDetails(work: RepairWork): void {
  const { facts } = work
  for (const embeddings of facts.ofRole('embeddings')) {
    for (const role of ['ref-doc-ids', 'vector-metadata'] as const) {
      const section = facts.ofRole(role).find(({ file }) => file === embeddings.file)
      // Folders of old versions have none at all.
      if (
        !section ||
        facts.number(`SELECT count(*) FROM ${tables[role]} WHERE section = ?`, section.id) === 0
      )
        continue
      removeWithoutVector(work, section, embeddings)
      addMissing(work, section, embeddings)
    }
  }
  correctDocuments(work)
}

function removeWithoutVector(
  { folder: { store }, facts, actions, sectionOf }: RepairWork,
  section: FactSection,
  embeddings: FactSection,
): void {
  const own = sectionOf(section)
  const rows = facts.rows(
    `SELECT key FROM entries WHERE section = ?
     AND NOT EXISTS (SELECT 1 FROM vectors WHERE vectors.section = ? AND vectors.key = entries.key)`,
    section.id,
    embeddings.id,
  )
  for (const { key } of rows)
    if (store.remove(own, String(key))) actions.count('vector-details-without-vector')
}

function addMissing(work: RepairWork, section: FactSection, embeddings: FactSection): void {
  const { folder, facts, actions, sectionOf, droppedVectors } = work
  const own = sectionOf(section)
  const role = section.role === 'ref-doc-ids' ? 'ref-doc-ids' : 'vector-metadata'
  const rows = facts.rows(
    `SELECT vectors.key, nodes.section AS nodes, source FROM vectors JOIN nodes ON nodes.key = vectors.key
     WHERE vectors.section = ?
     AND NOT EXISTS (SELECT 1 FROM ${tables[role]} AS other WHERE other.section = ? AND other.key = vectors.key)`,
    embeddings.id,
    section.id,
  )
  for (const { key, nodes, source } of rows) {
    const at = facts.section(Number(nodes))
    if (!at || droppedVectors.has(String(key))) continue
    // Python writes that there is no document as the word None.
    const document = typeof source === 'string' ? originalKey(source) : 'None'
    const text =
      role === 'ref-doc-ids'
        ? pythonJsonString(document)
        : vectorMetadata(folder.store.bytes(sectionOf(at).id, String(key)), document)
    if (text === null) continue
    folder.store.put(own, String(key), text)
    actions.count('vector-details-missing')
  }
}

/** As `node_to_metadata_dict`, without the content: the node's metadata as they stand, and whose they are. */
function vectorMetadata(node: Buffer | null, document: string): string | null {
  const data = node && membersOf(node)?.find(({ key }) => key === '__data__')
  const members = data && membersOf(node, data.start)
  const metadata = members?.find(({ key }) => key === 'metadata')
  if (!node || !metadata) return null
  const className = members?.find(({ key }) => key === 'class_name')
  const inside = node.toString('utf8', metadata.start + 1, metadata.end - 1).trim()
  const type = className ? node.toString('utf8', className.start, className.end) : '"TextNode"'
  const added = pythonJson({ document_id: document, doc_id: document, ref_doc_id: document }).slice(1, -1)
  return `{${inside === '' ? '' : `${inside}, `}"_node_type": ${type}, ${added}}`
}

/** A node knows where it comes from. */
function correctDocuments({ folder: { store }, facts, actions, sectionOf }: RepairWork): void {
  const rows = facts.rows(
    `SELECT other.section, other.key, nodes.source FROM ref_doc_ids AS other JOIN nodes ON nodes.key = other.key
     WHERE ${disagreesWithSource('other.ref_doc_id')}`,
  )
  for (const { section, key, source } of rows) {
    const at = facts.section(Number(section))
    if (!at || !store.has(sectionOf(at).id, String(key))) continue
    store.put(sectionOf(at), String(key), pythonJsonString(originalKey(String(source))))
    actions.count('ref-doc-id-disagrees')
  }
}
