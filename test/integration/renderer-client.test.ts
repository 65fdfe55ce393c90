import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocketServer, type WebSocket as ServerSocket } from 'ws'
import type { StackroomError } from '#contract'
import { clientMessageSchema, isCancelled, type ClientMessage, type ServerMessage } from '#contract'
import type { ConnectionState } from '../../src-renderer/transport/channel.ts'
import { createClient, type Client } from '../../src-renderer/transport/client.ts'
import { createWebSocketChannel } from '../../src-renderer/transport/web-socket-channel.ts'

/** The far end of the wire: hands each message to the test, which answers as it likes. */
interface Host {
  readonly url: string
  readonly probeUrl: string
  /** The next message that the window sends. */
  next(): Promise<ClientMessage>
  answer(message: ServerMessage): void
  dropConnection(): void
  /** What a plain request of the page is answered with. */
  pageStatus: number
}

let server: Server
let host: Host
let client: Client
let states: ConnectionState[]

beforeEach(async () => {
  const received: ClientMessage[] = []
  const waiting: ((message: ClientMessage) => void)[] = []
  let socket: ServerSocket
  server = createServer((_request, response) => {
    response.statusCode = host.pageStatus
    response.end()
  })
  new WebSocketServer({ server, path: '/socket' }).on('connection', (connected) => {
    socket = connected
    connected.on('message', (data: Buffer) => {
      const message = clientMessageSchema.parse(JSON.parse(data.toString()))
      const taker = waiting.shift()
      if (taker === undefined) received.push(message)
      else taker(message)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  host = {
    url: `ws://127.0.0.1:${port}/socket`,
    probeUrl: `http://127.0.0.1:${port}/`,
    next() {
      const message = received.shift()
      return message === undefined
        ? new Promise((resolve) => waiting.push(resolve))
        : Promise.resolve(message)
    },
    answer: (message) => socket.send(JSON.stringify(message)),
    dropConnection: () => socket.terminate(),
    pageStatus: 200,
  }
  client = createClient(createWebSocketChannel(host.url, host.probeUrl))
  states = []
  client.onConnection((state) => states.push(state))
})

afterEach(async () => {
  // the page is told that it is no longer known, so that it stops to connect
  host.pageStatus = 403
  const ended = untilState('ended')
  if (client.connection === 'open') host.dropConnection()
  if (client.connection !== 'ended') await ended
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function untilState(wanted: ConnectionState): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.onConnection((state) => {
      if (state !== wanted) return
      stop()
      resolve()
    })
  })
}

test('a call is answered with its parsed output', async () => {
  const settings = client.call('settings.read', {})
  const message = await host.next()
  expect(message).toMatchObject({ type: 'call', name: 'settings.read', input: {} })
  host.answer({ type: 'result', id: message.id, ok: true, output: { theme: 'dark', unknown: 1 } })
  expect(await settings).toEqual({ theme: 'dark' })
})

test('answers reach their own calls, in whatever order they come', async () => {
  const first = client.call('settings.write', { theme: 'light' })
  const second = client.call('settings.write', { theme: 'dark' })
  const [one, two] = [await host.next(), await host.next()]
  host.answer({ type: 'result', id: two.id, ok: true, output: { theme: 'dark' } })
  host.answer({ type: 'result', id: one.id, ok: true, output: { theme: 'light' } })
  expect([await first, await second]).toEqual([{ theme: 'light' }, { theme: 'dark' }])
})

test('an error keeps its code, its sentence and its hint', async () => {
  const opened = client.call('library.open', { persistDir: '/nowhere' })
  const { id } = await host.next()
  const error = { code: 'path-missing', message: 'It is not there.', hint: 'Look elsewhere.' } as const
  host.answer({ type: 'result', id, ok: false, error })
  await expect(opened).rejects.toMatchObject({ name: 'StackroomError', ...error })
})

test('an output that breaks the contract is not let through', async () => {
  const settings = client.call('settings.read', {})
  const { id } = await host.next()
  host.answer({ type: 'result', id, ok: true, output: { theme: 'purple' } })
  await expect(settings).rejects.toThrow()
})

test('an aborted call is let go at once, and the engine is told', async () => {
  const controller = new AbortController()
  const listed = client.call('library.list', {}, { signal: controller.signal })
  const { id } = await host.next()
  controller.abort()
  expect(await listed.catch(isCancelled)).toBe(true)
  expect(await host.next()).toEqual({ type: 'cancel', id })
})

test('events reach their listeners until these stop', async () => {
  const forgotten: string[] = []
  const stop = client.subscribe('library.forgotten', ({ knowledgeBaseId }) => forgotten.push(knowledgeBaseId))
  const sync = async (): Promise<void> => {
    const answered = client.call('library.list', {})
    const { id } = await host.next()
    host.answer({ type: 'result', id, ok: true, output: [] })
    await answered
  }
  await sync()
  host.answer({ type: 'event', name: 'library.forgotten', payload: { knowledgeBaseId: 'a' } })
  await sync()
  stop()
  host.answer({ type: 'event', name: 'library.forgotten', payload: { knowledgeBaseId: 'b' } })
  await sync()
  expect(forgotten).toEqual(['a'])
})

test('a dropped connection fails what was under way, comes back, and carries what was asked meanwhile', async () => {
  const underWay = client.call('library.list', {})
  const lost = untilState('lost')
  await host.next()
  host.dropConnection()
  await expect(underWay).rejects.toMatchObject({ code: 'disconnected' } satisfies Partial<StackroomError>)
  await lost
  const asked = client.call('jobs.list', {})
  const { id } = await host.next()
  host.answer({ type: 'result', id, ok: true, output: [] })
  expect(await asked).toEqual([])
  expect(states).toEqual(['open', 'lost', 'open'])
})

test('a page that the host no longer knows stops to connect and says so', async () => {
  if (client.connection !== 'open') await untilState('open')
  host.pageStatus = 401
  const ended = untilState('ended')
  host.dropConnection()
  await ended
  expect(client.connection).toBe('ended')
})
