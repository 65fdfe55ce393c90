/** The sources of each knowledge base, as far as their page was opened: reading, changing, refreshing, removing. */
import type { DeletedFiles, ErrorShape, Job, Source, SourceRules, Sources, SourceSettings } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'
import { settingsOf } from './source-settings.ts'

export interface SourcesView {
  readonly value: Sources | null
  readonly error: ErrorShape | null
}

/** The source whose rules are being edited, or that the user is asked about before it is removed. */
export interface SourceQuestion {
  readonly kind: 'edit' | 'remove'
  readonly knowledgeBaseId: string
  readonly source: Source
  readonly working: boolean
  readonly error: ErrorShape | null
}

interface SourcesChange {
  readonly sources?: SourceSettings[]
  readonly deletedFiles?: DeletedFiles
  readonly recognizeText?: string[] | null
}

export interface SourcesSlice {
  readonly sourcesOf: Readonly<Record<string, SourcesView>>
  readonly sourceQuestion: SourceQuestion | null
  readonly loadSources: (id: string) => Promise<void>
  readonly configureSources: (id: string, change: SourcesChange) => Promise<void>
  readonly askAboutSource: (
    question: Pick<SourceQuestion, 'kind' | 'knowledgeBaseId' | 'source'> | null,
  ) => void
  /** Keeps new rules, and brings the index in line with them. */
  readonly saveRules: (rules: SourceRules) => Promise<void>
  readonly removeSource: (keepDocuments: boolean) => Promise<void>
  readonly refreshSources: (id: string) => Promise<void>
  /** What is on screen about sources and files is out of date now. */
  readonly ingestEnded: (job: Job) => void
}

export const createSourcesSlice: SliceCreator<SourcesSlice> = ({ client, set, get }) => {
  const show = (id: string, view: SourcesView): void =>
    set(({ sourcesOf }) => ({ sourcesOf: { ...sourcesOf, [id]: view } }))

  /** Does what a question was about; the question stays when it fails. */
  const settle = async (question: SourceQuestion, work: () => Promise<void>): Promise<void> => {
    set({ sourceQuestion: { ...question, working: true, error: null } })
    try {
      await work()
      set({ sourceQuestion: null })
    } catch (error) {
      set({ sourceQuestion: { ...question, working: false, error: describeError(error) } })
    }
  }

  return {
    sourcesOf: {},
    sourceQuestion: null,

    async loadSources(id) {
      try {
        show(id, { value: await client.call('ingest.sources', { knowledgeBaseId: id }), error: null })
      } catch (error) {
        show(id, { value: get().sourcesOf[id]?.value ?? null, error: describeError(error) })
      }
    },

    async configureSources(id, change) {
      const before = get().sourcesOf[id]?.value
      // what was clicked shows at once; the answer says what holds
      if (before) show(id, { value: changed(before, change), error: null })
      try {
        const value = await client.call('ingest.configure', { knowledgeBaseId: id, ...change })
        show(id, { value, error: null })
      } catch (error) {
        get().notifyError(error)
        await get().loadSources(id)
      }
    },

    askAboutSource: (question) =>
      set({ sourceQuestion: question === null ? null : { ...question, working: false, error: null } }),

    async saveRules(rules) {
      const { sourceQuestion: question } = get()
      if (question === null) return
      const { knowledgeBaseId: id, source } = question
      await settle(question, async () => {
        const sources = [{ ...settingsOf(source), ...rules }]
        const value = await client.call('ingest.configure', { knowledgeBaseId: id, sources })
        show(id, { value, error: null })
        get().receiveJob(await client.call('ingest.refresh', { knowledgeBaseId: id }))
      })
    },

    async removeSource(keepDocuments) {
      const { sourceQuestion: question } = get()
      if (question === null) return
      const { knowledgeBaseId: id, source } = question
      await settle(question, async () => {
        const input = { knowledgeBaseId: id, path: source.path, keepDocuments }
        show(id, { value: await client.call('ingest.removeSource', input), error: null })
        get().searchAgain(id)
        void get().reloadReport(id)
      })
    },

    async refreshSources(id) {
      try {
        get().receiveJob(await client.call('ingest.refresh', { knowledgeBaseId: id }))
      } catch (error) {
        get().notifyError(error)
      }
    },

    ingestEnded(job) {
      const { knowledgeBaseId: id, origin, report, state } = job
      if (get().sourcesOf[id] !== undefined) void get().loadSources(id)
      void get().reloadReport(id)
      // what nobody asked for does not come with questions: a note says that they wait
      if (origin === 'asked' && state === 'done' && report !== null && report.missing > 0)
        void get().askAboutMissing(id, true)
    },
  }
}

function changed(before: Sources, change: SourcesChange): Sources {
  const { sources = [], deletedFiles = before.deletedFiles, recognizeText = before.recognizeText } = change
  const news = new Map(sources.map((source) => [source.path, source]))
  return {
    ...before,
    deletedFiles,
    recognizeText,
    sources: before.sources.map((source) => ({ ...source, ...news.get(source.path) })),
  }
}
