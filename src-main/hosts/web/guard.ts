/**
 * Who may talk to the web host: only this machine, only a page that this host served, only with the token. The Host
 * check stops DNS rebinding, the Origin check stops other sites, the token stops other users of the machine.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export class Guard {
  readonly token = randomBytes(24).toString('base64url')
  #port = 0

  /** Called once the port is known. Cookies are shared between ports, so the cookie's name has the port in it. */
  listenOn(port: number): void {
    this.#port = port
  }

  get #cookieName(): string {
    return `stackroom-${this.#port}`
  }

  /** The cookie that stands for the token from then on; scripts cannot read it, other sites cannot send it. */
  get cookie(): string {
    return `${this.#cookieName}=${this.token}; Path=/; HttpOnly; SameSite=Strict`
  }

  /** For the content security policy: `'self'` does not cover WebSockets in every browser. */
  get socketOrigins(): string {
    return `ws://127.0.0.1:${this.#port} ws://localhost:${this.#port}`
  }

  hostAllowed(request: IncomingMessage): boolean {
    const allowed = [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`]
    return allowed.includes(request.headers.host ?? '')
  }

  /** A request without an Origin is a navigation or comes from no browser; the token still decides. */
  originAllowed(request: IncomingMessage, { required }: { required: boolean }): boolean {
    const { origin } = request.headers
    if (origin === undefined) return !required
    return origin === `http://127.0.0.1:${this.#port}` || origin === `http://localhost:${this.#port}`
  }

  tokenAllowed(request: IncomingMessage): boolean {
    for (const cookie of (request.headers.cookie ?? '').split(';')) {
      const [name, value] = cookie.trim().split('=')
      if (name === this.#cookieName && value !== undefined && this.matches(value)) return true
    }
    return false
  }

  matches(candidate: string): boolean {
    const given = Buffer.from(candidate)
    const expected = Buffer.from(this.token)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
}
