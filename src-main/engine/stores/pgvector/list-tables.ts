/** What there is to open in a database: the tables that LlamaIndex's PGVectorStore made, of all schemas. */
import { z } from 'zod'
import type { StoreCallOptions, VectorMetric } from '../vector-store.ts'
import type { PostgresConnections } from './postgres-connections.ts'
import { qualified, readTableShape, type TableName } from './table-schema.ts'

export interface ListedTable extends TableName {
  readonly records: number
  readonly dimension: number | null
  readonly metric: VectorMetric
  /** Whether questions can be answered by words, too. */
  readonly textSearch: boolean
}

const foundSchema = z.object({ schema: z.string(), name: z.string() })
const countSchema = z.object({ count: z.coerce.number() })

export function listPgvectorTables(
  connections: PostgresConnections,
  { signal }: StoreCallOptions = {},
): Promise<ListedTable[]> {
  return connections.read(async (statements) => {
    const rows = await statements.run(
      `SELECT n.nspname AS schema, substr(c.relname, 6) AS name
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND c.relname LIKE 'data\\_%' AND has_table_privilege(c.oid, 'SELECT')
         AND 4 = (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND (
           a.attname IN ('text', 'node_id')
           OR a.attname = 'metadata_' AND a.atttypid IN ('json'::regtype, 'jsonb'::regtype)
           OR a.attname = 'embedding' AND format_type(a.atttypid, NULL) ~ '(^|\\.)(vector|halfvec)$'))
       ORDER BY 1, 2`,
    )
    const listed: ListedTable[] = []
    for (const row of rows) {
      const table = foundSchema.parse(row)
      const shape = await readTableShape(statements, table)
      if (!shape) continue
      const [counted] = await statements.run(`SELECT count(*) AS count FROM ${qualified(table)}`)
      listed.push({
        ...table,
        records: countSchema.parse(counted).count,
        dimension: shape.dimensions,
        metric: 'cosine',
        textSearch: shape.textSearch !== null,
      })
    }
    return listed
  }, signal)
}
