/** What indexing the files that were taken in would take with the chosen model, worked out before anything is sent. */
import { isCancelled, type ErrorShape, type ModelEstimate } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'
import { intakeModel, type Intake } from './intake-slice.ts'

export interface IntakeEstimate {
  readonly model: string
  /** Null while it is worked out. */
  readonly result: ModelEstimate | null
  readonly error: ErrorShape | null
}

export interface EstimateSlice {
  readonly estimate: IntakeEstimate | null
  /** For what the intake asks now; nothing when it does not ask. The calculation before is cancelled. */
  readonly estimateIntake: () => Promise<void>
}

export const createEstimateSlice: SliceCreator<EstimateSlice> = ({ client, set, get }) => {
  let current = new AbortController()

  return {
    estimate: null,

    async estimateIntake() {
      current.abort()
      const { signal } = (current = new AbortController())
      const { intake, knowledgeBases } = get()
      const model = intake?.step === 'asking' ? intakeModel(intake.choice, knowledgeBases) : null
      if (intake?.step !== 'asking' || model === null) return set({ estimate: null })
      set({ estimate: { model, result: null, error: null } })
      try {
        const result = await client.call('models.estimate', inputFor(intake, model), { signal })
        if (!signal.aborted) set({ estimate: { model, result, error: null } })
      } catch (error) {
        if (signal.aborted || isCancelled(error)) return
        set({ estimate: { model, result: null, error: describeError(error) } })
      }
    },
  }

  function inputFor({ inspection, choice }: Extract<Intake, { step: 'asking' }>, model: string) {
    const existing = get().knowledgeBases.find(({ id }) => id === choice.addTo)
    return {
      paths: inspection.paths,
      model,
      ...(existing !== undefined && { persistDir: existing.persistDir }),
    }
  }
}
