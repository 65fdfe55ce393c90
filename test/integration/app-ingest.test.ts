/** Sources of a knowledge base through the app: refresh, deleted files, retry, pause, report, rules, watching, a quit in between. */
import { mkdir, mkdtemp, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type {
  CommandInput,
  CommandName,
  CommandOutput,
  EventName,
  EventPayload,
  Job,
  KnowledgeBase,
  ParsedInput,
} from '#contract'
import { commands, sourceSettingsSchema } from '#contract'
import { createApplication, type Application } from '#app/application.ts'

const root = resolve(import.meta.dirname, '../..')

let folder: string
let documents: string
let application: Application
let listeners: Set<(name: EventName, payload: EventPayload<EventName>) => void>

function start(): Promise<Application> {
  return createApplication({
    services: { host: 'web' },
    version: '0.0.0',
    dataFolder: join(folder, 'data'),
    resourcesFolder: join(root, 'resources'),
    emit: (name, payload) => listeners.forEach((listener) => listener(name, payload)),
  })
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-app-ingest-'))
  documents = join(folder, 'documents')
  listeners = new Set()
  application = await start()
})

afterEach(async () => {
  await application.close()
  await rm(folder, { recursive: true, force: true })
})

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(documents, name)), { recursive: true })
    await writeFile(join(documents, name), text)
  }
}

async function call<Name extends CommandName>(
  name: Name,
  input: CommandInput<Name>,
): Promise<CommandOutput<Name>> {
  const handler = application.handlers[name] as (
    input: ParsedInput<Name>,
    context: { signal: AbortSignal },
  ) => Promise<CommandOutput<Name>>
  const parsed = commands[name].input.parse(input) as ParsedInput<Name>
  return handler(parsed, { signal: new AbortController().signal })
}

/** The first job for which the condition holds. */
function jobWith(condition: (job: Job) => boolean): Promise<Job> {
  return new Promise((resolve) => {
    const look = (): void => {
      void call('jobs.list', {}).then((jobs) => {
        const job = jobs.find(condition)
        if (!job) return
        listeners.delete(look)
        resolve(job)
      })
    }
    listeners.add(look)
    look()
  })
}

async function ended(started: Job | Promise<Job>): Promise<Job> {
  const { id } = await started
  return jobWith((job) => job.id === id && job.finishedAt !== null)
}

async function index(source: CommandInput<'ingest.start'>['source'] = {}): Promise<KnowledgeBase> {
  const job = await ended(
    call('ingest.start', { paths: [documents], persistDir: join(folder, 'storage'), source }),
  )
  expect(job).toMatchObject({ state: 'done', error: null })
  return theOnlyOne()
}

async function theOnlyOne(): Promise<KnowledgeBase> {
  const [knowledgeBase] = await call('library.list', {})
  return knowledgeBase!
}

const three = {
  'tea.txt': 'Green tea is steeped.',
  'sea.md': 'The tide comes in.',
  'sub/bee.txt': 'Bees dance.',
}

test('a refresh does what changed; deleted files wait for an answer, which can be remembered', async () => {
  await write(three)
  const { id } = await index()
  await write({ 'new.txt': 'A new one.' })
  await unlink(join(documents, 'sea.md'))
  await rename(join(documents, 'tea.txt'), join(documents, 'sub/green.txt'))
  expect(await ended(call('ingest.refresh', { knowledgeBaseId: id }))).toMatchObject({
    state: 'done',
    origin: 'asked',
    report: { added: 1, moved: 1, removed: 0, missing: 1, unchanged: 1, failedFiles: 0 },
  })
  expect(await theOnlyOne()).toMatchObject({ state: 'ready', documents: 4, missingFiles: 1, persisted: true })
  const answered = await ended(
    call('ingest.refresh', { knowledgeBaseId: id, deleted: 'remove', remember: true }),
  )
  expect(answered.report).toMatchObject({ removed: 1, missing: 0 })
  expect(await theOnlyOne()).toMatchObject({ documents: 3, missingFiles: 0 })
  await unlink(join(documents, 'new.txt'))
  expect((await ended(call('ingest.refresh', { knowledgeBaseId: id }))).report).toMatchObject({ removed: 1 })
  expect(await call('ingest.sources', { knowledgeBaseId: id })).toMatchObject({
    deletedFiles: 'remove',
    sources: [{ path: documents, state: 'ok', files: 2, watching: false }],
  })
})

test('files that failed are tried again, and the report has all files, as CSV too', async () => {
  await write({ ...three, 'empty.txt': '', 'odd, "name".txt': '' })
  const { id } = await index()
  const report = await call('ingest.report', { knowledgeBaseId: id, states: ['failed'] })
  expect(report).toMatchObject({
    counts: { added: 3, failed: 2 },
    causes: [{ state: 'failed', code: 'empty-file', files: 2 }],
  })
  await write({ 'empty.txt': 'Not any more.' })
  expect((await ended(call('ingest.retry', { knowledgeBaseId: id }))).report).toMatchObject({
    added: 1,
    failedFiles: 1,
    unchanged: 0,
  })
  const first = await call('ingest.reportCsv', { knowledgeBaseId: id, limit: 2 })
  const second = await call('ingest.reportCsv', { knowledgeBaseId: id, after: first.next })
  expect((first.csv + second.csv).split('\r\n')).toEqual([
    'path,state,code,message,from',
    `${join(documents, 'empty.txt')},added,,,`,
    `"${join(documents, 'odd, ""name"".txt')}",failed,empty-file,This file is empty: it has 0 bytes.,`,
    ...['sea.md', 'sub/bee.txt', 'tea.txt'].map((name) => `${join(documents, name)},added,,,`),
    '',
  ])
  await unlink(join(documents, 'odd, "name".txt'))
  await ended(call('ingest.refresh', { knowledgeBaseId: id }))
  await expect(call('ingest.retry', { knowledgeBaseId: id })).rejects.toMatchObject({ code: 'not-found' })
})

test('rules are shown, changed and kept; a source that is taken away takes its documents with it', async () => {
  await write({ ...three, 'drafts/a.txt': 'A draft.' })
  const { id } = await index({ exclude: ['drafts'] })
  const [source] = (await call('ingest.sources', { knowledgeBaseId: id })).sources
  expect(source).toMatchObject({ exclude: ['drafts'], files: 3 })
  const settings = sourceSettingsSchema.parse(source)
  await call('ingest.configure', {
    knowledgeBaseId: id,
    sources: [{ ...settings, exclude: ['sub'] }],
    deletedFiles: 'remove',
  })
  expect((await ended(call('ingest.refresh', { knowledgeBaseId: id }))).report).toMatchObject({
    added: 1,
    removed: 1,
  })
  await expect(
    call('ingest.configure', { knowledgeBaseId: id, sources: [{ ...settings, path: '/elsewhere' }] }),
  ).rejects.toMatchObject({ code: 'not-found' })
  const left = await call('ingest.removeSource', { knowledgeBaseId: id, path: documents })
  expect(left.sources).toEqual([])
  expect(await theOnlyOne()).toMatchObject({ documents: 0, nodes: 0, sources: [] })
})

/** Enough to be embedding for a while. */
async function writeMany(): Promise<number> {
  const count = 300
  const files = Array.from({ length: count }, (_, n) => [`${n}.txt`, `Story number ${n} of many.`] as const)
  await write(Object.fromEntries(files))
  return count
}

test('a job is paused and resumed', async () => {
  const count = await writeMany()
  const { id } = await call('ingest.start', { paths: [documents], persistDir: join(folder, 'storage') })
  await jobWith((job) => job.id === id && job.progress.nodes > 0)
  await call('jobs.pause', { jobId: id })
  expect(await jobWith((job) => job.id === id)).toMatchObject({ state: 'paused', finishedAt: null })
  await call('jobs.resume', { jobId: id })
  expect(await ended(jobWith((job) => job.id === id))).toMatchObject({
    state: 'done',
    report: { added: count },
  })
})

test('what a quit broke off goes on by itself at the next start; what was cancelled or paused does not', async () => {
  const count = await writeMany()
  const first = await call('ingest.start', { paths: [documents], persistDir: join(folder, 'storage') })
  await jobWith((job) => job.id === first.id && job.progress.documents > 0)
  await application.close()
  application = await start()
  const resumed = await jobWith(({ origin }) => origin === 'resumed')
  await jobWith((job) => job.id === resumed.id && job.state === 'running')
  await call('jobs.pause', { jobId: resumed.id })
  await application.close()
  application = await start()
  const paused = await jobWith(({ origin }) => origin === 'resumed')
  expect((await jobWith((job) => job.id === paused.id && job.state !== 'queued')).state).toBe('paused')
  await call('jobs.resume', { jobId: paused.id })
  const done = await ended(paused)
  expect(done.state).toBe('done')
  expect(done.report!.added + done.report!.unchanged).toBe(count)
  expect(done.report!.unchanged).toBeGreaterThan(0)
  expect(await theOnlyOne()).toMatchObject({ documents: count, persisted: true })

  await write({ 'more.txt': 'One more.' })
  const cancelled = await call('ingest.refresh', { knowledgeBaseId: (await theOnlyOne()).id })
  await call('jobs.cancel', { jobId: cancelled.id })
  await ended(cancelled)
  await application.close()
  application = await start()
  expect(await readFile(join(folder, 'data/unfinished-folders.json'), 'utf8')).toContain('"folders": []')
})

test('a watched source is kept up to date by itself, from the start of the app on', async () => {
  await write(three)
  const { id } = await index({ watch: true })
  await expect
    .poll(async () => (await call('ingest.sources', { knowledgeBaseId: id })).sources[0]?.watching)
    .toBe(true)
  await write({ 'sub/new.txt': 'It came by itself.' })
  await expect.poll(async () => (await theOnlyOne()).documents).toBe(4)
  await application.close()
  await write({ 'meanwhile.txt': 'While the app was closed.' })
  application = await start()
  expect(await theOnlyOne()).toMatchObject({ watched: true })
  await expect.poll(async () => (await theOnlyOne()).documents).toBe(5)
})
