/** The log: one JSON object a line in the data folder, moved aside when it grows; never a secret, never a document's text. */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'

const maximumBytes = 5 * 1024 * 1024

export class Log {
  readonly path: string

  constructor(dataFolder: string) {
    mkdirSync(dataFolder, { recursive: true })
    this.path = join(dataFolder, 'stackroom.log')
  }

  info(message: string, details: Record<string, unknown> = {}): void {
    this.#write('info', message, details)
  }

  /** Keeps the stacks of the error and of its causes. */
  error(message: string, error: unknown, details: Record<string, unknown> = {}): void {
    this.#write('error', message, { ...details, error: describeError(error) })
  }

  #write(level: string, message: string, details: Record<string, unknown>): void {
    const line = JSON.stringify({ time: new Date().toISOString(), level, message, ...details }) + '\n'
    try {
      const bytes = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0
      if (bytes > maximumBytes) renameSync(this.path, `${this.path}.1`)
      appendFileSync(this.path, line)
    } catch {
      // A log that cannot be written (a full disk) must not stop the work it tells of.
    }
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? error.message
  return error.cause === undefined ? own : `${own}\ncaused by ${describeError(error.cause)}`
}
