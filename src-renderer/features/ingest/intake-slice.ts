/** From dropped or chosen paths to a running job: upload where needed, inspect, ask, start. */
import { isCancelled, type ErrorShape, type Inspection, type KnowledgeBase } from '#contract'
import type { AppState, SliceCreator } from '../../store/app-state.ts'
import type { DroppedItems } from '../../transport/dropped-items.ts'
import { uploadEntries, type UploadProgress } from '../../transport/upload.ts'
import { consentNeeded, remoteServerOf } from '../models/consent.ts'
import { describeError } from '../notices/notices-slice.ts'

export interface IntakeChoice {
  /** Add to this knowledge base; null makes a new one. */
  readonly addTo: string | null
  readonly name: string
  readonly persistDir: string
  readonly model: string | null
  /** The user ticked that the text may be sent to the model's server. */
  readonly consent: boolean
}

export type Intake =
  | { readonly step: 'uploading'; readonly progress: UploadProgress | null }
  | { readonly step: 'inspecting' }
  | {
      readonly step: 'asking'
      readonly inspection: Inspection
      readonly choice: IntakeChoice
      readonly starting: boolean
      /** Why starting failed. */
      readonly error: ErrorShape | null
    }
  | { readonly step: 'failed'; readonly error: ErrorShape }

export interface IntakeSlice {
  readonly intake: Intake | null
  /** Takes paths in: a storage folder is opened, files are asked about. `addTo` proposes a knowledge base. */
  readonly takeIn: (paths: readonly string[], addTo?: string | null) => Promise<void>
  readonly takeInDrop: (items: DroppedItems, addTo: string | null) => Promise<void>
  /** Asks for files and folders, then takes them in. */
  readonly chooseSources: (addTo?: string | null) => Promise<void>
  readonly changeIntake: (change: Partial<IntakeChoice>) => void
  readonly startIngest: () => Promise<void>
  readonly closeIntake: () => void
}

export const createIntakeSlice: SliceCreator<IntakeSlice> = ({ client, set, get }) => {
  let current = new AbortController()

  /** A new intake takes the place of the last. */
  const begin = (intake: Intake): AbortSignal => {
    current.abort()
    current = new AbortController()
    set({ intake })
    return current.signal
  }
  const fail = (error: unknown, signal: AbortSignal): void => {
    if (!signal.aborted && !isCancelled(error))
      set({ intake: { step: 'failed', error: describeError(error) } })
  }

  async function inspect(paths: readonly string[], addTo: string | null, signal: AbortSignal): Promise<void> {
    set({ intake: { step: 'inspecting' } })
    const inspection = await client.call('library.inspect', { paths: [...paths] }, { signal })
    if (inspection.error !== null) {
      set({ intake: { step: 'failed', error: inspection.error } })
      return
    }
    const [only] = inspection.paths
    if (inspection.modelFolder && only !== undefined) {
      set({ intake: null })
      await get().addModelFolder(only)
      return
    }
    if (inspection.kind !== 'files' && inspection.paths.length === 1 && only !== undefined) {
      set({ intake: null })
      await get().openStorageFolder(only)
      return
    }
    const choice: IntakeChoice = {
      addTo,
      name: inspection.suggestedName,
      persistDir: inspection.suggestedPersistDir,
      // what stays on this computer, unless the user says otherwise
      model: get().models.find(({ offline }) => offline)?.id ?? null,
      consent: false,
    }
    set({ intake: { step: 'asking', inspection, choice, starting: false, error: null } })
    void get().estimateIntake()
  }

  return {
    intake: null,

    async takeIn(paths, addTo = null) {
      const signal = begin({ step: 'inspecting' })
      try {
        await inspect(paths, addTo, signal)
      } catch (error) {
        fail(error, signal)
      }
    },

    async takeInDrop(items, addTo) {
      if (items.kind === 'paths') {
        await get().takeIn(items.paths, addTo)
        return
      }
      if (items.entries.length === 0) return
      const signal = begin({ step: 'uploading', progress: null })
      try {
        const path = await uploadEntries(client, items.entries, {
          signal,
          onProgress(progress) {
            if (!signal.aborted) set({ intake: { step: 'uploading', progress } })
          },
        })
        await inspect([path], addTo, signal)
      } catch (error) {
        fail(error, signal)
      }
    },

    async chooseSources(addTo = null) {
      const paths = await get().choosePaths('sources')
      if (paths !== null && paths.length > 0) await get().takeIn(paths, addTo)
    },

    changeIntake(change) {
      const { intake } = get()
      if (intake?.step !== 'asking') return
      // what was allowed was allowed for this model and this folder
      const asksAnew = 'model' in change || 'addTo' in change || 'persistDir' in change
      const choice = { ...intake.choice, ...(asksAnew && { consent: false }), ...change }
      set({ intake: { ...intake, error: null, choice } })
      if ('model' in change || 'addTo' in change) void get().estimateIntake()
    },

    async startIngest() {
      const { intake, knowledgeBases } = get()
      if (intake?.step !== 'asking' || intake.starting) return
      const { choice, inspection } = intake
      const existing = knowledgeBases.find(({ id }) => id === choice.addTo)
      const asked = consentServer(get(), choice)
      if (asked !== null && !choice.consent) return
      set({ intake: { ...intake, starting: true, error: null } })
      try {
        if (asked !== null) {
          const persistDir = existing?.persistDir ?? choice.persistDir.trim()
          get().receiveServer(await client.call('models.consent', { server: asked, persistDir, given: true }))
        }
        const job = await client.call('ingest.start', {
          paths: inspection.paths,
          ...(existing === undefined
            ? {
                persistDir: choice.persistDir.trim(),
                name: choice.name,
                ...(choice.model === null ? {} : { model: choice.model }),
              }
            : { persistDir: existing.persistDir }),
        })
        set({ intake: null })
        get().receiveJob(job)
        if (!get().knowledgeBases.some(({ id }) => id === job.knowledgeBaseId)) {
          set({ selectedId: job.knowledgeBaseId })
          await get().loadLibrary()
        }
        get().select(job.knowledgeBaseId)
      } catch (error) {
        set({ intake: { ...intake, starting: false, error: describeError(error) } })
      }
    },

    closeIntake() {
      current.abort()
      set({ intake: null })
      void get().estimateIntake()
    },
  }
}

/** The model that files would be indexed with: the chosen one, or that of the knowledge base they are added to. */
export function intakeModel(choice: IntakeChoice, knowledgeBases: readonly KnowledgeBase[]): string | null {
  if (choice.addTo === null) return choice.model
  return knowledgeBases.find(({ id }) => id === choice.addTo)?.model ?? null
}

/** The server that the user has to allow first, by name; null where nothing has to be allowed. */
export function consentServer(state: AppState, choice: IntakeChoice): string | null {
  const { models, servers, knowledgeBases } = state
  const id = intakeModel(choice, knowledgeBases)
  const model = models.find((other) => other.id === id)
  const existing = knowledgeBases.find((other) => other.id === choice.addTo)
  const persistDir = existing?.persistDir ?? choice.persistDir.trim()
  if (!consentNeeded(model, servers, persistDir)) return null
  return remoteServerOf(model, servers)?.name ?? model?.server ?? null
}
