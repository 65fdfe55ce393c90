/**
 * Which servers may have the text of which folders: the user's word, kept in the data folder. It holds for a server's
 * address: a server that was moved elsewhere is asked about again.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { readJsonFile, writeJsonFile } from '#platform/json-file.ts'

const consentSchema = z.object({
  server: z.string(),
  /** The address, as far as the port. */
  origin: z.string(),
  /** Null: whatever is indexed or searched with it. */
  persistDir: z.string().nullable(),
  /** ISO 8601. */
  givenAt: z.string(),
})
type Consent = z.infer<typeof consentSchema>
const fileSchema = z.object({ version: z.literal(1), consents: z.array(consentSchema) })

export interface ConsentTarget {
  readonly name: string
  readonly baseUrl: string
}

export class Consents {
  readonly #path: string
  #loading: Promise<Consent[]> | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(dataFolder: string) {
    this.#path = join(dataFolder, 'consents.json')
  }

  async of(server: ConsentTarget): Promise<'everything' | string[]> {
    const own = (await this.#all()).filter((consent) => isFor(consent, server))
    const folders = own.flatMap(({ persistDir }) => persistDir ?? [])
    return folders.length < own.length ? 'everything' : folders
  }

  async has(server: ConsentTarget, persistDir: string): Promise<boolean> {
    const given = await this.of(server)
    return given === 'everything' || given.includes(persistDir)
  }

  give(server: ConsentTarget, persistDir: string | null): Promise<void> {
    const { name, baseUrl } = server
    const consent = {
      server: name,
      origin: new URL(baseUrl).origin,
      persistDir,
      givenAt: new Date().toISOString(),
    }
    return this.#change((all) => [...all.filter((other) => !isSame(other, consent)), consent])
  }

  /** Null takes back every consent for the server. */
  takeBack(server: ConsentTarget, persistDir: string | null): Promise<void> {
    return this.#change((all) =>
      all.filter(
        (consent) =>
          consent.server !== server.name || (persistDir !== null && consent.persistDir !== persistDir),
      ),
    )
  }

  #all(): Promise<Consent[]> {
    this.#loading ??= readJsonFile(this.#path, fileSchema, () => ({
      version: 1 as const,
      consents: [],
    })).then(({ consents }) => consents)
    return this.#loading
  }

  #change(change: (all: readonly Consent[]) => Consent[]): Promise<void> {
    const turn = this.#turn.then(async () => {
      const consents = change(await this.#all())
      await writeJsonFile(this.#path, { version: 1, consents })
      this.#loading = Promise.resolve(consents)
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

function isFor(consent: Consent, { name, baseUrl }: ConsentTarget): boolean {
  return consent.server === name && consent.origin === new URL(baseUrl).origin
}

function isSame(a: Consent, b: Consent): boolean {
  return a.server === b.server && a.persistDir === b.persistDir
}
