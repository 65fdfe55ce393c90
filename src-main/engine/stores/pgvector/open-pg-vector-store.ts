/** Opens tables of PostgreSQL as vector stores, and says which there are. */
import type { StoreCallOptions } from '../vector-store.ts'
import { noSuchCollection } from '../remote-errors.ts'
import { listPgvectorTables, type ListedTable } from './list-tables.ts'
import { PGVectorStore } from './pg-vector-store.ts'
import { parsePostgresAddress } from './postgres-address.ts'
import { PostgresConnections } from './postgres-connections.ts'
import { readTableShape, tableName, type NewTableSettings } from './table-schema.ts'

export interface PgvectorSecrets {
  /** Instead of the one in the address, PGPASSWORD and ~/.pgpass. */
  readonly password?: string | undefined
  /** Before each further try of a call that lost its connection. Omitted: as long as a server takes to restart. */
  readonly waitsMs?: readonly number[] | undefined
}

export interface OpenPgvectorOptions extends PgvectorSecrets {
  /** LlamaIndex's `table_name` and `schema_name`. Omitted: those of the address (`?table=…&schema=…`), else its defaults. */
  readonly table?: string | undefined
  readonly schema?: string | undefined
  /** Omitted: the table must exist. */
  readonly create?: NewTableSettings | undefined
}

/** Throws `not-found`, `server-down`, `wrong-key`, `unsupported-format`, `invalid-input`. Closing the store ends its connections. */
export async function openPgvectorStore(
  address: string,
  { table, schema, create, ...secrets }: OpenPgvectorOptions = {},
  { signal }: StoreCallOptions = {},
): Promise<PGVectorStore> {
  const parsed = parsePostgresAddress(address)
  const name = tableName({ name: table ?? parsed.table, schema: schema ?? parsed.schema })
  const connections = new PostgresConnections({ address: parsed, ...secrets })
  try {
    const shape = await connections.read((statements) => readTableShape(statements, name), signal)
    if (!shape && !create) throw noSuchCollection('table', `data_${name.name}`, connections.place)
    return new PGVectorStore({ connections, table: name, shape, create: create ?? {} })
  } catch (error) {
    await connections.close()
    throw error
  }
}

export async function listPgvectorCollections(
  address: string,
  secrets: PgvectorSecrets = {},
  options: StoreCallOptions = {},
): Promise<ListedTable[]> {
  await using connections = new PostgresConnections({ address: parsePostgresAddress(address), ...secrets })
  return await listPgvectorTables(connections, options)
}
