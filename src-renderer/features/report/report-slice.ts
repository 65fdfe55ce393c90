/** What became of each file of a knowledge base: read page by page as one scrolls, narrowed by state and by words. */
import {
  isCancelled,
  type CommandInput,
  type ErrorShape,
  type FileReport,
  type FileState,
  type ReportedFile,
} from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'

export interface ReportView {
  /** Null: all. */
  readonly state: FileState | null
  /** Part of the path. */
  readonly search: string
  readonly files: readonly ReportedFile[]
  /** Null when all were read. */
  readonly next: string | null
  /** Everything but the files; null until the first page was read. */
  readonly summary: Omit<FileReport, 'files' | 'next'> | null
  readonly loading: boolean
  readonly error: ErrorShape | null
}

export interface ReportSlice {
  readonly reports: Readonly<Record<string, ReportView>>
  /** The knowledge base whose report is being saved. */
  readonly savingCsv: string | null
  readonly loadReport: (id: string, narrowed?: Partial<Pick<ReportView, 'state' | 'search'>>) => Promise<void>
  /** Reads on until there are so many files. */
  readonly readReportTo: (id: string, count: number) => Promise<void>
  /** As it is now, where it was read before. */
  readonly reloadReport: (id: string) => Promise<void>
  /** Goes to the page of files. */
  readonly showReport: (id: string, state: FileState | null) => void
  readonly retryFailed: (id: string) => Promise<void>
  /** What is listed, as a file that the browser saves. */
  readonly saveReportCsv: (id: string, save: (csv: Blob) => void) => Promise<void>
}

const pageSize = 1000
const largestPage = 5000

export const emptyReport: ReportView = {
  state: null,
  search: '',
  files: [],
  next: null,
  summary: null,
  loading: false,
  error: null,
}

export const createReportSlice: SliceCreator<ReportSlice> = ({ client, set, get }) => {
  const reading = new Map<string, AbortController>()

  const update = (id: string, change: Partial<ReportView>): void =>
    set(({ reports }) => ({ reports: { ...reports, [id]: { ...(reports[id] ?? emptyReport), ...change } } }))

  const queryFor = (id: string): CommandInput<'ingest.report'> => {
    const { state, search } = get().reports[id] ?? emptyReport
    const words = search.trim()
    return {
      knowledgeBaseId: id,
      ...(state !== null && { states: [state] }),
      ...(words !== '' && { search: words }),
    }
  }

  /** Reads from the beginning until there are so many files; what is on screen stays until then. */
  async function read(id: string, count: number): Promise<void> {
    reading.get(id)?.abort()
    const controller = new AbortController()
    reading.set(id, controller)
    const { signal } = controller
    update(id, { loading: true })
    try {
      const { files, next, ...summary } = await client.call(
        'ingest.report',
        { ...queryFor(id), limit: Math.min(Math.max(count, pageSize), largestPage) },
        { signal },
      )
      if (!signal.aborted) update(id, { files, next, summary, loading: false, error: null })
    } catch (error) {
      if (signal.aborted || isCancelled(error)) return
      update(id, { loading: false, error: describeError(error) })
    }
  }

  return {
    reports: {},
    savingCsv: null,

    async loadReport(id, narrowed = {}) {
      update(id, narrowed)
      await read(id, pageSize)
    },

    async readReportTo(id, count) {
      const view = get().reports[id]
      if (view === undefined || view.loading) return
      const { signal } = reading.get(id) ?? new AbortController()
      update(id, { loading: true })
      try {
        for (;;) {
          const { files, next } = get().reports[id] ?? emptyReport
          if (next === null || files.length >= count) break
          const limit = Math.min(Math.max(count - files.length, pageSize), largestPage)
          const input = { ...queryFor(id), after: next, limit }
          const page = await client.call('ingest.report', input, { signal })
          if (signal.aborted) return
          update(id, { files: [...files, ...page.files], next: page.next })
        }
        update(id, { loading: false })
      } catch (error) {
        if (signal.aborted || isCancelled(error)) return
        update(id, { loading: false, error: describeError(error) })
      }
    },

    async reloadReport(id) {
      const view = get().reports[id]
      if (view !== undefined) await read(id, view.files.length)
    },

    showReport(id, state) {
      update(id, { state, search: '' })
      get().select(id)
      get().showPlace('files')
    },

    async retryFailed(id) {
      try {
        get().receiveJob(await client.call('ingest.retry', { knowledgeBaseId: id }))
      } catch (error) {
        get().notifyError(error)
      }
    },

    async saveReportCsv(id, save) {
      set({ savingCsv: id })
      try {
        const parts: string[] = []
        let after: string | null = null
        do {
          const input: CommandInput<'ingest.reportCsv'> = { ...queryFor(id), after, limit: largestPage }
          const page = await client.call('ingest.reportCsv', input)
          parts.push(page.csv)
          after = page.next
        } while (after !== null)
        save(new Blob(parts, { type: 'text/csv;charset=utf-8' }))
      } catch (error) {
        get().notifyError(error)
      } finally {
        set({ savingCsv: null })
      }
    },
  }
}
