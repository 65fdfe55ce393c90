/** One server on the models page: where it is, whether it has a key, and the models of it that are on the list. */
import { KeyRound, Pencil, Plus, Trash2 } from 'lucide-react'
import type { EmbedModelInfo, ModelServer } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { formatCounted } from '../../ui/format.ts'
import { ModelCard } from './model-card.tsx'
import { serverLabel } from './server-labels.ts'
import { WhereBadge } from './where-badge.tsx'

interface ServerCardProps {
  readonly server: ModelServer
  readonly models: readonly EmbedModelInfo[]
}

export function ServerCard({ server, models }: ServerCardProps) {
  const { name, baseUrl, offline, host } = server
  const openServerForm = useApp((state) => state.openServerForm)
  const openModelPicker = useApp((state) => state.openModelPicker)
  const askToRemoveServer = useApp((state) => state.askToRemoveServer)
  const label = serverLabel(name)
  const mayGo = server.origin !== 'known' || server.key === 'stored'
  return (
    <section className="server-card" aria-label={label}>
      <div className="model-card-head">
        <h3>{label}</h3>
        <WhereBadge offline={offline} host={host} />
        <span className="model-card-actions">
          <Button
            look="quiet"
            icon={Plus}
            aria-label={`Add a model of ${label}`}
            onClick={() => openModelPicker(name)}
          >
            Add a model…
          </Button>
          <IconButton icon={Pencil} label={`Change ${label}`} onClick={() => openServerForm(name)} />
          {mayGo && (
            <IconButton icon={Trash2} label={`Remove ${label}`} onClick={() => askToRemoveServer(name)} />
          )}
        </span>
      </div>
      <p className="model-card-note server-address">
        <span className="breakable-url">{baseUrl}</span>
        <KeyState server={server} />
      </p>
      <Consents server={server} />
      {models.length === 0 ? (
        <p className="server-empty">No model of it is on the list yet.</p>
      ) : (
        <ul className="server-models" aria-label={`Models of ${label}`}>
          {models.map((model) => (
            <ModelCard key={model.id} model={model} />
          ))}
        </ul>
      )}
    </section>
  )
}

function KeyState({ server }: { readonly server: ModelServer }) {
  switch (server.key) {
    case 'not-needed':
      return null
    case 'stored':
      return <Badge icon={KeyRound}>A key is stored</Badge>
    case 'environment':
      return <Badge icon={KeyRound}>Key from {server.keyName}</Badge>
    case 'missing':
      return (
        <Badge icon={KeyRound} look="warning">
          No key yet
        </Badge>
      )
  }
}

function Consents({ server }: { readonly server: ModelServer }) {
  const { consents, name, offline } = server
  const takeBackConsents = useApp((state) => state.takeBackConsents)
  if (offline || consents.length === 0) return null
  return (
    <p className="model-card-note server-consents">
      {consents === 'everything'
        ? 'You allowed it to have the text of every knowledge base.'
        : `You allowed it to have the text of ${formatCounted(consents.length, 'knowledge base', 'knowledge bases')}.`}
      <button type="button" className="link" onClick={() => void takeBackConsents(name)}>
        Take it back
      </button>
    </p>
  )
}
