/** The models to choose one from, each with where it runs, its dimensions and its speed on this machine. */
import { useId } from 'react'
import type { EmbedModelInfo } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { formatCount } from '../../ui/format.ts'
import { hasKey } from './consent.ts'
import './model-choice.css'
import { speed } from './model-facts.ts'
import { serverLabel } from './server-labels.ts'
import { WhereBadge } from './where-badge.tsx'

interface ModelChoiceProps {
  readonly label: string
  readonly value: string | null
  readonly onChange: (id: string) => void
  /** Left out of the choice: the model that is there already. */
  readonly without?: string | null
}

export function ModelChoice({ label, value, onChange, without }: ModelChoiceProps) {
  const name = useId()
  const models = useApp((state) => state.models)
  const trials = useApp((state) => state.trials)
  const servers = useApp((state) => state.servers)
  // a server that was not set up has models that nobody here can use
  const offered = models
    .filter((model) => model.id !== without && (model.id === value || hasKey(model, servers)))
    .toSorted((a, b) => Number(b.offline) - Number(a.offline))
  return (
    <div className="model-choice" role="radiogroup" aria-label={label}>
      {offered.map((model) => (
        <label key={model.id} className="model-choice-row">
          <input type="radio" name={name} checked={model.id === value} onChange={() => onChange(model.id)} />
          <span className="model-choice-text">
            <span className="model-choice-name">
              <span title={model.id}>{model.name}</span>
              <WhereBadge
                offline={model.offline}
                host={servers.find((server) => server.name === model.server)?.host}
              />
            </span>
            <span className="model-choice-facts">
              {choiceFacts(model, trials[model.id]?.working === 'measuring')}
            </span>
          </span>
        </label>
      ))}
    </div>
  )
}

function choiceFacts(
  { dimensions, textsPerSecond, server, usdPerMillionTokens }: EmbedModelInfo,
  measuring: boolean,
): string {
  const unmeasured = measuring ? 'measuring its speed…' : 'speed not measured yet'
  return [
    `${formatCount(dimensions)} dimensions`,
    textsPerSecond === undefined ? unmeasured : speed(textsPerSecond),
    server === undefined ? null : serverLabel(server),
    usdPerMillionTokens === undefined || usdPerMillionTokens === 0 ? null : 'costs money',
  ]
    .filter((fact) => fact !== null)
    .join(' · ')
}
