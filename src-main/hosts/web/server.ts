/** The loopback server: the built window, one WebSocket for the contract, and uploads of dropped files. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import sirv from 'sirv'
import { WebSocketServer, type WebSocket } from 'ws'
import { clientMessageSchema, StackroomError, toErrorShape, type Emit, type ServerMessage } from '#contract'
import { Dispatcher } from '#app/dispatcher.ts'
import type { Application } from '#app/application.ts'
import { Guard } from './guard.ts'

/** Large enough for a long query or many dropped paths; documents never go over the socket. */
const maximumMessageBytes = 4 * 1024 * 1024

export interface WebServerOptions {
  /** 0 takes a free port. */
  readonly port: number
  readonly rendererFolder: string
  /** The app is made here so that its events reach this server's clients. */
  readonly createApplication: (emit: Emit) => Promise<Application>
}

export class WebServer implements AsyncDisposable {
  /** The address with the token, to be opened once; the page trades it for a cookie. */
  readonly address: string
  readonly application: Application
  readonly #close: () => Promise<void>

  private constructor(address: string, application: Application, close: () => Promise<void>) {
    this.address = address
    this.application = application
    this.#close = close
  }

  static async start(options: WebServerOptions): Promise<WebServer> {
    const guard = new Guard()
    const clients = new Set<WebSocket>()
    const broadcast = (message: ServerMessage): void => {
      const text = JSON.stringify(message)
      for (const client of clients) client.send(text)
    }
    const application = await options.createApplication((name, payload) =>
      broadcast({ type: 'event', name, payload }),
    )

    const serveFile = sirv(options.rendererFolder, { etag: true, dev: false })
    const server = createServer((request, response) => {
      answer(request, response).catch((error: unknown) => {
        application.log.error('A request failed', error, { url: request.url })
        if (!response.headersSent) response.writeHead(500)
        response.end()
      })
    })

    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      setSecurityHeaders(response, guard)
      const refuse = (status: number, text: string): void => {
        response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
      }
      if (!guard.hostAllowed(request)) return refuse(403, 'This address is not one of Stackroom.')
      const url = new URL(request.url ?? '/', 'http://127.0.0.1')
      const token = url.searchParams.get('token')
      if (request.method === 'GET' && token !== null && guard.matches(token)) {
        response.writeHead(303, { location: '/', 'set-cookie': guard.cookie }).end()
        return
      }
      if (!guard.tokenAllowed(request)) {
        return refuse(401, 'Open Stackroom with the address that it printed when it started.')
      }
      if (request.method === 'PUT' && url.pathname.startsWith('/upload/')) {
        if (!guard.originAllowed(request, { required: true })) return refuse(403, 'This page may not upload.')
        return upload(application, url.pathname, request, response)
      }
      if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'Not allowed.')
      serveFile(request, response, () => refuse(404, 'Not found.'))
    }

    const sockets = new WebSocketServer({ noServer: true, maxPayload: maximumMessageBytes })
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const allowed =
        request.url === '/socket' &&
        guard.hostAllowed(request) &&
        guard.originAllowed(request, { required: true }) &&
        guard.tokenAllowed(request)
      if (!allowed) {
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
        return
      }
      sockets.handleUpgrade(request, socket, head, (client) => {
        clients.add(client)
        serveClient(client, application)
        client.on('close', () => clients.delete(client))
      })
    })

    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(listenError(error, options.port)))
      server.listen(options.port, '127.0.0.1', resolve)
    }).catch(async (error: unknown) => {
      await application.close()
      throw error
    })
    const { port } = server.address() as AddressInfo
    guard.listenOn(port)

    return new WebServer(`http://127.0.0.1:${port}/?token=${guard.token}`, application, async () => {
      for (const client of clients) client.close(1001, 'Stackroom was closed')
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      await application.close()
    })
  }

  async close(): Promise<void> {
    await this.#close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function serveClient(client: WebSocket, application: Application): void {
  const dispatcher = new Dispatcher(application.handlers, application.log)
  client.on('close', () => dispatcher.close())
  client.on('error', (error) => application.log.error('A connection failed', error))
  client.on('message', (data: Buffer) => {
    let json: unknown
    try {
      json = JSON.parse(data.toString('utf8'))
    } catch {
      client.close(1007, 'Not JSON')
      return
    }
    const message = clientMessageSchema.safeParse(json)
    if (!message.success) {
      client.close(1008, 'Not a message of the contract')
      return
    }
    void dispatcher.receive(message.data).then((result) => {
      if (result && client.readyState === client.OPEN) client.send(JSON.stringify(result))
    })
  })
}

/** `PUT /upload/<id>/<path>`: each segment of the path is percent-encoded. */
async function upload(
  application: Application,
  pathname: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const [uploadId = '', ...segments] = pathname.slice('/upload/'.length).split('/').map(decodeURIComponent)
    await application.uploads.receive(uploadId, segments, request)
    response.writeHead(204).end()
  } catch (error) {
    const shape = toErrorShape(
      error instanceof URIError ? new StackroomError('invalid-input', 'The path is not valid.') : error,
    )
    if (shape.code === 'internal') application.log.error('An upload failed', error)
    request.resume()
    response.writeHead(shape.code === 'internal' ? 500 : 400, { 'content-type': 'application/json' })
    response.end(JSON.stringify(shape))
  }
}

function setSecurityHeaders(response: ServerResponse, guard: Guard): void {
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
      `connect-src 'self' ${guard.socketOrigins}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  )
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
}

function listenError(error: Error, port: number): StackroomError {
  const inUse = 'code' in error && error.code === 'EADDRINUSE'
  return new StackroomError(
    'busy',
    inUse ? `Port ${port} is in use by another program.` : `The server could not listen on port ${port}.`,
    { hint: 'Choose another port with --port, or leave it out to take a free one.', cause: error },
  )
}
