/** A verdict on a model at a glance: its sign, one sentence, and what there is to say below it. */
import { ShieldAlert, ShieldCheck, ShieldQuestion } from 'lucide-react'
import type { ReactNode } from 'react'
import type { ModelVerdict } from '#contract'
import './model-verdict.css'

const looks = {
  verified: { icon: ShieldCheck, look: 'good' },
  'wrong-model': { icon: ShieldAlert, look: 'bad' },
  'cannot-tell': { icon: ShieldQuestion, look: 'unknown' },
  unchecked: { icon: ShieldQuestion, look: 'unknown' },
} as const

interface VerdictBoxProps {
  readonly verdict: ModelVerdict
  /** The model's name; null where there is none. */
  readonly name: string | null
  readonly children?: ReactNode
}

export function VerdictBox({ verdict, name, children }: VerdictBoxProps) {
  const { icon: Icon, look } = looks[verdict]
  return (
    <div className={`verdict verdict-${look}`}>
      <Icon size={22} aria-hidden />
      <div>
        <p className="verdict-headline">{headline(verdict, name)}</p>
        {children}
      </div>
    </div>
  )
}

function headline(verdict: ModelVerdict, name: string | null): string {
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
