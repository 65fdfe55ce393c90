/** Documents, their nodes and their hashes, as docstore.json says it in three places. */
import { addAt, shown, sectionId, type CheckContext } from './check-context.ts'

export function checkDocuments(context: CheckContext): void {
  if (!context.hasDocstore) return
  checkRefDocInfo(context)
  checkRefDocIds(context)
  checkHashes(context)
  checkContent(context)
}

function checkRefDocInfo(context: CheckContext): void {
  const { facts } = context
  const hasInfo = facts.number('SELECT count(*) FROM documents') > 0
  // Versions before 0.6 wrote no ref_doc_info, and no ref_doc_id beside the hash.
  const isKept = hasInfo || facts.number('SELECT count(*) FROM hashes WHERE ref_doc_id IS NOT NULL') > 0
  if (!isKept) return
  const section = sectionId(context, 'ref-doc-info')
  const missing = facts.rows(
    `SELECT source, count(*) AS nodes FROM nodes
     WHERE source IS NOT NULL AND NOT EXISTS (SELECT 1 FROM documents WHERE key = source) GROUP BY source ORDER BY source`,
  )
  for (const { source, nodes } of missing)
    addAt(
      context,
      { section, key: source },
      {
        code: 'ref-doc-info-missing',
        message: `${String(nodes)} nodes come from document ${shown(source)}, which ref_doc_info does not have.`,
        repairable: true,
      },
    )
  const unlisted = facts.rows(
    `SELECT nodes.section, nodes.key, source FROM nodes JOIN documents ON documents.key = source
     WHERE NOT EXISTS (SELECT 1 FROM listed WHERE document = source AND node = nodes.key) ORDER BY nodes.key`,
  )
  for (const { key, source } of unlisted)
    addAt(
      context,
      { section, key: source },
      {
        code: 'ref-doc-info-lacks-node',
        message: `ref_doc_info of ${shown(source)} does not list its node ${shown(key)}.`,
        repairable: true,
      },
    )
  const gone = facts.rows(
    `SELECT document, node FROM listed WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE key = node) ORDER BY document, position`,
  )
  for (const { document, node } of gone)
    addAt(
      context,
      { section, key: document },
      {
        code: 'ref-doc-info-names-missing-node',
        message: `ref_doc_info of ${shown(document)} lists node ${shown(node)}, which is not in the docstore.`,
        repairable: true,
      },
    )
  const twice = facts.rows(
    'SELECT document, node FROM listed GROUP BY document, node HAVING count(*) > 1 ORDER BY document',
  )
  for (const { document, node } of twice)
    addAt(
      context,
      { section, key: document },
      {
        code: 'ref-doc-info-names-node-twice',
        message: `ref_doc_info of ${shown(document)} lists node ${shown(node)} more than once.`,
        repairable: true,
      },
    )
  const empty = facts.rows(
    'SELECT key FROM documents WHERE NOT EXISTS (SELECT 1 FROM listed WHERE document = key) ORDER BY key',
  )
  for (const { key } of empty)
    addAt(
      context,
      { section, key },
      {
        code: 'ref-doc-info-without-nodes',
        message: `ref_doc_info has document ${shown(key)}, but lists no nodes of it.`,
        repairable: false,
      },
    )
}

/** Of the table `nodes`, joined with what another place says: `None` is how Python writes that there is no document. */
export const disagreesWithSource = (column: string): string =>
  `${column} IS NOT NULL AND nodes.source IS NOT NULL AND ${column} <> nodes.source`

function checkRefDocIds(context: CheckContext): void {
  const { facts } = context
  for (const table of ['hashes', 'ref_doc_ids'] as const) {
    const rows = facts.rows(
      `SELECT other.section, other.key, other.ref_doc_id, nodes.source FROM ${table} AS other
       JOIN nodes ON nodes.key = other.key WHERE ${disagreesWithSource('other.ref_doc_id')} ORDER BY other.key`,
    )
    for (const { section, key, ref_doc_id, source } of rows)
      addAt(
        context,
        { section, key },
        {
          code: 'ref-doc-id-disagrees',
          message: `Node ${shown(key)} says that it comes from ${shown(source)}, but here it belongs to ${shown(ref_doc_id)}.`,
          repairable: true,
        },
      )
  }
}

/** Of the table `hashes`. */
export const hashesWithoutNode = `
  NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.key = hashes.key OR nodes.source = hashes.key)
  AND NOT EXISTS (SELECT 1 FROM documents WHERE documents.key = hashes.key)`

function checkHashes(context: CheckContext): void {
  const { facts } = context
  if (facts.number('SELECT count(*) FROM hashes') === 0 && facts.ofRole('node-metadata').length === 0) return
  const section = sectionId(context, 'node-metadata')
  const missing = facts.rows(
    `SELECT nodes.key, nodes.hash FROM nodes LEFT JOIN hashes ON hashes.key = nodes.key
     WHERE doc_hash IS NULL ORDER BY nodes.key`,
  )
  for (const { key, hash } of missing)
    addAt(
      context,
      { section, key },
      {
        code: 'doc-hash-missing',
        message: `Node ${shown(key)} has no doc_hash.`,
        repairable: hash !== null,
      },
    )
  // Documents have hashes when they were inserted as documents; an index that was built of nodes has none.
  const documents = facts.rows(
    `SELECT key FROM documents WHERE EXISTS (SELECT 1 FROM documents JOIN hashes USING (key) WHERE doc_hash IS NOT NULL)
     AND NOT EXISTS (SELECT 1 FROM hashes WHERE hashes.key = documents.key AND doc_hash IS NOT NULL) ORDER BY key`,
  )
  for (const { key } of documents)
    addAt(
      context,
      { section, key },
      {
        code: 'doc-hash-missing',
        severity: 'warning',
        message: `Document ${shown(key)} has no doc_hash: refresh_ref_docs takes it for a new one.`,
        repairable: false,
      },
    )
  for (const { section: at, key, ref_doc_id } of facts.rows(
    `SELECT section, key, ref_doc_id FROM hashes WHERE ${hashesWithoutNode} ORDER BY key`,
  ))
    addAt(
      context,
      { section: at, key },
      ref_doc_id === null
        ? {
            code: 'doc-hash-without-node',
            message: `There is a doc_hash of ${shown(key)}, but no node or document: it may have been empty.`,
            repairable: false,
          }
        : {
            code: 'doc-hash-without-node',
            severity: 'warning',
            message: `There is a doc_hash of node ${shown(key)}, which is not in the docstore.`,
            repairable: true,
          },
    )
  const wrong = facts.rows(
    `SELECT hashes.section, nodes.key, may_differ FROM nodes JOIN hashes ON hashes.key = nodes.key
     WHERE hash IS NOT NULL AND doc_hash IS NOT NULL AND doc_hash <> hash AND doc_hash IS NOT other_hash ORDER BY nodes.key`,
  )
  for (const { section: at, key, may_differ } of wrong)
    addAt(
      context,
      { section: at, key },
      {
        code: 'hash-mismatch',
        ...(may_differ === 1 && { severity: 'warning' as const }),
        message: `The doc_hash of ${shown(key)} is not that of its content: text or metadata were changed.`,
        repairable: false,
      },
    )
}

function checkContent(context: CheckContext): void {
  const { facts } = context
  const rows = facts.rows(
    `SELECT section, key, content, (SELECT min(key) FROM nodes AS first WHERE first.content = nodes.content) AS first FROM nodes
     WHERE content IN (SELECT content FROM nodes WHERE content IS NOT NULL GROUP BY content HAVING count(*) > 1)
     ORDER BY content, key`,
  )
  for (const { section, key, first } of rows) {
    if (key === first) continue
    addAt(
      context,
      { section, key },
      {
        code: 'duplicate-content',
        message: `Node ${shown(key)} has the very text and metadata of ${shown(first)}.`,
        repairable: false,
      },
    )
  }
}
