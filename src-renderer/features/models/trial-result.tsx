/** What testing or measuring a model showed, in a sentence. */
import { CircleCheck } from 'lucide-react'
import { Message } from '../../ui/message.tsx'
import { outcomeOf } from './model-facts.ts'
import type { ModelTrial } from './models-slice.ts'

export function TrialResult({ trial }: { readonly trial: ModelTrial }) {
  const { test, error } = trial
  if (error !== null) return <Message kind="error" message={error.message} hint={error.hint} />
  if (test === null) return null
  const { kind, message, hint } = outcomeOf(test)
  if (kind === 'good') {
    return (
      <p className="trial-good" role="status">
        <CircleCheck size={15} aria-hidden />
        {message}
      </p>
    )
  }
  return <Message kind={kind} message={message} hint={hint} />
}
