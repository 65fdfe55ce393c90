/** The web host as a program: a key that was entered in the window is in its own file, and nowhere else. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import {
  commands,
  jobSchema,
  serverMessageSchema,
  type CommandInput,
  type CommandName,
  type Job,
} from '#contract'
import { BUNDLED_MODEL_ID, EmbedModelRegistry } from '#engine/embed/model-registry.ts'
import { ApiServer, sendError } from './embed-api-server.ts'

const root = resolve(import.meta.dirname, '../..')
const KEY = 'sk-planted-key-in-the-window'
const registry = new EmbedModelRegistry({ resourcesFolder: join(root, 'resources'), dataFolder: tmpdir() })
let folder: string
let server: ApiServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-web-key-'))
  server = await ApiServer.start(await registry.open(BUNDLED_MODEL_ID))
  server.key = KEY
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await registry.close()
  await rm(folder, { recursive: true, force: true })
})

/** A window of the host, and all that the host said to it. */
async function openWindow(address: string) {
  const { host } = new URL(address)
  const first = await fetch(address, { redirect: 'manual' })
  const cookie = first.headers.get('set-cookie')!.split(';')[0]!
  const socket = new WebSocket(`ws://${host}/socket`, { headers: { cookie, origin: `http://${host}` } })
  await once(socket, 'open')
  const said: string[] = []
  const answers = new Map<number, (output: unknown) => void>()
  const jobs = new Map<string, (job: Job) => void>()
  let next = 0
  socket.on('message', (data: Buffer) => {
    said.push(data.toString())
    const message = serverMessageSchema.parse(JSON.parse(data.toString()))
    if (message.type === 'result') answers.get(message.id)?.(message.ok ? message.output : message.error)
    else if (message.name === 'jobs.changed') {
      const job = jobSchema.parse(message.payload)
      if (job.finishedAt !== null) jobs.get(job.id)?.(job)
    }
  })
  const call = <Name extends CommandName>(name: Name, input: CommandInput<Name>): Promise<unknown> => {
    const id = ++next
    socket.send(JSON.stringify({ type: 'call', id, name, input }))
    return new Promise((resolve) => answers.set(id, resolve))
  }
  /** Starts a job and waits for its end; a short one may end before its start is answered. */
  const run = async <Name extends 'ingest.start' | 'reembed.start'>(
    name: Name,
    input: CommandInput<Name>,
  ): Promise<Job> => {
    const job = commands[name].output.parse(await call(name, input))
    return new Promise((resolve) => {
      jobs.set(job.id, resolve)
      void call('jobs.list', {}).then((listed) => {
        const same = commands['jobs.list'].output.parse(listed).find(({ id }) => id === job.id)
        if (same && same.finishedAt !== null) resolve(same)
      })
    })
  }
  return { call, run, said }
}

test('a key entered in the window is not in the web host’s log, output, answers or any folder', async () => {
  const host = spawn(
    process.execPath,
    [join(root, 'src-main/hosts/cli/main.ts'), 'serve', '--port', '0', '--no-open'],
    {
      env: { ...process.env, STACKROOM_DATA: join(folder, 'data'), DISPLAY: '', WAYLAND_DISPLAY: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let printed = ''
  host.stderr.on('data', (data: Buffer) => (printed += data.toString()))
  const lines = createInterface({ input: host.stdout })
  lines.on('line', (line) => (printed += line))
  const ended = once(host, 'close')
  const failed = ended.then(() => Promise.reject(new Error(`The web host ended: ${printed}`)))
  const [address] = (await Promise.race([once(lines, 'line'), failed])) as [string]
  failed.catch(() => undefined)
  const { call, run, said } = await openWindow(address)

  const persistDir = join(folder, 'storage')
  const paths = [join(folder, 'documents')]
  await mkdir(paths[0]!)
  await writeFile(join(paths[0]!, 'sea.txt'), 'The tide comes in twice a day.')
  const far = {
    name: 'far',
    kind: 'compatible',
    baseUrl: `${server.remoteUrl}/v1`,
    keyName: 'FAR_KEY',
  } as const
  await call('models.saveServer', { ...far, key: `${KEY}-wrong` })
  await call('models.ofServer', { server: 'far' })
  await call('models.setKey', { server: 'far', key: KEY })
  await call('models.save', { id: 'far:minilm' })
  await call('models.save', { id: 'far:another' })
  await call('models.consent', { server: 'far', persistDir, given: true })
  const job = await run('ingest.start', { paths, persistDir, model: 'far:minilm' })
  expect(job).toMatchObject({ state: 'done' })
  const { knowledgeBaseId } = job
  server.trouble = (_, response) => sendError(response, 500, `Crashed over ${KEY}`)
  const reembed = { knowledgeBaseId, model: 'far:another' }
  await call('models.test', { id: 'far:another' })
  await call('search.query', { knowledgeBaseId, query: 'when is high tide', topK: 1 })
  server.trouble = (_, response) => sendError(response, 400, `Refused for ${KEY}`)
  expect(await run('reembed.start', reembed)).toMatchObject({ state: 'failed' })
  server.trouble = () => false
  expect(await run('reembed.start', reembed)).toMatchObject({ state: 'done' })
  host.kill('SIGTERM')
  await ended

  expect(said.join('\n')).not.toContain(KEY)
  expect(printed).not.toContain(KEY)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const planted: string[] = []
  for (const path of files) if ((await readFile(path)).includes(KEY)) planted.push(path)
  expect(planted).toEqual([join(folder, 'data', 'secrets.json')])
  const log = await readFile(join(folder, 'data', 'stackroom.log'), 'utf8')
  expect(log).toContain('started')
})
