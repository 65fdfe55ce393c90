/** Vectors and nodes belong together, one for one; and a vector is one that a cosine can be computed with. */
import { forgettingStructTypes, vectorStructTypes } from '../llamaindex/index-struct.ts'
import { addAt, shown, type CheckContext } from './check-context.ts'
import { namingTypes } from './struct-facts.ts'

export function checkVectors(context: CheckContext): void {
  checkEachVector(context)
  if (!context.hasVectors || !context.isSimpleStore) return
  checkNodesHaveVectors(context)
  if (context.hasDocstore) checkVectorsHaveNodes(context)
  checkDetails(context)
}

const sentences = {
  'not-finite': ['not-finite-vector', 'has NaN or Infinity in it'],
  zero: ['zero-vector', 'is all zeros'],
} as const

function checkEachVector(context: CheckContext): void {
  const { facts } = context
  for (const section of facts.ofRole('embeddings')) {
    for (const state of ['not-finite', 'zero'] as const) {
      const [code, is] = sentences[state]
      const rows = facts.rows(
        'SELECT key FROM vectors WHERE section = ? AND state = ? ORDER BY key',
        section.id,
        state,
      )
      for (const { key } of rows)
        addAt(
          context,
          { section: section.id, key },
          { code, message: `The vector of ${shown(key)} ${is}.`, repairable: true },
        )
    }
    const usual = usualDimensions(context, section.id)
    const others = facts.rows(
      `SELECT key, dimensions FROM vectors WHERE section = ? AND state <> 'unreadable' AND dimensions <> ? ORDER BY key`,
      section.id,
      usual,
    )
    for (const { key, dimensions } of others)
      addAt(
        context,
        { section: section.id, key },
        {
          code: 'mixed-dimensions',
          message: `The vector of ${shown(key)} has ${String(dimensions)} dimensions, most of the others have ${usual}.`,
          repairable: true,
        },
      )
  }
}

/** Of most of the vectors. */
export function usualDimensions({ facts }: Pick<CheckContext, 'facts'>, section: number): number {
  return facts.number(
    `SELECT dimensions FROM vectors WHERE section = ? AND state <> 'unreadable'
     GROUP BY dimensions ORDER BY count(*) DESC, dimensions LIMIT 1`,
    section,
  )
}

export function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ')
}

function checkNodesHaveVectors(context: CheckContext): void {
  const { facts, problems } = context
  const without = facts.rows(
    `SELECT DISTINCT nodes.section, nodes.key, nodes.source FROM named JOIN nodes ON nodes.key = named.node
     WHERE vector IS NOT NULL AND NOT EXISTS (SELECT 1 FROM vectors WHERE key = named.vector) ORDER BY nodes.key`,
  )
  const named = facts.number('SELECT count(*) FROM named WHERE vector IS NOT NULL')
  if (named > 0 && facts.ofRole('embeddings').length === 0) {
    problems.add({
      code: 'missing-file',
      message: `The index names ${named} vectors, but no vector store file is in the folder.`,
      file: 'default__vector_store.json',
      repairable: false,
    })
    return
  }
  for (const { section, key, source } of without)
    addAt(
      context,
      { section, key },
      {
        code: 'node-without-vector',
        message: `Node ${shown(key)}${source === null ? '' : ` of ${shown(source)}`} has no vector: a search cannot find it.`,
        repairable: false,
      },
    )
  const isPlain =
    facts.number(`SELECT count(*) FROM structs WHERE type NOT IN (${quoted(vectorStructTypes)})`) === 0
  if (!context.hasIndexStore || !isPlain || facts.number('SELECT count(*) FROM vectors') === 0) return
  const unindexed = facts.rows(
    `SELECT section, key FROM nodes WHERE is_document = 0 AND has_children = 0
     AND NOT EXISTS (SELECT 1 FROM vectors WHERE vectors.key = nodes.key)
     AND NOT EXISTS (SELECT 1 FROM named WHERE node = nodes.key) ORDER BY key`,
  )
  for (const { section, key } of unindexed)
    addAt(
      context,
      { section, key },
      {
        code: 'node-not-indexed',
        message: `Node ${shown(key)} is in the docstore, but in no index, and has no vector.`,
        repairable: false,
      },
    )
}

function checkVectorsHaveNodes(context: CheckContext): void {
  const { facts } = context
  const without = facts.rows(`SELECT section, key FROM vectors WHERE ${vectorsWithoutNode} ORDER BY key`)
  for (const { section, key } of without)
    addAt(
      context,
      { section, key },
      {
        code: 'vector-without-node',
        message: `The vector of ${shown(key)} has no node: there is no text to it.`,
        repairable: true,
      },
    )
}

/** Of the table `vectors`. A vector may belong to a node under another id, or to a node of a graph. */
export const vectorsWithoutNode = `
  NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.key = vectors.key)
  AND NOT EXISTS (SELECT 1 FROM graph_nodes WHERE graph_nodes.key = vectors.key)
  AND NOT EXISTS (SELECT 1 FROM named JOIN nodes ON nodes.key = named.node WHERE named.vector = vectors.key)`

/** Index structs name each vector, or Python's retriever stops with a KeyError. */
export function checkIndexes(context: CheckContext): void {
  const { facts, problems, hasIndexStore, hasDocstore, hasVectors, isSimpleStore } = context
  const vectors = facts.number('SELECT count(*) FROM vectors')
  const structs = facts.number('SELECT count(*) FROM structs')
  const indexFiles = facts.ofRole('index-structs')
  const isUnread = facts.sections.some(({ file }) => file === 'index_store.json') && !hasIndexStore
  if (vectors > 0 && structs === 0 && !isUnread && !problems.has('unreadable-entry')) {
    problems.add({
      code: 'no-index',
      message: `There are ${vectors} vectors, but no index that names them: Python cannot load an index from this folder.`,
      file: indexFiles[0]?.file ?? 'index_store.json',
      section: indexFiles[0]?.name,
      repairable: true,
    })
    return
  }
  if (!hasIndexStore) return
  const isNaming =
    facts.number(`SELECT count(*) FROM structs WHERE type NOT IN (${quoted(namingTypes)})`) === 0
  const hasVectorStruct =
    facts.number(`SELECT count(*) FROM structs WHERE type IN (${quoted(vectorStructTypes)})`) > 0
  if (isNaming && hasVectorStruct && hasVectors && isSimpleStore) {
    const section = indexFiles[0]?.id
    for (const { key } of facts.rows(
      `SELECT DISTINCT key FROM vectors WHERE ${vectorsNotNamed} ORDER BY key`,
    ))
      problems.add({
        code: 'index-lacks-vector',
        message: `The vector of ${shown(key)} is in no index: Python’s search stops when it finds it.`,
        file: section === undefined ? undefined : facts.section(section)?.file,
        section: section === undefined ? undefined : facts.section(section)?.name,
        key: shown(key),
        repairable: true,
      })
  }
  if (!hasDocstore) return
  const missing = facts.rows(
    `SELECT DISTINCT structs.section, named.struct, named.node, type IN (${quoted(forgettingStructTypes)}) AS mends
     FROM named JOIN structs ON structs.key = named.struct WHERE ${namedWithoutNode} ORDER BY named.node`,
  )
  for (const { section, struct, node, mends } of missing) {
    const at = facts.section(Number(section))
    problems.add({
      code: 'index-names-missing-node',
      message: `The index ${shown(struct)} names node ${shown(node)}, which is not in the docstore.`,
      file: at?.file,
      section: at?.name,
      key: shown(struct),
      offset: at && facts.offsetOf(at.id, String(struct)),
      repairable: mends === 1,
    })
  }
}

/** Of the table `vectors`: no index names them, though their nodes are there. */
export const vectorsNotNamed = `
  NOT EXISTS (SELECT 1 FROM named WHERE named.vector = vectors.key) AND EXISTS (SELECT 1 FROM nodes WHERE nodes.key = vectors.key)`

/** Of the table `named`: neither the node nor its vector is there. */
export const namedWithoutNode = `
  NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.key = named.node)
  AND NOT EXISTS (SELECT 1 FROM vectors WHERE vectors.key = named.vector)`

/** What the vector store keeps beside each vector: the document, and the metadata to filter by. */
function checkDetails(context: CheckContext): void {
  const { facts } = context
  const tables = [
    ['ref-doc-ids', 'ref_doc_ids', 'document'],
    ['vector-metadata', 'vector_metadata', 'metadata'],
  ] as const
  for (const [role, table, what] of tables) {
    for (const section of facts.ofRole(role)) {
      const embeddings = facts.ofRole('embeddings').find(({ file }) => file === section.file)
      // Folders of old versions have none at all.
      if (!embeddings || facts.number(`SELECT count(*) FROM ${table} WHERE section = ?`, section.id) === 0)
        continue
      const missing = facts.rows(
        `SELECT key FROM vectors WHERE section = ? AND EXISTS (SELECT 1 FROM nodes WHERE nodes.key = vectors.key)
         AND NOT EXISTS (SELECT 1 FROM ${table} AS other WHERE other.section = ? AND other.key = vectors.key) ORDER BY key`,
        embeddings.id,
        section.id,
      )
      for (const { key } of missing)
        addAt(
          context,
          { section: section.id, key },
          {
            code: 'vector-details-missing',
            message: `The vector store does not say which ${what} the vector of ${shown(key)} belongs to.`,
            repairable: true,
          },
        )
      const without = facts.rows(
        `SELECT key FROM ${table} AS other WHERE section = ?
         AND NOT EXISTS (SELECT 1 FROM vectors WHERE vectors.section = ? AND vectors.key = other.key) ORDER BY key`,
        section.id,
        embeddings.id,
      )
      for (const { key } of without)
        addAt(
          context,
          { section: section.id, key },
          {
            code: 'vector-details-without-vector',
            message: `The vector store keeps the ${what} of ${shown(key)}, but no vector.`,
            repairable: true,
          },
        )
    }
  }
}
