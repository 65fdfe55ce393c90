/**
 * The servers that models run on, and the form that sets one up. A key is handed from the form to the engine and is
 * never part of the state: what is known of it afterwards is that there is one.
 */
import { type ErrorShape, type ModelServer, type ModelServerInput } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'
import { serverLabel } from './server-labels.ts'

/** What the form holds. The key stays in its field until it is sent. */
export interface ServerDraft {
  /** A server that comes with Stackroom, by name; otherwise what kind of server it is. */
  readonly service: string
  readonly name: string
  readonly baseUrl: string
  readonly apiVersion: string
}

export interface ServerForm {
  /** The server that is changed; null for a new one. */
  readonly editing: string | null
  readonly draft: ServerDraft
  readonly working: 'saving' | 'asking' | null
  readonly error: ErrorShape | null
  /** The server is on the list, whatever its answer was. */
  readonly saved: boolean
}

export interface ServersSlice {
  readonly servers: readonly ModelServer[]
  readonly serversError: ErrorShape | null
  readonly serverForm: ServerForm | null
  readonly removingServer: string | null
  readonly loadServers: () => Promise<void>
  readonly receiveServer: (server: ModelServer) => void
  /** Opens the form: for a server on the list, or for a new one. */
  readonly openServerForm: (name: string | null) => void
  readonly changeServerDraft: (change: Partial<ServerDraft>) => void
  readonly closeServerForm: () => void
  /** Saves the server, then asks it for its models. `key` is null where none was entered. */
  readonly saveServer: (key: string | null) => Promise<void>
  readonly deleteKey: (name: string) => Promise<void>
  readonly askToRemoveServer: (name: string | null) => void
  readonly removeServer: (name: string) => Promise<void>
  readonly takeBackConsents: (name: string) => Promise<void>
}

/** Services of the form that are no server of their own. */
export const azureService = 'azure-openai'
export const otherService = 'other'
export const azureApiVersion = '2024-10-21'

export const createServersSlice: SliceCreator<ServersSlice> = ({ client, set, get }) => {
  const update = (change: Partial<ServerForm>): void =>
    set(({ serverForm }) => (serverForm === null ? {} : { serverForm: { ...serverForm, ...change } }))

  return {
    servers: [],
    serversError: null,
    serverForm: null,
    removingServer: null,

    async loadServers() {
      try {
        set({ servers: await client.call('models.servers', {}), serversError: null })
      } catch (error) {
        set({ serversError: describeError(error) })
      }
    },

    receiveServer(server) {
      set(({ servers }) => ({
        servers: servers.some(({ name }) => name === server.name)
          ? servers.map((other) => (other.name === server.name ? server : other))
          : [...servers, server],
      }))
    },

    openServerForm(name) {
      const server = get().servers.find((other) => other.name === name)
      const draft = draftOf(server ?? get().servers.find((other) => other.name === 'openai'))
      const editing = server?.name ?? null
      set({ serverForm: { editing, draft, working: null, error: null, saved: false } })
    },

    changeServerDraft(change) {
      const { serverForm, servers } = get()
      if (serverForm === null) return
      const { service } = change
      const known = servers.find(({ name }) => name === service)
      const filled =
        service === undefined || service === serverForm.draft.service
          ? {}
          : known === undefined
            ? emptyDraft(service)
            : draftOf(known)
      update({ draft: { ...serverForm.draft, ...filled, ...change }, error: null, saved: false })
    },

    closeServerForm: () => set({ serverForm: null }),

    async saveServer(key) {
      const { serverForm, servers } = get()
      if (serverForm === null || serverForm.working !== null) return
      update({ working: 'saving', error: null })
      const input = inputOf(serverForm, servers)
      try {
        const server = await client.call('models.saveServer', withKey(input, key))
        get().receiveServer(server)
        // an Azure resource does not say what it has deployed
        if (server.kind === 'azure') {
          set({ serverForm: null })
          get().openModelPicker(server.name, [])
        } else {
          update({ working: 'asking', editing: server.name, saved: true })
          const models = await client.call('models.ofServer', { server: server.name })
          // closed meanwhile: the server is on the list all the same
          if (get().serverForm === null) return
          set({ serverForm: null })
          get().openModelPicker(server.name, models)
        }
        void get().loadModels()
      } catch (error) {
        const shape = describeError(error)
        const { serverForm: form } = get()
        if (shape.code === 'not-found' && form?.saved === true && form.editing !== null) {
          // it answers, but does not list its models: one is named by hand
          set({ serverForm: null })
          get().openModelPicker(form.editing, [])
        } else update({ working: null, error: shape })
      }
    },

    async deleteKey(name) {
      try {
        get().receiveServer(await client.call('models.setKey', { server: name, key: null }))
      } catch (error) {
        get().notifyError(error)
      }
    },

    askToRemoveServer: (removingServer) => set({ removingServer }),

    async removeServer(name) {
      set({ removingServer: null })
      try {
        await client.call('models.removeServer', { server: name })
        await Promise.all([get().loadServers(), get().loadModels()])
        get().notify('done', `${serverLabel(name)} was removed.`)
      } catch (error) {
        get().notifyError(error)
      }
    },

    async takeBackConsents(name) {
      try {
        const input = { server: name, persistDir: null, given: false }
        get().receiveServer(await client.call('models.consent', input))
      } catch (error) {
        get().notifyError(error)
      }
    },
  }
}

function emptyDraft(service: string): ServerDraft {
  return service === azureService
    ? { service, name: 'azure', baseUrl: '', apiVersion: azureApiVersion }
    : { service, name: '', baseUrl: '', apiVersion: '' }
}

function draftOf(server: ModelServer | undefined): ServerDraft {
  if (server === undefined) return emptyDraft(otherService)
  const { name, kind, baseUrl, apiVersion = '', origin } = server
  const service = kind === 'azure' ? azureService : origin === 'own' ? otherService : name
  return { service, name, baseUrl, apiVersion }
}

function inputOf({ draft }: ServerForm, servers: readonly ModelServer[]): ModelServerInput {
  const { service } = draft
  const name = draft.name.trim()
  const before = servers.find((server) => server.name === name)
  const isAzure = service === azureService
  const keyName = before?.keyName ?? (isAzure ? keyNameFor(name) : undefined)
  return {
    name,
    kind: isAzure ? 'azure' : (before?.kind ?? 'compatible'),
    baseUrl: draft.baseUrl.trim(),
    ...(isAzure && { apiVersion: draft.apiVersion.trim() || azureApiVersion }),
    ...(keyName !== undefined && { keyName }),
  }
}

function withKey(input: ModelServerInput, key: string | null): ModelServerInput {
  if (key === null) return input
  return { ...input, keyName: input.keyName ?? keyNameFor(input.name), key }
}

/** `my-server` → `MY_SERVER_API_KEY`, as environment variables are named; Azure’s as OpenAI’s library calls it. */
export function keyNameFor(name: string): string {
  if (name === 'azure') return 'AZURE_OPENAI_API_KEY'
  const letters = name
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  const begun = /^[A-Z]/.test(letters) ? letters : `SERVER_${letters}`
  return `${begun}_API_KEY`
}
