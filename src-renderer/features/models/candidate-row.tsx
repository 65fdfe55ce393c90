/** A model that may have made a folder's vectors: what comparing them showed, or the way to compare them. */
import { useState } from 'react'
import type { ModelCandidate } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { unchecked } from './model-check-slice.ts'
import { candidateSentence } from './verdict-sentences.ts'
import { WhereBadge } from './where-badge.tsx'

interface CandidateRowProps {
  readonly knowledgeBaseId: string
  readonly candidate: ModelCandidate
  /** It is the model in use. */
  readonly current: boolean
}

export function CandidateRow({ knowledgeBaseId, candidate, current }: CandidateRowProps) {
  const { model, verdict, reason, consentNeeded, error } = candidate
  const { id, name, offline } = model
  const host = useApp((state) => state.servers.find((server) => server.name === model.server)?.host)
  const { working, workingWith } = useApp((state) => state.checks[knowledgeBaseId] ?? unchecked)
  const verifyModel = useApp((state) => state.verifyModel)
  const chooseModel = useApp((state) => state.chooseModel)
  const [consent, setConsent] = useState(false)
  const busy = working !== null && workingWith === id
  const cannotBeProven = verdict === 'cannot-tell' && (reason === 'no-text' || reason === 'no-vectors')
  const canCompare = verdict !== 'verified' && !cannotBeProven && reason !== 'other-dimensions'
  const compare =
    busy && working === 'verifying' ? 'Comparing…' : verdict === 'unchecked' ? 'Compare' : 'Compare again'
  const use = verdict === 'verified' ? 'Use it' : 'Use it unproven'
  return (
    <li aria-label={name}>
      <div className="candidate-head">
        <span className="candidate-name" title={id}>
          {name}
        </span>
        <WhereBadge offline={offline} host={host} />
        {current && <Badge>In use</Badge>}
        <span className="spring" />
        {busy && <Spinner label={working === 'verifying' ? 'Comparing' : 'Working'} />}
        {canCompare && (
          <Button
            disabled={working !== null || (consentNeeded && !consent)}
            aria-label={`${compare}: ${name}`}
            onClick={() => void verifyModel(knowledgeBaseId, id, consentNeeded)}
          >
            {compare}
          </Button>
        )}
        {!current && (verdict === 'verified' || cannotBeProven) && (
          <Button
            look={verdict === 'verified' ? 'primary' : 'plain'}
            disabled={working !== null}
            aria-label={`${use}: ${name}`}
            onClick={() => void chooseModel(knowledgeBaseId, id, cannotBeProven)}
          >
            {use}
          </Button>
        )}
      </div>
      <p className={verdict === 'wrong-model' ? 'candidate-wrong' : 'candidate-note'}>
        {candidateSentence(candidate)}
        {error?.hint !== undefined && ` ${error.hint}`}
      </p>
      {consentNeeded && canCompare && (
        <div className="candidate-consent">
          <Checkbox checked={consent} onChange={setConsent}>
            Send the text of this folder that is needed, and my questions to it, to {host ?? model.server}
          </Checkbox>
        </div>
      )}
    </li>
  )
}
