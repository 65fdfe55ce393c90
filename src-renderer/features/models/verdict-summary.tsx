/** The verdict in full: whether the vectors are the model's, the numbers, and how the texts were embedded. */
import { ShieldAlert, ShieldCheck, ShieldQuestion } from 'lucide-react'
import type { ModelCheck } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { formatDateTime } from '../../ui/format.ts'
import { modelName } from './models-slice.ts'
import { reasonSentence, scoreSentence, waySentence } from './verdict-sentences.ts'

const looks = {
  verified: { icon: ShieldCheck, look: 'good' },
  'wrong-model': { icon: ShieldAlert, look: 'bad' },
  'cannot-tell': { icon: ShieldQuestion, look: 'unknown' },
  unchecked: { icon: ShieldQuestion, look: 'unknown' },
} as const

export function VerdictSummary({ check }: { readonly check: ModelCheck }) {
  const { verdict, reason, score, error, dimensions, checkedAt, model, recorded, chosen } = check
  const models = useApp((state) => state.models)
  const name = model === null ? null : modelName(models, model)
  const { icon: Icon, look } = looks[verdict]
  const way = score === null || verdict !== 'verified' ? null : waySentence(score)
  return (
    <div className={`verdict verdict-${look}`}>
      <Icon size={22} aria-hidden />
      <div>
        <p className="verdict-headline">{headline(verdict, name)}</p>
        {score !== null && (
          <p>
            Stored nodes were embedded again and compared: {scoreSentence(score)} {way}
          </p>
        )}
        {verdict !== 'verified' && score === null && reason !== null && (
          <p>{reasonSentence(reason, dimensions, error?.message)}</p>
        )}
        {error?.hint !== undefined && verdict !== 'verified' && <p>{error.hint}</p>}
        <p className="verdict-source">
          {source(recorded, chosen, model)}
          {checkedAt !== null && ` Compared ${formatDateTime(checkedAt)}.`}
        </p>
      </div>
    </div>
  )
}

function headline(verdict: ModelCheck['verdict'], name: string | null): string {
  switch (verdict) {
    case 'verified':
      return `Verified: ${name ?? 'this model'} made these vectors.`
    case 'wrong-model':
      return name === null
        ? 'None of the models at hand made these vectors.'
        : `Wrong model: ${name} did not make these vectors.`
    case 'cannot-tell':
      return name === null
        ? 'No model fits these vectors.'
        : `Cannot tell whether ${name} made these vectors.`
    case 'unchecked':
      return name === null ? 'No model was chosen yet.' : `${name} was not compared with these vectors yet.`
  }
}

function source(recorded: boolean, chosen: boolean, model: string | null): string {
  if (recorded) return 'The folder itself says that this is its model.'
  if (chosen) return 'You chose this model.'
  return model === null
    ? 'The folder does not say which model it was built with.'
    : 'The folder does not say which model it was built with; this one fits.'
}
