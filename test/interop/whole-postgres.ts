/** A whole PostgreSQL server with pgvector, out of a Python package. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

export const python =
  process.env.STACKROOM_PYTHON ?? join(resolve(import.meta.dirname, '../..'), '.venv/bin/python')

export interface WholePostgres extends AsyncDisposable {
  readonly home: string
  readonly port: string
  readonly password: string
}

export async function startWholePostgres(password: string): Promise<WholePostgres> {
  const home = await mkdtemp(join(tmpdir(), 'stackroom-postgres-'))
  const script = join(import.meta.dirname, 'postgres_server.py')
  const server = spawn(python, [script, home, password], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(server, 'exit')
  const ready = once(createInterface(server.stdout), 'line')
  const port = await Promise.race([ready.then(String), ended.then(() => null)])
  if (port === null) throw new Error('PostgreSQL did not start.')
  return {
    home,
    port,
    password,
    async [Symbol.asyncDispose]() {
      server.stdin.end()
      await ended
      await rm(home, { recursive: true, force: true })
    },
  }
}
