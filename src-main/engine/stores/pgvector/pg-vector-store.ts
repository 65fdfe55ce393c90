/**
 * A table of PostgreSQL with pgvector as a vector store: LlamaIndex's PGVectorStore, with the same table and the same rows. Other
 * than there, a node whose id is there is replaced (LlamaIndex adds it a second time), and every filter means what it means in
 * LlamaIndex's SimpleVectorStore.
 */
import { z } from 'zod'
import { StackroomError } from '#contract'
import { checkDeletion, checkQuery, checkVectors } from '../check-calls.ts'
import { refDocIdOf } from '../metadata-dict.ts'
import { hasFilter, matchesFilters } from '../metadata-filters.ts'
import { mmrOrder } from '../mmr.ts'
import type {
  GetRequest,
  NodeSelection,
  NodeWithVector,
  StoreCallOptions,
  StoreEntry,
  VectorMetric,
  VectorStore,
  VectorStoreCapabilities,
  VectorStoreHit,
  VectorStoreQuery,
} from '../vector-store.ts'
import { listPgvectorTables } from './list-tables.ts'
import type { PostgresConnections, Row, Statements } from './postgres-connections.ts'
import { filtersSql, nativeOperators } from './postgres-filters.ts'
import {
  entryOf,
  filterMetadata,
  requireStorableId,
  rowBatches,
  vectorText,
  type NewRow,
} from './postgres-rows.ts'
import {
  createTable,
  lockTable,
  qualified,
  readTableShape,
  type NewTableSettings,
  type TableName,
  type TableShape,
} from './table-schema.ts'
import { textSearchQuery } from './text-search-query.ts'

/** LlamaIndex's DEFAULT_MMR_PREFETCH_FACTOR. */
const mmrPrefetch = 4
/** pgvector's limit of `hnsw.ef_search`. */
const mostCandidates = 1000
const fewestCandidates = 100
/** Rows whose metadata are looked at together, where PostgreSQL cannot evaluate a filter. */
const pageSize = 1000

const distanceSchema = z.object({ distance: z.number().nullable() })
const rankSchema = z.object({ rank: z.number() })
const countSchema = z.object({ count: z.coerce.number() })

const entryColumns = 'node_id, text, metadata_::text AS metadata_'
const withVector = `${entryColumns}, embedding::text AS embedding`

export interface PGVectorStoreOptions {
  /** Closed with the store. */
  readonly connections: PostgresConnections
  readonly table: TableName
  /** Null: the table is made when the first nodes say how long vectors are. */
  readonly shape: TableShape | null
  readonly create: NewTableSettings
}

/** A condition and the values that it names. */
interface Where {
  readonly sql: string
  readonly values: readonly unknown[]
}

export class PGVectorStore implements VectorStore {
  readonly kind = 'pgvector'
  /** LlamaIndex ranks by it whatever the index of the table is. */
  readonly metric: VectorMetric = 'cosine'
  readonly #connections: PostgresConnections
  readonly #table: TableName
  readonly #create: NewTableSettings
  #shape: TableShape | null

  constructor({ connections, table, shape, create }: PGVectorStoreOptions) {
    this.#connections = connections
    this.#table = table
    this.#shape = shape
    this.#create = create
  }

  /** Whether the table was there when this was last looked at. */
  get isThere(): boolean {
    return this.#shape !== null
  }

  get capabilities(): VectorStoreCapabilities {
    const textSearch = this.#shape ? this.#shape.textSearch !== null : this.#create.textSearch !== undefined
    return {
      queryModes: textSearch ? ['default', 'mmr', 'text_search', 'hybrid'] : ['default', 'mmr'],
      nativeOperators,
      storesText: true,
      approximate: this.#shape ? this.#shape.approximate : this.#create.hnsw !== undefined,
      shared: true,
    }
  }

  async add(nodes: readonly NodeWithVector[], { signal }: StoreCallOptions = {}): Promise<void> {
    const dimensions = checkVectors(nodes, await this.dimensions({ signal }))
    if (dimensions === null) return
    for (const { node } of nodes) requireStorableId(refDocIdOf(node) ?? '')
    // Nodes that are there are replaced, so that a transaction whose end was not heard of can be done again.
    const shape = await this.#connections.transaction(async (statements) => {
      await lockTable(statements, this.#table)
      const shape = await this.#ensureTable(statements, dimensions)
      for (const batch of rowBatches(nodes)) await this.#replace(statements, batch, shape)
      return shape
    }, signal)
    this.#shape = shape
  }

  async #ensureTable(statements: Statements, dimensions: number): Promise<TableShape> {
    const shape = await readTableShape(statements, this.#table)
    if (shape) return shape
    await createTable(statements, this.#table, dimensions, this.#create)
    const made = await readTableShape(statements, this.#table)
    if (!made) throw new StackroomError('internal', 'A table that was made is not there.')
    return made
  }

  async #replace(
    statements: Statements,
    rows: readonly NewRow[],
    { jsonb, vectorType }: TableShape,
  ): Promise<void> {
    const ids = rows.map(({ nodeId }) => nodeId)
    await statements.run(`DELETE FROM ${this.#from} WHERE node_id = ANY($1::text[])`, [ids])
    await statements.run(
      `INSERT INTO ${this.#from} (text, metadata_, node_id, embedding)
       SELECT text, metadata_::${jsonb ? 'jsonb' : 'json'}, node_id, embedding::${vectorType}
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
         WITH ORDINALITY AS new (text, metadata_, node_id, embedding, place)
       ORDER BY place`,
      [
        rows.map(({ text }) => text),
        rows.map(({ metadata }) => metadata),
        ids,
        rows.map(({ embedding }) => embedding),
      ],
    )
  }

  async delete(refDocId: string, { signal }: StoreCallOptions = {}): Promise<void> {
    requireStorableId(refDocId)
    if (!(await this.#exists(signal))) return
    await this.#connections.transaction(
      (statements) =>
        statements.run(`DELETE FROM ${this.#from} WHERE metadata_ ->> 'ref_doc_id' = $1`, [refDocId]),
      signal,
    )
  }

  async deleteNodes(selection: NodeSelection, { signal }: StoreCallOptions = {}): Promise<void> {
    checkDeletion(selection)
    if (!(await this.#exists(signal))) return
    const { sql, values } = await this.#where(selection, [], signal)
    // One of several groups is empty: it matches everything.
    if (sql === 'TRUE')
      throw new StackroomError('invalid-input', 'The filters say that all nodes are to be deleted.')
    await this.#connections.transaction(
      (statements) => statements.run(`DELETE FROM ${this.#from} WHERE ${sql}`, values),
      signal,
    )
  }

  async get(request: GetRequest, { signal }: StoreCallOptions = {}): Promise<StoreEntry[]> {
    if (!(await this.#exists(signal))) return []
    const { nodeIds, offset = 0, limit, vectors = false, contents = false } = request
    const { sql, values } = await this.#where(request, [], signal)
    const columns = vectors ? withVector : entryColumns
    // With ids the order is theirs, and the page is cut of that.
    const page = nodeIds
      ? ''
      : `LIMIT ${limit === undefined ? 'ALL' : Math.trunc(limit)} OFFSET ${Math.trunc(offset)}`
    const rows = await this.#rows(
      `SELECT ${columns} FROM ${this.#from} WHERE ${sql} ORDER BY id ${page}`,
      values,
      signal,
    )
    const entries = rows.map((row) => entryOf(row, contents))
    if (!nodeIds) return entries
    const found = new Map(entries.map((entry) => [entry.nodeId, entry]))
    const ordered = [...new Set(nodeIds)].flatMap((id) => found.get(id) ?? [])
    return ordered.slice(offset, limit === undefined ? undefined : offset + limit)
  }

  async query(query: VectorStoreQuery, { signal }: StoreCallOptions = {}): Promise<VectorStoreHit[]> {
    const { vector, topK, mode = 'default' } = query
    if (!this.capabilities.queryModes.includes(mode))
      throw new StackroomError(
        'invalid-input',
        `This table of PostgreSQL has no queries of the mode ${mode}.`,
      )
    checkQuery(query, await this.dimensions({ signal }))
    if (!(await this.#exists(signal))) return []
    if (mode === 'text_search') return this.#search(query, signal)
    if (mode === 'mmr') {
      const found = await this.#nearest(query, topK * mmrPrefetch, withVector, signal)
      const vectors = found.map((row) => entryOf(row).vector ?? new Float32Array(vector.length))
      return mmrOrder(vector, vectors, topK, query.mmrThreshold).map((index) => hitOf(found[index]!))
    }
    const hits = (await this.#nearest(query, topK, entryColumns, signal)).map(hitOf)
    if (mode === 'default') return hits
    const known = new Set(hits.map(({ nodeId }) => nodeId))
    return [...hits, ...(await this.#search(query, signal)).filter(({ nodeId }) => !known.has(nodeId))]
  }

  async count({ signal }: StoreCallOptions = {}): Promise<number> {
    if (!(await this.#exists(signal))) return 0
    const [row] = await this.#rows(`SELECT count(*) AS count FROM ${this.#from}`, [], signal)
    return countSchema.parse(row).count
  }

  async countDocuments({ signal }: StoreCallOptions = {}): Promise<number> {
    if (!(await this.#exists(signal))) return 0
    const sql = `SELECT count(DISTINCT metadata_ ->> 'ref_doc_id') AS count FROM ${this.#from}`
    const [row] = await this.#rows(sql, [], signal)
    return countSchema.parse(row).count
  }

  /** Takes the table away with all that is in it. */
  async drop(): Promise<void> {
    await this.#connections.transaction((statements) => statements.run(`DROP TABLE IF EXISTS ${this.#from}`))
    this.#shape = null
  }

  async dimensions({ signal }: StoreCallOptions = {}): Promise<number | null> {
    if (!(await this.#exists(signal))) return null
    if (this.#shape?.dimensions !== null) return this.#shape?.dimensions ?? null
    // A column of vectors of any length: the first one decides.
    const sql = `SELECT vector_dims(embedding) AS count FROM ${this.#from} WHERE embedding IS NOT NULL LIMIT 1`
    const [row] = await this.#rows(sql, [], signal)
    return row ? countSchema.parse(row).count : null
  }

  async listNamespaces({ signal }: StoreCallOptions = {}): Promise<string[]> {
    return (await listPgvectorTables(this.#connections, { signal })).map(({ name }) => name)
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get #from(): string {
    return qualified(this.#table)
  }

  #rows(sql: string, values: readonly unknown[], signal?: AbortSignal): Promise<Row[]> {
    return this.#connections.read((statements) => statements.run(sql, values), signal)
  }

  /** A table that was not there may have been made by somebody else since. */
  async #exists(signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted()
    this.#shape ??= await this.#connections.read(
      (statements) => readTableShape(statements, this.#table),
      signal,
    )
    return this.#shape !== null
  }

  /** Rows with their `distance`, nearest first. */
  async #nearest(
    query: VectorStoreQuery,
    topK: number,
    columns: string,
    signal?: AbortSignal,
  ): Promise<Row[]> {
    const { sql, values } = await this.#where(query, [vectorText(query.vector)], signal)
    const vectorType = this.#shape?.vectorType ?? 'vector'
    const statement = `SELECT ${columns}, embedding <=> $1::${vectorType} AS distance FROM ${this.#from}
      WHERE embedding IS NOT NULL AND ${sql} ORDER BY embedding <=> $1::${vectorType} LIMIT ${topK}`
    if (!this.#shape?.approximate) return this.#rows(statement, values, signal)
    return this.#connections.transaction(async (statements) => {
      // An index finds its candidates first and drops those that do not match then: too few may be left.
      if (sql !== 'TRUE' || topK > mostCandidates) await statements.run('SET LOCAL enable_indexscan = off')
      else await statements.run(`SET LOCAL hnsw.ef_search = ${Math.max(topK, fewestCandidates)}`)
      return statements.run(statement, values)
    }, signal)
  }

  /** `_sparse_query_with_rank` */
  async #search(query: VectorStoreQuery, signal?: AbortSignal): Promise<VectorStoreHit[]> {
    if (query.text === undefined)
      throw new StackroomError('invalid-input', 'A search for words needs the words of the question.')
    const words = textSearchQuery(query.text)
    if (words === '') return []
    const { sql, values } = await this.#where(query, [this.#shape?.textSearch, words], signal)
    const rows = await this.#rows(
      `SELECT ${entryColumns}, ts_rank(text_search_tsv, to_tsquery($1::regconfig, $2)) AS rank FROM ${this.#from}
       WHERE text_search_tsv @@ to_tsquery($1::regconfig, $2) AND ${sql} ORDER BY rank DESC LIMIT ${query.topK}`,
      values,
      signal,
    )
    return rows.map((row) => {
      const { nodeId, node } = entryOf(row)
      return { nodeId, node, score: rankSchema.parse(row).rank }
    })
  }

  /** `TRUE`: everything. */
  async #where(
    { nodeIds, filters }: NodeSelection,
    before: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<Where> {
    const values = [...before]
    const parameter = (value: unknown): string => `$${values.push(value)}`
    const conditions = nodeIds ? [`node_id = ANY(${parameter([...new Set(nodeIds)])}::text[])`] : []
    if (filters && hasFilter(filters)) {
      const given = values.length
      const sql = filtersSql(filters, parameter)
      if (sql === null) {
        values.length = given
        const ids = await this.#matching({ nodeIds, filters }, signal)
        return { sql: `node_id = ANY(${parameter(ids)}::text[])`, values }
      }
      conditions.push(`(${sql})`)
    }
    return { sql: conditions.length === 0 ? 'TRUE' : conditions.join(' AND '), values }
  }

  /** Ids of the nodes that match filters which PostgreSQL cannot evaluate. */
  async #matching({ nodeIds, filters }: NodeSelection, signal?: AbortSignal): Promise<string[]> {
    const ids: string[] = []
    const chosen = nodeIds && new Set(nodeIds)
    for (let after = '0', isDone = false; !isDone;) {
      const rows = await this.#rows(
        `SELECT id::text AS id, node_id, metadata_::text AS metadata_ FROM ${this.#from} WHERE id > $1 ORDER BY id LIMIT ${pageSize}`,
        [after],
        signal,
      )
      for (const row of rows) {
        after = String(row['id'])
        const id = String(row['node_id'])
        if ((!chosen || chosen.has(id)) && filters && matchesFilters(filterMetadata(row), filters))
          ids.push(id)
      }
      isDone = rows.length < pageSize
    }
    return ids
  }
}

function hitOf(row: Row): VectorStoreHit {
  const { nodeId, node } = entryOf(row)
  const { distance } = distanceSchema.parse(row)
  return { nodeId, node, score: distance === null ? 0 : 1 - distance }
}
