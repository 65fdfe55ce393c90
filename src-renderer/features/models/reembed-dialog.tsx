/** Asks with which model a knowledge base is embedded again, and says what will be done, sent and kept. */
import { useEffect, useState } from 'react'
import type { KnowledgeBase, ModelCheck } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatCounted, formatDateTime } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { consentNeeded, remoteServerOf } from './consent.ts'
import { ConsentBox } from './consent-box.tsx'
import type { Estimate } from './estimates.ts'
import { unchecked } from './model-check-slice.ts'
import { ModelChoice } from './model-choice.tsx'
import { estimateSentence } from './model-facts.ts'
import { modelName } from './models-slice.ts'

export function ReembedDialog({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, name, nodes, persistDir } = knowledgeBase
  const models = useApp((state) => state.models)
  const servers = useApp((state) => state.servers)
  const { working, error, check } = useApp((state) => state.checks[id] ?? unchecked)
  const newest = useApp((state) => state.reembedEstimate)
  const openModelDialog = useApp((state) => state.openModelDialog)
  const estimateReembedding = useApp((state) => state.estimateReembedding)
  const startReembedding = useApp((state) => state.startReembedding)
  const [chosen, setChosen] = useState<string | null>(() => models.find(({ offline }) => offline)?.id ?? null)
  const [consent, setConsent] = useState(false)
  const model = models.find((other) => other.id === chosen)
  const asks = consentNeeded(model, servers, persistDir)
  const host = remoteServerOf(model, servers)?.host ?? model?.server ?? ''
  const counted = formatCounted(nodes, 'node', 'nodes')
  const estimate = newest?.model === chosen ? newest : null
  const isEstimated = estimate !== null && (estimate.result !== null || estimate.error !== null)
  // nothing is sent elsewhere before it was said how much that is
  const ready = model !== undefined && (model.offline || (isEstimated && (!asks || consent)))

  useEffect(() => {
    void estimateReembedding(chosen === null ? null : { knowledgeBaseId: id, model: chosen })
    return () => void estimateReembedding(null)
  }, [id, chosen, estimateReembedding])

  return (
    <Dialog
      title={`Embed “${name}” again`}
      onClose={() => openModelDialog(null)}
      actions={
        <>
          <Button onClick={() => openModelDialog(id)}>Back</Button>
          <span className="spring" />
          <Button onClick={() => openModelDialog(null)}>Cancel</Button>
          <Button
            look="primary"
            disabled={!ready || working === 'starting'}
            onClick={() => chosen !== null && void startReembedding(id, chosen, asks && consent)}
          >
            {working === 'starting' ? 'Starting…' : `Embed ${counted}`}
          </Button>
        </>
      }
    >
      <p>
        Each node’s text is embedded with the model you choose. The new vectors take the place of the old ones
        at the end, in one step. Documents and nodes stay as they are.
      </p>
      <p className="reembed-kept">
        <Kept check={check} />
      </p>
      <div className="field">
        <span className="field-label">Embedding model</span>
        <ModelChoice
          label="Embedding model"
          value={chosen}
          onChange={(value) => {
            setChosen(value)
            setConsent(false)
          }}
          without={check?.verdict === 'verified' ? check.model : null}
        />
      </div>
      {model !== undefined && !isEstimated && (
        <p className="reembed-estimate" role="status">
          <Spinner label="" /> Working out what it takes…
        </p>
      )}
      {isEstimated && !asks && (
        <p className="reembed-estimate" role="status">
          {counted}: {figuresOf(estimate)}
          {host !== '' && model?.offline === false && ` Sent to ${host}, as you allowed before.`}
        </p>
      )}
      {isEstimated && asks && (
        <div className="reembed-consent">
          <ConsentBox
            figures={`${counted}: ${figuresOf(estimate)}`}
            what="the text of this knowledge base, and of my questions to it,"
            host={host}
            checked={consent}
            onChange={setConsent}
          />
        </div>
      )}
      {error !== null && (
        <div className="form-error">
          <Message kind="error" message={error.message} hint={error.hint} />
        </div>
      )}
    </Dialog>
  )
}

function figuresOf({ result, error }: Estimate): string {
  if (result === null) return `how much it is cannot be said: ${error?.message ?? ''}`
  const sentence = estimateSentence(result)
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}

/** Only one set of old vectors is kept: of several replacements, the one from before the first. */
function Kept({ check }: { readonly check: ModelCheck | null }) {
  const models = useApp((state) => state.models)
  if (check?.oldVectors === null || check === null)
    return 'The old ones are kept until you say that the new ones are good.'
  const { model, replacedAt } = check.oldVectors
  const before = model === null ? 'The vectors' : `The vectors of ${modelName(models, model)}`
  const now = check.model === null ? 'Those of now' : `Those of now, of ${modelName(models, check.model)},`
  return `${before} from before ${formatDateTime(replacedAt)} stay kept, as you did not decide about them yet. ${now} are not kept: they can be made again, from the cache where it still has them. To keep these instead, choose “Keep the new ones” first.`
}
