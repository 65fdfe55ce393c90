/** Indexes with their vectors in PostgreSQL, and its tables by their addresses, on the command line as its own process. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  folderInfoSchema,
  ingestReportSchema,
  refreshReportSchema,
  searchAnswerSchema,
  storeInspectionSchema,
} from '#contract'
import { CommandLine } from '../integration/run-command.ts'
import { startWholePostgres, type WholePostgres } from './whole-postgres.ts'

let server: WholePostgres
let address: string
let folder: string
let command: CommandLine

beforeAll(async () => {
  server = await startWholePostgres('secret')
  address = `postgres://postgres@127.0.0.1:${server.port}/postgres`
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-cli-pgvector-'))
  command = new CommandLine(folder, { PGPASSWORD: server.password })
  await mkdir(join(folder, 'documents'))
  await write('tea.txt', 'Green tea is steeped at eighty degrees.')
  await write('sea.txt', 'The tide comes in twice a day.')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function write(name: string, content: string): Promise<void> {
  return writeFile(join(folder, 'documents', name), content)
}

async function json(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await command.run(...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

test('files are indexed into a table, searched, refreshed, and the table is listed and searched by its address', async () => {
  const indexing = ['index', 'documents', '--to', 'storage', '--store', address, '--collection', 'notes']
  expect(ingestReportSchema.parse(await json(...indexing))).toMatchObject({ documents: 2, nodes: 2 })
  const [hit] = searchAnswerSchema.parse(await json('search', 'storage', 'steeping green tea')).hits
  expect(hit).toMatchObject({ source: join(folder, 'documents/tea.txt') })
  await write('tea.txt', 'Black tea is steeped with boiling water.')
  await write('owls.txt', 'Owls hunt at night.')
  expect(refreshReportSchema.parse(await json('refresh', 'storage'))).toMatchObject({ added: 1, changed: 1 })
  // The only table in the database is the one that is meant.
  expect(folderInfoSchema.parse(await json('info', address))).toMatchObject({
    ...{ kind: 'vector-store', documents: 3, nodes: 3, dimensions: 384, maker: 'llamaindex' },
    ...{ modelVerdict: 'verified', vectorStore: { kind: 'pgvector', collection: 'notes' } },
  })
  await json('index', 'documents', '--to', 'other', '--store', address, '--collection', 'more')
  const { collections } = storeInspectionSchema.parse(await json('info', address))
  expect(collections.map(({ name, database, records }) => ({ name, database, records }))).toEqual([
    { name: 'more', database: 'public', records: 3 },
    { name: 'notes', database: 'public', records: 3 },
  ])
  const table = collections[1]?.address ?? ''
  const [owl] = searchAnswerSchema.parse(await json('search', table, 'when do owls hunt')).hits
  expect(owl).toMatchObject({ source: join(folder, 'documents/owls.txt') })
})

test('a wrong password, a server that does not run and a password in the address are refused in sentences', async () => {
  const wrong = new CommandLine(folder, { PGPASSWORD: 'guess' })
  expect((await wrong.run('search', `${address}?collection=notes`, 'tea')).stderr).toMatch(/does not accept/)
  const own = new CommandLine(folder, {
    PGPASSWORD: 'guess',
    [`PGPASSWORD_127_0_0_1_${server.port}`]: 'secret',
  })
  expect((await own.run('info', address)).stderr).not.toMatch(/does not accept/)
  const nobody = 'postgres://postgres@127.0.0.1:9/postgres?collection=notes'
  expect((await command.run('search', nobody, 'tea')).stderr).toMatch(/does not answer at 127.0.0.1:9/)
  const told = `postgres://postgres:secret@127.0.0.1:${server.port}/postgres`
  expect((await command.run('info', told)).stderr).toMatch(/never has a password/)
})
