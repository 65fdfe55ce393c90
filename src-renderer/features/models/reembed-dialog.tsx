/** Asks with which model a knowledge base is embedded again, and says what will be done and sent. */
import { useState } from 'react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatCounted, formatSeconds } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { consentNeeded, remoteServerOf } from './consent.ts'
import { ConsentBox } from './consent-box.tsx'
import { unchecked } from './model-check-slice.ts'
import { ModelChoice } from './model-choice.tsx'

export function ReembedDialog({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, name, nodes, persistDir } = knowledgeBase
  const models = useApp((state) => state.models)
  const servers = useApp((state) => state.servers)
  const { working, error, check } = useApp((state) => state.checks[id] ?? unchecked)
  const openModelDialog = useApp((state) => state.openModelDialog)
  const startReembedding = useApp((state) => state.startReembedding)
  const [chosen, setChosen] = useState<string | null>(() => models.find(({ offline }) => offline)?.id ?? null)
  const [consent, setConsent] = useState(false)
  const model = models.find((other) => other.id === chosen)
  const asks = consentNeeded(model, servers, persistDir)
  const host = remoteServerOf(model, servers)?.host ?? model?.server ?? ''
  const counted = formatCounted(nodes, 'node', 'nodes')

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
            disabled={model === undefined || working === 'starting' || (asks && !consent)}
            onClick={() => chosen !== null && void startReembedding(id, chosen, asks && consent)}
          >
            {working === 'starting' ? 'Starting…' : `Embed ${counted}`}
          </Button>
        </>
      }
    >
      <p>
        Each node’s text is embedded with the model you choose. The new vectors take the place of the old ones
        at the end, in one step; the old ones are kept until you say that the new ones are good. Documents and
        nodes stay as they are.
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
      {model !== undefined && !asks && model.textsPerSecond !== undefined && (
        <p className="reembed-time">
          {counted} take about {formatSeconds(nodes / model.textsPerSecond)} at the speed measured here.
        </p>
      )}
      {model !== undefined && asks && (
        <div className="reembed-consent">
          <ConsentBox
            figures={`${counted} will be sent.`}
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
