/** From dropped or chosen paths to a running job: upload where needed, inspect, ask, start. */
import { isCancelled, type CommandInput, type ErrorShape, type Inspection, type Job } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import type { DroppedItems } from '../../transport/dropped-items.ts'
import { uploadEntries, type UploadProgress } from '../../transport/upload.ts'
import { describeError } from '../notices/notices-slice.ts'
import { emptySession } from '../search/search-slice.ts'
import {
  consentServer,
  firstChoice,
  ingestInput,
  type IntakeChoice,
  type StoreChoice,
} from './intake-choice.ts'

export interface AskingIntake {
  readonly step: 'asking'
  readonly inspection: Inspection
  readonly choice: IntakeChoice
  /** The rules have changed, and what they leave is being counted. */
  readonly counting: boolean
  readonly starting: boolean
  /** Why starting failed. */
  readonly error: ErrorShape | null
}

export type Intake =
  | { readonly step: 'uploading'; readonly progress: UploadProgress | null }
  | { readonly step: 'inspecting' }
  | AskingIntake
  | {
      readonly step: 'failed'
      readonly error: ErrorShape
      /** Set when other rules may find something to read. */
      readonly inspection: Inspection | null
      readonly addTo: string | null
      readonly store: StoreChoice | null
    }

export interface IntakeSlice {
  readonly intake: Intake | null
  /**
   * Takes paths in: a storage folder is opened, files are asked about. `addTo` proposes a knowledge base, `store` where a
   * new one keeps its vectors.
   */
  readonly takeIn: (
    paths: readonly string[],
    addTo?: string | null,
    store?: StoreChoice | null,
  ) => Promise<void>
  readonly takeInDrop: (items: DroppedItems, addTo: string | null) => Promise<void>
  /** Asks for files and folders, then takes them in. */
  readonly chooseSources: (addTo?: string | null, store?: StoreChoice | null) => Promise<void>
  readonly changeIntake: (change: Partial<IntakeChoice>) => void
  /** Asks about what was found although there is nothing to read by the usual rules. */
  readonly askAllTheSame: () => void
  readonly startIngest: () => Promise<void>
  /** Indexes the documents that come with the app, with a first question in the search box. */
  readonly startSample: () => Promise<void>
  readonly closeIntake: () => void
}

/** What is proposed to the user. */
interface Target {
  readonly addTo: string | null
  readonly store: StoreChoice | null
}

/** Patterns are typed letter by letter. */
const countAfterMs = 250
/** Its answer among the sample documents has other words. */
const sampleQuestion = 'how do ships find their way at night'

export const createIntakeSlice: SliceCreator<IntakeSlice> = ({ client, set, get }) => {
  let current = new AbortController()
  let counting = new AbortController()

  /** A new intake takes the place of the last. */
  const begin = (intake: Intake): AbortSignal => {
    current.abort()
    counting.abort()
    current = new AbortController()
    set({ intake })
    return current.signal
  }
  const fail = (error: unknown, signal: AbortSignal): void => {
    if (signal.aborted || isCancelled(error)) return
    set({
      intake: { step: 'failed', error: describeError(error), inspection: null, addTo: null, store: null },
    })
  }
  const ask = (inspection: Inspection, addTo: string | null, store: StoreChoice | null): void => {
    // what stays on this computer, unless the user says otherwise
    const model = get().models.find(({ offline }) => offline)?.id ?? null
    const choice = firstChoice(inspection, addTo, model, store)
    set({ intake: { step: 'asking', inspection, choice, counting: false, starting: false, error: null } })
    void get().estimateIntake()
  }

  async function inspect(
    paths: readonly string[],
    { addTo, store }: Target,
    signal: AbortSignal,
  ): Promise<void> {
    set({ intake: { step: 'inspecting' } })
    const inspection = await client.call('library.inspect', { paths: [...paths] }, { signal })
    const { error } = inspection
    if (error !== null) {
      const mayFind = error.code === 'no-readable-files' ? inspection : null
      set({ intake: { step: 'failed', error, inspection: mayFind, addTo, store } })
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
      await (inspection.kind === 'chroma' ? get().openStore(only) : get().openStorageFolder(only))
      return
    }
    ask(inspection, addTo, store)
  }

  /** Counts again what the rules leave. */
  async function countAgain(): Promise<void> {
    counting.abort()
    const { signal } = (counting = new AbortController())
    await new Promise((resolve) => setTimeout(resolve, countAfterMs))
    const { intake } = get()
    if (signal.aborted || intake?.step !== 'asking') return
    const { rules, recognizeText } = intake.choice
    const input: CommandInput<'library.inspect'> = {
      paths: intake.inspection.paths,
      rules,
      recognizeText: recognizeText === true,
    }
    const settle = (change: Partial<AskingIntake>): void => {
      const { intake } = get()
      if (signal.aborted || intake?.step !== 'asking') return
      set({ intake: { ...intake, ...change, counting: false } })
      void get().estimateIntake()
    }
    try {
      const inspection = await client.call('library.inspect', input, { signal })
      settle({ inspection, error: inspection.error })
    } catch (error) {
      if (!isCancelled(error)) settle({ error: describeError(error) })
    }
  }

  async function show(job: Job): Promise<void> {
    get().receiveJob(job)
    if (!get().knowledgeBases.some(({ id }) => id === job.knowledgeBaseId)) {
      set({ selectedId: job.knowledgeBaseId })
      await get().loadLibrary()
    }
    get().select(job.knowledgeBaseId)
  }

  return {
    intake: null,

    async takeIn(paths, addTo = null, store = null) {
      const signal = begin({ step: 'inspecting' })
      try {
        await inspect(paths, { addTo, store }, signal)
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
        await inspect([path], { addTo, store: null }, signal)
      } catch (error) {
        fail(error, signal)
      }
    },

    async chooseSources(addTo = null, store = null) {
      const paths = await get().choosePaths('sources')
      if (paths !== null && paths.length > 0) await get().takeIn(paths, addTo, store)
    },

    changeIntake(change) {
      const { intake } = get()
      if (intake?.step !== 'asking') return
      // what was allowed was allowed for this model and this folder
      const asksAnew = 'model' in change || 'addTo' in change || 'persistDir' in change
      const countsAnew = 'rules' in change || 'recognizeText' in change
      const choice = { ...intake.choice, ...(asksAnew && { consent: false }), ...change }
      set({ intake: { ...intake, error: null, choice, counting: intake.counting || countsAnew } })
      if (countsAnew) void countAgain()
      else if ('model' in change || 'addTo' in change || 'nodeParser' in change) void get().estimateIntake()
    },

    askAllTheSame() {
      const { intake } = get()
      if (intake?.step === 'failed' && intake.inspection) ask(intake.inspection, intake.addTo, intake.store)
    },

    async startIngest() {
      const { intake, knowledgeBases } = get()
      if (intake?.step !== 'asking' || intake.starting || intake.counting) return
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
        const job = await client.call('ingest.start', ingestInput(inspection, choice, existing))
        set({ intake: null })
        await show(job)
      } catch (error) {
        set({ intake: { ...intake, starting: false, error: describeError(error) } })
      }
    },

    async startSample() {
      try {
        const job = await client.call('ingest.sample', {})
        await show(job)
        // not asked yet: there is nothing to search until the first files are in
        const session = { ...emptySession, query: sampleQuestion }
        set(({ sessions }) => ({ sessions: { ...sessions, [job.knowledgeBaseId]: session } }))
      } catch (error) {
        get().notifyError(error)
      }
    },

    closeIntake() {
      current.abort()
      counting.abort()
      set({ intake: null })
      void get().estimateIntake()
    },
  }
}
