/** Files that are gone while their documents are in the index: the user is asked what becomes of them. */
import type { ErrorShape, ReportedFile } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'

export interface MissingQuestion {
  readonly knowledgeBaseId: string
  /** All of them; `files` has the first. */
  readonly count: number
  /** Null until they were read. */
  readonly files: readonly ReportedFile[] | null
  readonly error: ErrorShape | null
}

export interface MissingSlice {
  readonly missingQuestion: MissingQuestion | null
  /** Of each knowledge base the number of files that the user keeps for now: only other ones are asked about. */
  readonly missingKept: Readonly<Record<string, number>>
  /** `unlessSettled`: only where the user has not said already what is done. */
  readonly askAboutMissing: (id: string, unlessSettled?: boolean) => Promise<void>
  readonly answerMissing: (deleted: 'remove' | 'keep', remember: boolean) => Promise<void>
  readonly closeMissingQuestion: () => void
}

/** Enough to recognise what happened; the page of files has all. */
const filesNamed = 2000

export const createMissingSlice: SliceCreator<MissingSlice> = ({ client, set, get }) => ({
  missingQuestion: null,
  missingKept: {},

  async askAboutMissing(id, unlessSettled = false) {
    try {
      if (unlessSettled) {
        const { deletedFiles, missingFiles } = await client.call('ingest.sources', { knowledgeBaseId: id })
        if (deletedFiles !== 'ask' || missingFiles === 0 || get().missingKept[id] === missingFiles) return
      }
      const input = { knowledgeBaseId: id, states: ['missing' as const], limit: filesNamed }
      const { files, counts } = await client.call('ingest.report', input)
      if (counts.missing === 0) return
      set({ missingQuestion: { knowledgeBaseId: id, count: counts.missing, files, error: null } })
    } catch (error) {
      get().notifyError(error)
    }
  },

  async answerMissing(deleted, remember) {
    const { missingQuestion: question } = get()
    if (question === null) return
    const { knowledgeBaseId: id, count } = question
    set({ missingQuestion: null })
    try {
      if (deleted === 'keep') {
        set(({ missingKept }) => ({ missingKept: { ...missingKept, [id]: count } }))
        if (remember) await get().configureSources(id, { deletedFiles: 'keep' })
        return
      }
      const job = await client.call('ingest.refresh', { knowledgeBaseId: id, deleted, remember })
      get().receiveJob(job)
    } catch (error) {
      set({ missingQuestion: { ...question, error: describeError(error) } })
    }
  },

  closeMissingQuestion: () => set({ missingQuestion: null }),
})
