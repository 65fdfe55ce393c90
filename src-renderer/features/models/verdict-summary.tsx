/** The verdict in full: whether the vectors are the model's, the numbers, and how the texts were embedded. */
import type { ModelCheck, ModelScore, ModelVerdict } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { formatDateTime } from '../../ui/format.ts'
import { modelName } from './models-slice.ts'
import { VerdictBox } from './verdict-box.tsx'
import { reasonSentence, scoreSentence, waySentence } from './verdict-sentences.ts'

export function VerdictSummary({ check }: { readonly check: ModelCheck }) {
  const { verdict, reason, score, error, dimensions, checkedAt, model, recorded, chosen } = check
  const models = useApp((state) => state.models)
  return (
    <VerdictBox verdict={verdict} name={model === null ? null : modelName(models, model)}>
      {score !== null && <Compared verdict={verdict} score={score} />}
      {verdict !== 'verified' && score === null && reason !== null && (
        <p>{reasonSentence(reason, dimensions, error?.message)}</p>
      )}
      {error?.hint !== undefined && verdict !== 'verified' && <p>{error.hint}</p>}
      <p className="verdict-source">
        {source(recorded, chosen, model)}
        {checkedAt !== null && ` Compared ${formatDateTime(checkedAt)}.`}
      </p>
    </VerdictBox>
  )
}

/** The numbers, and what was special about the way of embedding. */
export function Compared({ verdict, score }: { readonly verdict: ModelVerdict; readonly score: ModelScore }) {
  return (
    <p>
      Stored nodes were embedded again and compared: {scoreSentence(score)}{' '}
      {verdict === 'verified' && waySentence(score)}
    </p>
  )
}

function source(recorded: boolean, chosen: boolean, model: string | null): string {
  if (recorded) return 'The folder itself says that this is its model.'
  if (chosen) return 'You chose this model.'
  return model === null
    ? 'The folder does not say which model it was built with.'
    : 'The folder does not say which model it was built with; this one fits.'
}
