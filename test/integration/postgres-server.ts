/** A PostgreSQL with pgvector in this process, behind a port: PGlite is the real server's code, compiled to WebAssembly. */
import { createServer } from 'node:net'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

export interface PostgresServer extends AsyncDisposable {
  readonly port: number
  /** Of its database. */
  readonly address: string
  readonly database: PGlite
}

export async function startPostgres(): Promise<PostgresServer> {
  const database = await PGlite.create({ extensions: { vector } })
  const port = await freePort()
  const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port, maxConnections: 20 })
  await server.start()
  return {
    port,
    address: `postgres://postgres@127.0.0.1:${port}/postgres`,
    database,
    async [Symbol.asyncDispose]() {
      await server.stop()
      await database.close()
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('There is no port.')
  return address.port
}
