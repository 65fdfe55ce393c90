/** The knowledge bases that are listed, and the one on screen. */
import type { ErrorShape, KnowledgeBase } from '#contract'
import { recall, remember } from '../../store/remembered.ts'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'

export interface LibrarySlice {
  readonly knowledgeBases: readonly KnowledgeBase[]
  readonly libraryState: 'loading' | 'ready' | 'failed'
  readonly libraryError: ErrorShape | null
  readonly selectedId: string | null
  /** The storage folder that the user asked to open, until it is. */
  readonly openingDir: string | null
  /** The knowledge base that the user is asked about before it is taken off the list. */
  readonly forgettingId: string | null
  readonly loadLibrary: () => Promise<void>
  readonly receiveKnowledgeBase: (knowledgeBase: KnowledgeBase) => void
  readonly dropKnowledgeBase: (id: string) => void
  readonly select: (id: string | null) => void
  readonly activate: (id: string) => Promise<void>
  readonly openStorageFolder: (persistDir: string) => Promise<void>
  /** Asks for a storage folder or a Chroma folder, then opens it. */
  readonly chooseStorageFolder: () => Promise<void>
  readonly rename: (id: string, name: string) => Promise<void>
  readonly askToForget: (id: string | null) => void
  readonly forget: (id: string) => Promise<void>
}

export const createLibrarySlice: SliceCreator<LibrarySlice> = ({ client, set, get }) => ({
  knowledgeBases: [],
  libraryState: 'loading',
  libraryError: null,
  selectedId: recall('selected'),
  openingDir: null,
  forgettingId: null,

  async loadLibrary() {
    try {
      const knowledgeBases = await client.call('library.list', {})
      set({ knowledgeBases, libraryState: 'ready', libraryError: null })
      const { selectedId, view, place } = get()
      const selected = knowledgeBases.find(({ id }) => id === selectedId) ?? knowledgeBases[0]
      get().select(selected?.id ?? null)
      // the list is also read again after a lost connection: then the window stays where it was
      set({ view, place })
    } catch (error) {
      set({ libraryState: 'failed', libraryError: describeError(error) })
    }
  },

  receiveKnowledgeBase(knowledgeBase) {
    const { knowledgeBases, openingDir } = get()
    const known = knowledgeBases.some(({ id }) => id === knowledgeBase.id)
    set({
      knowledgeBases: known
        ? knowledgeBases.map((other) => (other.id === knowledgeBase.id ? knowledgeBase : other))
        : [...knowledgeBases, knowledgeBase],
    })
    // what was asked for is on screen while it opens: comparing it with the models takes its time
    if (known || knowledgeBase.persistDir !== openingDir) return
    get().closeSource()
    set({ selectedId: knowledgeBase.id, view: 'library', sidebarOut: false })
  },

  dropKnowledgeBase(id) {
    const { knowledgeBases, selectedId } = get()
    const at = knowledgeBases.findIndex((knowledgeBase) => knowledgeBase.id === id)
    const left = knowledgeBases.filter((knowledgeBase) => knowledgeBase.id !== id)
    set({ knowledgeBases: left })
    if (selectedId === id) get().select((left[at] ?? left.at(-1))?.id ?? null)
  },

  select(id) {
    const changed = id !== get().selectedId
    set({ selectedId: id, view: 'library', sidebarOut: false })
    remember('selected', id)
    if (changed) get().closeSource()
    const knowledgeBase = get().knowledgeBases.find((other) => other.id === id)
    if (knowledgeBase?.state === 'closed') void get().activate(knowledgeBase.id)
    get().focusSearch()
  },

  async activate(id) {
    try {
      get().receiveKnowledgeBase(await client.call('library.activate', { knowledgeBaseId: id }))
      get().searchAgain(id)
    } catch (error) {
      const knowledgeBase = get().knowledgeBases.find((other) => other.id === id)
      if (knowledgeBase === undefined) get().notifyError(error)
      else get().receiveKnowledgeBase({ ...knowledgeBase, state: 'error', error: describeError(error) })
    }
  },

  async openStorageFolder(persistDir) {
    set({ openingDir: persistDir })
    try {
      const knowledgeBase = await client.call('library.open', { persistDir })
      get().receiveKnowledgeBase(knowledgeBase)
      get().select(knowledgeBase.id)
    } catch (error) {
      get().notifyError(error)
    } finally {
      set({ openingDir: null })
    }
  },

  async chooseStorageFolder() {
    const [path] = (await get().choosePaths('storage-folder')) ?? []
    if (path === undefined) return
    try {
      const { kind } = await client.call('library.inspect', { paths: [path], count: false })
      await (kind === 'chroma' ? get().openStore(path) : get().openStorageFolder(path))
    } catch (error) {
      get().notifyError(error)
    }
  },

  async rename(id, name) {
    try {
      get().receiveKnowledgeBase(await client.call('library.rename', { knowledgeBaseId: id, name }))
    } catch (error) {
      get().notifyError(error)
    }
  },

  askToForget: (forgettingId) => set({ forgettingId }),

  async forget(id) {
    set({ forgettingId: null })
    try {
      await client.call('library.forget', { knowledgeBaseId: id })
      get().dropKnowledgeBase(id)
    } catch (error) {
      get().notifyError(error)
    }
  },
})
