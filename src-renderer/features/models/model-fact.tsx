/** The verdict on the model, as a fact in a knowledge base's header; pressing it shows the numbers and the choices. */
import { ShieldAlert, ShieldCheck, ShieldQuestion } from 'lucide-react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { classNames } from '../../ui/class-names.ts'
import { unchecked } from './model-check-slice.ts'
import { modelName } from './models-slice.ts'
import './model-verdict.css'
import { verdictFact } from './verdict-sentences.ts'

const icons = { good: ShieldCheck, unknown: ShieldQuestion, bad: ShieldAlert }

export function ModelFact({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, model } = knowledgeBase
  const models = useApp((state) => state.models)
  const { check, working } = useApp((state) => state.checks[id] ?? unchecked)
  const openModelDialog = useApp((state) => state.openModelDialog)
  const modelId = check === null ? model : check.model
  const name = modelId === null ? null : modelName(models, modelId)
  const { look, text } = verdictFact(knowledgeBase, check, name)
  const Icon = icons[look]
  return (
    <button
      type="button"
      className={classNames('model-fact', `model-fact-${look}`)}
      title="The model of this knowledge base"
      onClick={() => openModelDialog(id)}
    >
      <Icon size={13} aria-hidden />
      <span>{working === 'checking' && check === null ? `Checking ${name ?? 'the model'}…` : text}</span>
    </button>
  )
}
