/** Which model the vectors of a checked folder are of, as far as comparing showed. */
import type { VerifyReport } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { modelName } from '../models/models-slice.ts'
import { VerdictBox } from '../models/verdict-box.tsx'
import { reasonSentence } from '../models/verdict-sentences.ts'
import { Compared } from '../models/verdict-summary.tsx'

export function CheckedModel({ model }: { readonly model: NonNullable<VerifyReport['model']> }) {
  const { id, verdict, reason, score } = model
  const models = useApp((state) => state.models)
  return (
    <div className="check-model">
      <VerdictBox verdict={verdict} name={id === null ? null : modelName(models, id)}>
        {score !== null && <Compared verdict={verdict} score={score} />}
        {verdict !== 'verified' && score === null && reason !== null && (
          <p>{reasonSentence(reason, null, undefined)}</p>
        )}
      </VerdictBox>
    </div>
  )
}
