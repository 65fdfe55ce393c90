/**
 * The same calls over both transports: a WebSocket to the real server, and Electron's channels with the `electron`
 * module replaced at its edge by an in-process one that copies messages as Electron does.
 */
import { EventEmitter } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import {
  callChannel,
  eventChannel,
  serverMessageSchema,
  type ClientMessage,
  type EventMessage,
  type Job,
  type KnowledgeBase,
  type ResultMessage,
  type SearchAnswer,
} from '#contract'
import { createApplication } from '#app/application.ts'
import { emitTo, serveWindow } from '../../src-main/hosts/electron/ipc.ts'
import { WebServer } from '../../src-main/hosts/web/server.ts'

type Handler = (event: unknown, message: unknown) => Promise<ResultMessage | undefined>

const electron = vi.hoisted(() => ({ handlers: new Map<string, unknown>() }))
vi.mock('electron', () => ({
  app: {},
  session: {},
  ipcMain: {
    handle: (channel: string, handler: unknown) => electron.handlers.set(channel, handler),
    removeHandler: (channel: string) => electron.handlers.delete(channel),
  },
}))

interface Door {
  send(message: ClientMessage): Promise<ResultMessage | undefined>
  onEvent(listener: (message: EventMessage) => void): void
  close(): Promise<void>
}

let folder: string

const optionsFor = (host: 'web' | 'electron') => ({
  services: { host },
  version: '1.2.3',
  dataFolder: join(folder, 'data'),
  resourcesFolder: resolve(import.meta.dirname, '../../resources'),
})

async function openWeb(): Promise<Door> {
  await mkdir(join(folder, 'page'))
  await writeFile(join(folder, 'page', 'index.html'), '')
  const server = await WebServer.start({
    port: 0,
    rendererFolder: join(folder, 'page'),
    createApplication: (emit) => createApplication({ ...optionsFor('web'), emit }),
  })
  const { host } = new URL(server.address)
  const first = await fetch(server.address, { redirect: 'manual' })
  const cookie = first.headers.get('set-cookie')!.split(';')[0]!
  const socket = new WebSocket(`ws://${host}/socket`, { headers: { cookie, origin: `http://${host}` } })
  await new Promise((resolve) => socket.on('open', resolve))
  const waiting = new Map<number, (result: ResultMessage) => void>()
  const listeners = new Set<(message: EventMessage) => void>()
  socket.on('message', (data: Buffer) => {
    const message = serverMessageSchema.parse(JSON.parse(data.toString()))
    if (message.type === 'event') listeners.forEach((listener) => listener(message))
    else waiting.get(message.id)?.(message)
  })
  return {
    send(message) {
      socket.send(JSON.stringify(message))
      if (message.type === 'cancel') return Promise.resolve(undefined)
      return new Promise((resolve) => waiting.set(message.id, resolve))
    },
    onEvent: (listener) => listeners.add(listener),
    close: () => server.close(),
  }
}

/** The parts of a window that the transport uses. */
class FakeWindow extends EventEmitter {
  readonly listeners_ = new Set<(message: EventMessage) => void>()
  readonly webContents = {
    mainFrame: { url: 'app://stackroom/' },
    send: (channel: string, message: EventMessage) => {
      expect(channel).toBe(eventChannel)
      this.listeners_.forEach((listener) => listener(structuredClone(message)))
    },
  }
  isDestroyed(): boolean {
    return false
  }
}

async function openElectron(): Promise<Door & { window: FakeWindow; invoke: Handler }> {
  const window = new FakeWindow()
  const asWindow = window as unknown as Parameters<typeof serveWindow>[0]
  const application = await createApplication({ ...optionsFor('electron'), emit: emitTo(() => asWindow) })
  serveWindow(asWindow, application)
  const invoke = electron.handlers.get(callChannel) as Handler
  return {
    window,
    invoke,
    send: async (message) => {
      const event = { sender: window.webContents, senderFrame: window.webContents.mainFrame }
      return structuredClone(await invoke(event, structuredClone(message)))
    },
    onEvent: (listener) => window.listeners_.add(listener),
    close: async () => {
      window.emit('closed')
      await application.close()
    },
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stackroom-transport-'))
  await mkdir(join(folder, 'documents'))
  await writeFile(join(folder, 'documents', 'tea.txt'), 'Green tea is steeped at eighty degrees.')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe.each([
  ['web', openWeb],
  ['electron', openElectron],
] as const)('over the transport of the %s host', (host, open) => {
  let door: Door
  let nextId = 1

  beforeEach(async () => {
    door = await open()
  })
  afterEach(async () => {
    await door.close()
  })

  const call = (name: string, input: unknown = {}) => door.send({ type: 'call', id: nextId++, name, input })
  async function output(name: string, input: unknown = {}): Promise<unknown> {
    const result = await call(name, input)
    if (!result?.ok) throw new Error(JSON.stringify(result))
    return result.output
  }

  test('a call is answered with its output', async () => {
    expect(await output('app.info')).toMatchObject({ host, version: '1.2.3', nativeDialogs: false })
    expect(await output('settings.write', { theme: 'dark' })).toEqual({ theme: 'dark' })
    expect(await output('settings.read')).toEqual({ theme: 'dark' })
  })

  test('errors keep code, message and hint', async () => {
    const result = await call('library.open', { persistDir: join(folder, 'documents') })
    expect(result).toMatchObject({
      ok: false,
      error: {
        code: 'not-a-storage-folder',
        message: expect.stringContaining('documents') as string,
        hint: expect.stringContaining('index') as string,
      },
    })
  })

  test('unknown commands and inputs that do not fit are refused', async () => {
    for (const [name, input] of [
      ['no.command', {}],
      ['toString', {}],
      ['library.open', { persistDir: 7 }],
      ['search.query', { knowledgeBaseId: 'x', query: 'x', topK: 0 }],
      ['ingest.start', { paths: [], persistDir: '/x' }],
    ] as const)
      expect(await call(name, input)).toMatchObject({ ok: false, error: { code: 'invalid-input' } })
  })

  test('a job tells of itself by events until it is done, and its index is searched', async () => {
    const done = new Promise<Job>((resolve) =>
      door.onEvent(({ name, payload }) => {
        const job = payload as Job
        if (name === 'jobs.changed' && job.finishedAt) resolve(job)
      }),
    )
    await output('ingest.start', { paths: [join(folder, 'documents')], persistDir: join(folder, 'storage') })
    expect(await done).toMatchObject({ state: 'done', report: { documents: 1 } })
    const [knowledgeBase] = (await output('library.list')) as KnowledgeBase[]
    const query = { knowledgeBaseId: knowledgeBase!.id, query: 'tea', topK: 5 }
    const { hits } = (await output('search.query', query)) as SearchAnswer
    expect(hits.map(({ source }) => source)).toEqual([join(folder, 'documents', 'tea.txt')])
  }, 30_000)

  test('a call that is cancelled is answered with cancelled', async () => {
    const many = join(folder, 'many')
    await mkdir(many)
    await Promise.all(Array.from({ length: 2000 }, (_, n) => writeFile(join(many, `${n}.txt`), 'x')))
    const id = nextId++
    const answer = door.send({ type: 'call', id, name: 'library.inspect', input: { paths: [many, folder] } })
    await door.send({ type: 'cancel', id })
    expect(await answer).toMatchObject({ ok: false, error: { code: 'cancelled' } })
  })
})

test('Electron: a sender that is not the own page is refused, and so is what is not of the contract', async () => {
  const door = await openElectron()
  try {
    const message = { type: 'call', id: 1, name: 'app.info', input: {} }
    const { webContents } = door.window
    const senders = [
      { sender: {}, senderFrame: webContents.mainFrame },
      { sender: webContents, senderFrame: { url: 'app://stackroom/' } },
      { sender: webContents, senderFrame: null },
    ]
    for (const event of senders)
      await expect(door.invoke(event, message)).rejects.toMatchObject({ code: 'invalid-input' })
    const own = { sender: webContents, senderFrame: webContents.mainFrame }
    for (const wrong of [null, 'call', { type: 'call' }, { type: 'other', id: 1 }])
      await expect(door.invoke(own, wrong)).rejects.toMatchObject({ code: 'invalid-input' })
    webContents.mainFrame.url = 'https://evil.example/'
    await expect(door.invoke(own, message)).rejects.toMatchObject({ code: 'invalid-input' })
  } finally {
    await door.close()
  }
})
