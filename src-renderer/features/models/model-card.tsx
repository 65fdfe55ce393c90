/** One model on the models page: what it is, where it runs, what trying it showed, and what can be done with it. */
import { Gauge, Pencil, Trash2, Zap } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { EmbedModelInfo } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { folderOf, modelFacts } from './model-facts.ts'
import { TrialResult } from './trial-result.tsx'
import { WhereBadge } from './where-badge.tsx'

interface ModelCardProps {
  readonly model: EmbedModelInfo
  /** Left out within a server's card, which says it for all its models. */
  readonly showWhere?: boolean
}

export function ModelCard({ model, showWhere = false }: ModelCardProps) {
  const { id, name, queryPrefix, documentPrefix, description, server } = model
  const card = useRef<HTMLLIElement>(null)
  const trial = useApp((state) => state.trials[id])
  const isNew = useApp((state) => state.newModelId === id)
  const testModel = useApp((state) => state.testModel)
  const measureModel = useApp((state) => state.measureModel)
  const editModel = useApp((state) => state.editModel)
  const removeModel = useApp((state) => state.removeModel)
  const folder = folderOf(model)
  const working = trial?.working ?? null
  const isBundled = folder === null && server === undefined

  useEffect(() => {
    if (isNew) card.current?.scrollIntoView({ block: 'nearest' })
  }, [isNew])

  return (
    <li className="model-card" ref={card} aria-label={name}>
      <div className="model-card-head">
        <h3 title={id}>{name}</h3>
        {showWhere && <WhereBadge offline={model.offline} />}
        <span className="model-card-actions">
          {working !== null && <Spinner label={working === 'testing' ? 'Testing' : 'Measuring'} />}
          <Button
            look="quiet"
            icon={Zap}
            disabled={working !== null}
            aria-label={`Test ${name}`}
            onClick={() => void testModel(id)}
          >
            Test
          </Button>
          <Button
            look="quiet"
            icon={Gauge}
            disabled={working !== null}
            aria-label={`Measure the speed of ${name}`}
            onClick={() => void measureModel(id)}
          >
            {working === 'measuring' ? 'Measuring…' : 'Speed'}
          </Button>
          {!isBundled && <IconButton icon={Pencil} label={`Change ${name}`} onClick={() => editModel(id)} />}
          {model.removable && (
            <IconButton
              icon={Trash2}
              label={`Take ${name} off the list`}
              onClick={() => void removeModel(id)}
            />
          )}
        </span>
      </div>
      <ul className="model-facts">
        {modelFacts(model).map((fact) => (
          <li key={fact}>{fact}</li>
        ))}
      </ul>
      {(queryPrefix !== '' || documentPrefix !== '') && (
        <p className="model-card-note model-prefixes">
          <span>
            Before a question: <Prefix text={queryPrefix} />
          </span>
          <span>
            Before a document: <Prefix text={documentPrefix} />
          </span>
        </p>
      )}
      {isBundled && <p className="model-card-note">{description}</p>}
      {folder !== null && (
        <p className="model-card-note">
          <PathText path={folder} />
        </p>
      )}
      {trial !== undefined && <TrialResult trial={trial} />}
    </li>
  )
}

function Prefix({ text }: { readonly text: string }) {
  return text === '' ? <>nothing.</> : <code className="prefix">{text}</code>
}
