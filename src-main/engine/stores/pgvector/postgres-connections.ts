/** A few connections to one PostgreSQL database, kept open between calls. Work that a lost connection interrupts is done again. */
import { Pool, type PoolClient } from 'pg'
import { abortable } from '#platform/abortable.ts'
import { retrying } from '../retry.ts'
import type { RemotePlace } from '../remote-errors.ts'
import { explainPostgresError, isLostConnection } from './postgres-errors.ts'
import { shownAddress, type PostgresAddress } from './postgres-address.ts'

const defaultConnections = 4
const connectTimeMs = 10_000
const idleTimeMs = 30_000

/** As PostgreSQL gives it, parsed by whoever asks. */
export type Row = Readonly<Record<string, unknown>>

export interface Statements {
  run(sql: string, values?: readonly unknown[]): Promise<Row[]>
}

export interface PostgresConnectionsOptions {
  readonly address: PostgresAddress
  /** Instead of the one in the address. */
  readonly password?: string | undefined
  readonly waitsMs?: readonly number[] | undefined
  /** At most, at a time. */
  readonly connections?: number | undefined
}

export class PostgresConnections implements AsyncDisposable {
  readonly place: RemotePlace
  readonly #pool: Pool
  readonly #waitsMs: readonly number[] | undefined

  constructor({ address, password, waitsMs, connections = defaultConnections }: PostgresConnectionsOptions) {
    const { host, port, user, database, tls } = address
    const secret = password ?? address.password
    this.place = { name: 'PostgreSQL', address: shownAddress(address) }
    this.#waitsMs = waitsMs
    this.#pool = new Pool({
      host,
      port,
      ...(user !== undefined && { user }),
      ...(database !== undefined && { database }),
      ...(secret !== undefined && { password: secret }),
      ssl: tls,
      max: connections,
      connectionTimeoutMillis: connectTimeMs,
      idleTimeoutMillis: idleTimeMs,
      keepAlive: true,
      application_name: 'stackroom',
    })
    // A connection that ends while nobody uses it is replaced by the next call; without a listener it would end the process.
    this.#pool.on('error', () => undefined)
  }

  read<Value>(work: (statements: Statements) => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    return this.#again((client) => work(statementsOf(client)), signal)
  }

  /** Done again as a whole when the connection is lost, even while it is committed: `work` must not mind that. */
  transaction<Value>(work: (statements: Statements) => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    return this.#again(async (client) => {
      await client.query('BEGIN')
      try {
        const value = await work(statementsOf(client))
        signal?.throwIfAborted()
        await client.query('COMMIT')
        return value
      } catch (error) {
        // A connection that was lost has rolled back by itself.
        await client.query('ROLLBACK').catch(() => undefined)
        throw error
      }
    }, signal)
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #again<Value>(work: (client: PoolClient) => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    try {
      return await retrying(() => this.#once(work, signal), {
        signal,
        isTransient: isLostConnection,
        waitsMs: this.#waitsMs,
      })
    } catch (error) {
      signal?.throwIfAborted()
      throw explainPostgresError(error, this.place)
    }
  }

  async #connect(signal?: AbortSignal): Promise<PoolClient> {
    const connecting = this.#pool.connect()
    try {
      return await abortable(connecting, signal)
    } catch (error) {
      void connecting.then(
        (client) => client.release(),
        () => undefined,
      )
      throw error
    }
  }

  async #once<Value>(work: (client: PoolClient) => Promise<Value>, signal?: AbortSignal): Promise<Value> {
    const client = await this.#connect(signal)
    let problem: Error | undefined
    const fail = (error: Error): void => {
      problem ??= error
    }
    client.on('error', fail)
    // The server rolls back what a closed connection had begun.
    const abort = (): void => void client.connection.stream.destroy()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      signal?.throwIfAborted()
      return await work(client)
    } catch (error) {
      if (isLostConnection(error) || signal?.aborted)
        fail(error instanceof Error ? error : new Error(String(error)))
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
      client.off('error', fail)
      client.release(problem)
    }
  }
}

function statementsOf(client: PoolClient): Statements {
  return { run: async (sql, values = []) => (await client.query<Row>(sql, [...values])).rows }
}
