/** Looking after the folder of a knowledge base: bringing files up to date, checking, repairing, choosing a side. */
import { isCancelled, type ErrorShape, type EventPayload, type VerifyReport } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'
import { isCollection } from '../stores/store-words.ts'

/** What is checked: a knowledge base on the list, or the folder of a vector store, which may be on no list yet. */
export type CheckTarget =
  | { readonly kind: 'knowledge-base'; readonly knowledgeBaseId: string }
  | { readonly kind: 'store'; readonly address: string }

/** The check that is on screen. */
export interface FolderCheck {
  readonly target: CheckTarget
  /** `asking`: before a repair. */
  readonly step: 'checking' | 'asking' | 'repairing' | 'done'
  /** Null until something was read. */
  readonly fraction: number | null
  readonly report: VerifyReport | null
  readonly error: ErrorShape | null
}

/** What the user is asked about before it is done. */
export type CareQuestion =
  | { readonly kind: 'conflict'; readonly knowledgeBaseId: string; readonly keep: 'files' | 'stackroom' }
  | { readonly kind: 'remove'; readonly knowledgeBaseId: string; readonly refDocId: string }

export interface CareSlice {
  readonly folderCheck: FolderCheck | null
  readonly careQuestion: CareQuestion | null
  /** Knowledge bases whose folder is being written. */
  readonly persistingIds: readonly string[]
  /** Of a collection the folder that it is in. */
  readonly checkFolder: (id: string) => Promise<void>
  /** `address` may be the path of a Chroma folder. */
  readonly checkStore: (address: string) => Promise<void>
  readonly checkAgain: () => Promise<void>
  readonly askToRepair: (asking: boolean) => void
  readonly repairFolder: () => Promise<void>
  readonly closeFolderCheck: () => void
  readonly receiveVerifying: (progress: EventPayload<'library.verifying'>) => void
  readonly receiveStoreVerifying: (progress: EventPayload<'stores.verifying'>) => void
  readonly persistFolder: (id: string) => Promise<void>
  readonly askCare: (question: CareQuestion | null) => void
  readonly resolveConflict: (id: string, keep: 'files' | 'stackroom') => Promise<void>
  readonly removeDocument: (id: string, refDocId: string) => Promise<void>
}

export const createCareSlice: SliceCreator<CareSlice> = ({ client, set, get }) => {
  let running = new AbortController()

  const run = async (target: CheckTarget, task: 'verify' | 'repair'): Promise<void> => {
    running.abort()
    const { signal } = (running = new AbortController())
    const step = task === 'verify' ? 'checking' : 'repairing'
    set({ folderCheck: { target, step, fraction: null, report: null, error: null } })
    const show = (result: Pick<FolderCheck, 'report' | 'error'>): void => {
      if (signal.aborted) return
      set({ folderCheck: { target, step: 'done', fraction: null, ...result } })
    }
    try {
      show({ report: await ask(target, task, signal), error: null })
    } catch (error) {
      if (!isCancelled(error)) show({ report: null, error: describeError(error) })
    }
  }

  const ask = (target: CheckTarget, task: 'verify' | 'repair', signal: AbortSignal): Promise<VerifyReport> =>
    target.kind === 'store'
      ? client.call(`stores.${task}`, { address: target.address }, { signal })
      : client.call(`library.${task}`, { knowledgeBaseId: target.knowledgeBaseId }, { signal })

  const receive = (
    bytesDone: number,
    bytesTotal: number,
    isMeant: (target: CheckTarget) => boolean,
  ): void => {
    const { folderCheck } = get()
    if (folderCheck === null || folderCheck.step === 'done' || !isMeant(folderCheck.target)) return
    set({ folderCheck: { ...folderCheck, fraction: bytesTotal === 0 ? null : bytesDone / bytesTotal } })
  }

  return {
    folderCheck: null,
    careQuestion: null,
    persistingIds: [],

    async checkFolder(id) {
      const knowledgeBase = get().knowledgeBases.find((other) => other.id === id)
      if (knowledgeBase !== undefined && isCollection(knowledgeBase))
        await get().checkStore(knowledgeBase.persistDir)
      else await run({ kind: 'knowledge-base', knowledgeBaseId: id }, 'verify')
    },

    async checkStore(address) {
      get().closeStore()
      await run({ kind: 'store', address }, 'verify')
    },

    async checkAgain() {
      const { folderCheck } = get()
      if (folderCheck) await run(folderCheck.target, 'verify')
    },

    askToRepair(asking) {
      const { folderCheck } = get()
      if (folderCheck) set({ folderCheck: { ...folderCheck, step: asking ? 'asking' : 'done' } })
    },

    async repairFolder() {
      const { folderCheck } = get()
      if (!folderCheck) return
      await run(folderCheck.target, 'repair')
      const { selectedId } = get()
      if (selectedId !== null) get().searchAgain(selectedId)
    },

    closeFolderCheck() {
      running.abort()
      set({ folderCheck: null })
    },

    receiveVerifying({ knowledgeBaseId, bytesDone, bytesTotal }) {
      receive(
        bytesDone,
        bytesTotal,
        (target) => target.kind === 'knowledge-base' && target.knowledgeBaseId === knowledgeBaseId,
      )
    },

    receiveStoreVerifying({ address, bytesDone, bytesTotal }) {
      receive(bytesDone, bytesTotal, (target) => target.kind === 'store' && target.address === address)
    },

    async persistFolder(id) {
      set(({ persistingIds }) => ({ persistingIds: [...persistingIds, id] }))
      try {
        get().receiveKnowledgeBase(await client.call('library.persist', { knowledgeBaseId: id }))
        get().notify('done', 'The files are up to date')
      } catch (error) {
        get().notifyError(error)
      } finally {
        set(({ persistingIds }) => ({ persistingIds: persistingIds.filter((other) => other !== id) }))
      }
    },

    askCare: (careQuestion) => set({ careQuestion }),

    async resolveConflict(id, keep) {
      set({ careQuestion: null })
      try {
        const input = { knowledgeBaseId: id, keep }
        const { knowledgeBase, backup } = await client.call('library.resolveConflict', input)
        get().receiveKnowledgeBase(knowledgeBase)
        get().searchAgain(id)
        get().notify('done', 'The other version was put aside', backup)
      } catch (error) {
        get().notifyError(error)
      }
    },

    async removeDocument(id, refDocId) {
      set({ careQuestion: null })
      try {
        await client.call('library.removeDocuments', { knowledgeBaseId: id, refDocIds: [refDocId] })
        get().closeSource()
        get().searchAgain(id)
        get().notify('done', 'Removed from the index')
      } catch (error) {
        get().notifyError(error)
      }
    },
  }
}
