/**
 * The conformance suite against a real PostgreSQL with pgvector, over its port. PGlite can work for one connection at a time only;
 * the same suite runs against a whole server in test/interop/pgvector-store.test.ts.
 */
import { parsePostgresAddress } from '#engine/stores/pgvector/postgres-address.ts'
import { PostgresConnections } from '#engine/stores/pgvector/postgres-connections.ts'
import { PGVectorStore } from '#engine/stores/pgvector/pg-vector-store.ts'
import { tableName, type NewTableSettings } from '#engine/stores/pgvector/table-schema.ts'
import { startPostgres } from './postgres-server.ts'
import { conformsToVectorStore, type StoreHarness } from './store-conformance.ts'

async function postgres(create: NewTableSettings): Promise<StoreHarness> {
  const server = await startPostgres()
  const connections = new PostgresConnections({
    address: parsePostgresAddress(server.address),
    connections: 1,
  })
  let number = 0
  const open = (): Promise<PGVectorStore> => {
    const table = tableName({ name: `table_${number}` })
    return Promise.resolve(new PGVectorStore({ connections, table, shape: null, create }))
  }
  return {
    empty() {
      number++
      return open()
    },
    again: open,
    async [Symbol.asyncDispose]() {
      await connections.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

conformsToVectorStore('PGVector', () => postgres({}))
conformsToVectorStore('PGVector with an HNSW index, jsonb and text search', () =>
  postgres({ jsonb: true, textSearch: 'english', hnsw: { m: 16, efConstruction: 64 } }),
)
