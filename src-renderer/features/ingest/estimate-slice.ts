/** What indexing the files that were taken in would take with the chosen model, worked out before anything is sent. */
import type { CommandInput } from '#contract'
import type { AppState, SliceCreator } from '../../store/app-state.ts'
import { createEstimator, type Estimate } from '../models/estimates.ts'
import { intakeModel, languagesOf } from './intake-choice.ts'

export interface EstimateSlice {
  readonly estimate: Estimate | null
  /** For what the intake asks now; nothing when it does not ask. */
  readonly estimateIntake: () => Promise<void>
}

export const createEstimateSlice: SliceCreator<EstimateSlice> = ({ client, set, get }) => {
  const estimate = createEstimator(client, (estimate) => set({ estimate }))
  return { estimate: null, estimateIntake: () => estimate(inputFor(get())) }
}

function inputFor({ intake, knowledgeBases }: AppState): CommandInput<'models.estimate'> | null {
  if (intake?.step !== 'asking') return null
  const { inspection, choice } = intake
  const model = intakeModel(choice, knowledgeBases)
  if (model === null) return null
  const existing = knowledgeBases.find(({ id }) => id === choice.addTo)
  return {
    paths: inspection.paths,
    model,
    rules: choice.rules,
    ...(existing === undefined ? { nodeParser: choice.nodeParser } : { persistDir: existing.persistDir }),
    ...languagesOf(choice),
  }
}
