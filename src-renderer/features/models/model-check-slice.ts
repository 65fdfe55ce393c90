/** Whether the vectors of each knowledge base are its model's, and what the user does about it. */
import { isCancelled, type ErrorShape, type ModelCheck } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'
import { createEstimator, type Estimate } from './estimates.ts'

export interface ModelChecking {
  readonly check: ModelCheck | null
  /** What is being done, and with which model. */
  readonly working: 'checking' | 'verifying' | 'choosing' | 'starting' | 'deciding' | null
  readonly workingWith: string | null
  readonly error: ErrorShape | null
}

export interface ModelDialogState {
  readonly knowledgeBaseId: string
  readonly step: 'verdict' | 'reembed'
}

export interface ModelCheckSlice {
  readonly checks: Readonly<Record<string, ModelChecking>>
  /** The knowledge base whose model is looked at in a dialog, or embedded again. */
  readonly modelDialog: ModelDialogState | null
  /** What embedding the knowledge base of the dialog again would take. */
  readonly reembedEstimate: Estimate | null
  readonly checkModel: (knowledgeBaseId: string) => Promise<void>
  readonly openModelDialog: (knowledgeBaseId: string | null, step?: ModelDialogState['step']) => void
  /** Compares the folder's vectors with a model's. `consent`: its server may have the text of this folder from now on. */
  readonly verifyModel: (knowledgeBaseId: string, model: string, consent?: boolean) => Promise<void>
  /** The server of its model may have the questions to it; then the last one is asked again. */
  readonly allowSending: (knowledgeBaseId: string) => Promise<void>
  readonly chooseModel: (knowledgeBaseId: string, model: string, unverified: boolean) => Promise<void>
  /** Null: nothing is asked. */
  readonly estimateReembedding: (asked: { knowledgeBaseId: string; model: string } | null) => Promise<void>
  readonly startReembedding: (knowledgeBaseId: string, model: string, consent: boolean) => Promise<void>
  readonly discardOldVectors: (knowledgeBaseId: string) => Promise<void>
  readonly restoreOldVectors: (knowledgeBaseId: string) => Promise<void>
}

export const unchecked: ModelChecking = { check: null, working: null, workingWith: null, error: null }

export const createModelCheckSlice: SliceCreator<ModelCheckSlice> = ({ client, set, get }) => {
  const checking = new Map<string, AbortController>()

  const update = (id: string, change: Partial<ModelChecking>): void => {
    set(({ checks }) => ({ checks: { ...checks, [id]: { ...(checks[id] ?? unchecked), ...change } } }))
  }

  /** Does one thing at a time for each knowledge base; the newest call is the one that counts. */
  async function run(
    id: string,
    working: NonNullable<ModelChecking['working']>,
    workingWith: string | null,
    work: (signal: AbortSignal) => Promise<ModelCheck | null>,
  ): Promise<boolean> {
    checking.get(id)?.abort()
    const controller = new AbortController()
    checking.set(id, controller)
    update(id, { working, workingWith, error: null })
    try {
      const check = await work(controller.signal)
      if (controller.signal.aborted) return false
      update(id, { working: null, workingWith: null, ...(check !== null && { check }) })
      return true
    } catch (error) {
      if (controller.signal.aborted) return false
      const shape = isCancelled(error) ? null : describeError(error)
      update(id, { working: null, workingWith: null, error: shape })
      return false
    }
  }

  /** What the user allowed by a tick is told to the engine before anything is sent. */
  async function consent(id: string, model: string): Promise<void> {
    const { models, knowledgeBases } = get()
    const server = models.find((other) => other.id === model)?.server
    const persistDir = knowledgeBases.find((other) => other.id === id)?.persistDir
    if (server === undefined || persistDir === undefined) return
    get().receiveServer(await client.call('models.consent', { server, persistDir, given: true }))
  }

  return {
    checks: {},
    modelDialog: null,
    reembedEstimate: null,
    estimateReembedding: createEstimator(client, (reembedEstimate) => set({ reembedEstimate })),

    async checkModel(id) {
      await run(id, 'checking', null, (signal) =>
        client.call('models.check', { knowledgeBaseId: id }, { signal }),
      )
    },

    openModelDialog(id, step = 'verdict') {
      set({ modelDialog: id === null ? null : { knowledgeBaseId: id, step } })
    },

    async verifyModel(id, model, allowed = false) {
      await run(id, 'verifying', model, async (signal) => {
        if (allowed) await consent(id, model)
        return client.call('models.verify', { knowledgeBaseId: id, model }, { signal })
      })
    },

    async allowSending(id) {
      const model = get().knowledgeBases.find((other) => other.id === id)?.model
      if (model === null || model === undefined) return
      try {
        await consent(id, model)
        get().searchAgain(id)
      } catch (error) {
        get().notifyError(error)
      }
    },

    async chooseModel(id, model, unverified) {
      const done = await run(id, 'choosing', model, () =>
        client.call('models.choose', { knowledgeBaseId: id, model, unverified }),
      )
      if (!done) return
      if (get().modelDialog?.knowledgeBaseId === id) set({ modelDialog: null })
      get().searchAgain(id)
    },

    async startReembedding(id, model, allowed) {
      await run(id, 'starting', model, async () => {
        if (allowed) await consent(id, model)
        get().receiveJob(await client.call('reembed.start', { knowledgeBaseId: id, model }))
        set({ modelDialog: null })
        return null
      })
    },

    async discardOldVectors(id) {
      await run(id, 'deciding', null, () => client.call('models.discardOldVectors', { knowledgeBaseId: id }))
    },

    async restoreOldVectors(id) {
      const input = { knowledgeBaseId: id }
      const done = await run(id, 'deciding', null, () => client.call('models.restoreOldVectors', input))
      if (done) get().searchAgain(id)
    },
  }
}
