/** Stands between a client and a server, and cuts their connections when it is told to. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface CuttingProxy extends AsyncDisposable {
  readonly port: number
  readonly cuts: number
  /** Cuts each of the next connections after so many bytes of the client's; the ones after those stay. */
  cutAfter(...bytes: number[]): void
  /** Takes connections, and hands nothing on in either direction until it is let go. */
  hold(): void
  letGo(): void
}

export async function cuttingProxy(targetPort: number): Promise<CuttingProxy> {
  let waiting: number[] = []
  let cuts = 0
  let isHeld = false
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      // What is cut is told by both ends.
      socket.on('error', () => undefined)
      if (isHeld) socket.pause()
    }
    const limit = waiting.shift() ?? Number.POSITIVE_INFINITY
    let seen = 0
    client.on('data', (part) => {
      seen += part.length
      if (seen < limit) return void target.write(part)
      cuts++
      // A part of it arrives, as when a cable is pulled.
      target.write(part.subarray(0, Math.max(0, part.length - (seen - limit))), () => {
        target.resetAndDestroy()
        client.resetAndDestroy()
      })
    })
    target.on('data', (part) => client.write(part))
    client.once('close', () => target.destroy())
    target.once('close', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('There is no port.')
  return {
    port: address.port,
    get cuts() {
      return cuts
    },
    cutAfter(...bytes) {
      waiting = bytes
      for (const socket of sockets) socket.destroy()
    },
    hold() {
      isHeld = true
      for (const socket of sockets) socket.pause()
    },
    letGo() {
      isHeld = false
      for (const socket of sockets) socket.resume()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
