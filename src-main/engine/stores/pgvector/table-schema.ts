/**
 * The table of one index, as LlamaIndex's PGVectorStore (llama-index-vector-stores-postgres 0.9) makes it through SQLAlchemy:
 * `data_<name>` with its columns and indexes, and what is known of one that is there.
 */
import { z } from 'zod'
import { StackroomError } from '#contract'
import type { Statements } from './postgres-connections.ts'

export interface TableName {
  readonly schema: string
  /** Without `data_`: what LlamaIndex calls `table_name`. */
  readonly name: string
}

/** `hnsw_kwargs`: without them search compares with every row, exactly. */
export interface HnswSettings {
  readonly m: number
  readonly efConstruction: number
}

/** LlamaIndex's keywords of PGVectorStore. */
export interface NewTableSettings {
  /** `use_jsonb` */
  readonly jsonb?: boolean | undefined
  /** `use_halfvec` */
  readonly halfvec?: boolean | undefined
  /** `hnsw_kwargs` */
  readonly hnsw?: HnswSettings | undefined
  /** `hybrid_search`, with a `text_search_config`. */
  readonly textSearch?: string | undefined
}

/** What the columns and indexes of a table are. */
export interface TableShape {
  readonly dimensions: number | null
  readonly jsonb: boolean
  readonly vectorType: 'vector' | 'halfvec'
  /** `text_search_config`; null: no column for hybrid search. */
  readonly textSearch: string | null
  /** Whether search goes through an index that may miss rows. */
  readonly approximate: boolean
}

export const defaultTable: TableName = { schema: 'public', name: 'llamaindex' }

/** As LlamaIndex: in small letters. Throws `invalid-input` for what PostgreSQL or LlamaIndex would not take. */
export function tableName({ schema, name }: Partial<TableName>): TableName {
  const named = {
    schema: (schema ?? defaultTable.schema).toLowerCase(),
    name: (name ?? defaultTable.name).toLowerCase(),
  }
  if (!/^[a-z_][a-z0-9_]*$/.test(named.schema)) throw badName('schema', named.schema)
  // PostgreSQL cuts names after 63 bytes; an index of the table is called `data_<name>_embedding_idx`.
  if (named.name === '' || named.name.includes('\0') || Buffer.byteLength(named.name) > 44)
    throw badName('table', named.name)
  return named
}

function badName(what: string, name: string): StackroomError {
  return new StackroomError('invalid-input', `“${name.slice(0, 100)}” is no name for a ${what} of vectors.`, {
    hint: 'Use small letters, digits and underscores, at most 44.',
  })
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** For statements: `"public"."data_llamaindex"`. */
export function qualified({ schema, name }: TableName): string {
  return `${quoted(schema)}.${quoted(`data_${name}`)}`
}

/** Holds off others that make or fill the same table, until the transaction ends. */
export async function lockTable(statements: Statements, table: TableName): Promise<void> {
  await statements.run('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `stackroom ${qualified(table)}`,
  ])
}

/** In a transaction that holds the lock. Does nothing to a table that is there. */
export async function createTable(
  statements: Statements,
  table: TableName,
  dimensions: number,
  { jsonb = false, halfvec = false, hnsw, textSearch }: NewTableSettings,
): Promise<void> {
  const place = qualified(table)
  const index = (suffix: string): string => quoted(`${table.name}_idx${suffix}`)
  const searchable =
    textSearch === undefined
      ? ''
      : `text_search_tsv TSVECTOR GENERATED ALWAYS AS (to_tsvector(${literal(textSearch)}, text)) STORED,`
  await statements.run(`CREATE SCHEMA IF NOT EXISTS ${quoted(table.schema)}`)
  await statements.run('CREATE EXTENSION IF NOT EXISTS vector')
  await statements.run(`CREATE TABLE ${place} (
    id BIGSERIAL NOT NULL,
    text VARCHAR NOT NULL,
    metadata_ ${jsonb ? 'JSONB' : 'JSON'},
    node_id VARCHAR,
    embedding ${halfvec ? 'HALFVEC' : 'VECTOR'}(${dimensions}),
    ${searchable}
    PRIMARY KEY (id)
  )`)
  if (textSearch !== undefined)
    await statements.run(`CREATE INDEX ${index('')} ON ${place} USING gin (text_search_tsv)`)
  await statements.run(`CREATE INDEX ${index('_1')} ON ${place} USING btree ((metadata_ ->> 'ref_doc_id'))`)
  // LlamaIndex has none: it looks for a node by reading the whole table.
  await statements.run(`CREATE INDEX ${index('_node_id')} ON ${place} USING btree (node_id)`)
  if (hnsw)
    await statements.run(
      `CREATE INDEX ${quoted(`data_${table.name}_embedding_idx`)} ON ${place}
       USING hnsw (embedding ${halfvec ? 'halfvec_l2_ops' : 'vector_cosine_ops'})
       WITH (m = ${Math.trunc(hnsw.m)}, ef_construction = ${Math.trunc(hnsw.efConstruction)})`,
    )
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

const columnSchema = z.object({ name: z.string(), type: z.string(), generated: z.string().nullable() })

/** Null: there is no such table. Throws `unsupported-format` for a table that is not LlamaIndex's. */
export async function readTableShape(statements: Statements, table: TableName): Promise<TableShape | null> {
  const rows = await statements.run(
    `SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, pg_get_expr(d.adbin, d.adrelid) AS generated
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.attgenerated = 's'
     WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
    [qualified(table)],
  )
  if (rows.length === 0) return null
  const columns = new Map(rows.map((row) => columnSchema.parse(row)).map((column) => [column.name, column]))
  const embedding = /^(?:\w+\.)?(vector|halfvec)(?:\((\d+)\))?$/.exec(columns.get('embedding')?.type ?? '')
  const metadata = columns.get('metadata_')?.type
  if (
    !embedding ||
    !['json', 'jsonb'].includes(metadata ?? '') ||
    !columns.has('node_id') ||
    !columns.has('text')
  )
    throw new StackroomError(
      'unsupported-format',
      `The table data_${table.name} is not one that LlamaIndex made.`,
      {
        hint: 'Choose another table.',
      },
    )
  const approximate = await statements.run(
    `SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
     WHERE i.indrelid = to_regclass($1) AND m.amname IN ('hnsw', 'ivfflat')`,
    [qualified(table)],
  )
  return {
    dimensions: embedding[2] === undefined ? null : Number(embedding[2]),
    jsonb: metadata === 'jsonb',
    vectorType: embedding[1] === 'halfvec' ? 'halfvec' : 'vector',
    textSearch: textSearchOf(columns.get('text_search_tsv')?.generated),
    approximate: approximate.length > 0,
  }
}

/** Of `to_tsvector('english'::regconfig, (text)::text)`. */
function textSearchOf(generated: string | null | undefined): string | null {
  return /to_tsvector\('((?:[^']|'')+)'/.exec(generated ?? '')?.[1]?.replaceAll("''", "'") ?? null
}
