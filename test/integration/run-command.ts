/** The `stackroom` command as its own process, run from source, and all that it printed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'

const entry = resolve(import.meta.dirname, '../../src-main/hosts/cli/main.ts')

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export class CommandLine {
  /** Everything that the commands printed. */
  printed = ''
  readonly #folder: string
  readonly #environment: Readonly<Record<string, string>>

  /** Commands run in this folder and keep their data in its `data`. */
  constructor(folder: string, environment: Readonly<Record<string, string>> = {}) {
    this.#folder = folder
    this.#environment = environment
  }

  start(...args: string[]): ChildProcess {
    return spawn(process.execPath, [entry, ...args], {
      cwd: this.#folder,
      env: { ...process.env, STACKROOM_DATA: join(this.#folder, 'data'), ...this.#environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  async run(...args: string[]): Promise<Ran> {
    const child = this.start(...args)
    const ended = once(child, 'close') as Promise<[number | null]>
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), ended])
    this.printed += stdout + stderr
    return { code, stdout, stderr }
  }
}
