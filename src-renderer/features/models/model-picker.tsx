/** What a server has: its models to put on the list, those that can embed first, or one by its name. */
import { Check, Plus } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import type { ServerModel } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { formatCounted } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { shortId } from './model-facts.ts'
import type { ModelPicker as Picker } from './model-picker-slice.ts'
import { serverLabel } from './server-labels.ts'
import { TrialResult } from './trial-result.tsx'

/** More than this many are shown when asked for by a part of their name. */
const shownAtOnce = 200

export function ModelPicker({ picker }: { readonly picker: Picker }) {
  const { server, found, error } = picker
  const closeModelPicker = useApp((state) => state.closeModelPicker)
  const listServerModels = useApp((state) => state.listServerModels)
  const isAzure = useApp((state) => state.servers.find(({ name }) => name === server)?.kind === 'azure')
  const [filter, setFilter] = useState('')
  const label = serverLabel(server)
  const matching = (found ?? []).filter(({ id }) => shortId(id).toLowerCase().includes(filter.toLowerCase()))

  return (
    <Dialog
      wide
      title={`Models of ${label}`}
      onClose={closeModelPicker}
      actions={
        <Button look="primary" onClick={closeModelPicker}>
          Done
        </Button>
      }
    >
      {found === null && (
        <p className="models-loading">
          <Spinner label="" /> Asking {label} for its models…
        </p>
      )}
      {error !== null && (
        <Message
          kind={error.code === 'not-found' ? 'info' : 'error'}
          message={error.message}
          hint={error.hint}
        >
          <Button onClick={() => void listServerModels()}>Ask again</Button>
        </Message>
      )}
      {found !== null && error === null && !isAzure && (
        <p className="picker-count" role="status">
          {answer(label, found)}
        </p>
      )}
      {found !== null && found.length > 8 && (
        <input
          className="text-input picker-filter"
          type="search"
          aria-label="Part of a model’s name"
          placeholder="Part of a model’s name"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      )}
      {matching.length > 0 && (
        <ul className="picker-list" aria-label={`Models of ${label}`}>
          {matching.slice(0, shownAtOnce).map((model) => (
            <Row key={model.id} model={model} picker={picker} />
          ))}
        </ul>
      )}
      {matching.length > shownAtOnce && (
        <p className="picker-more">
          Type a part of the name to see the other {matching.length - shownAtOnce}.
        </p>
      )}
      {found !== null && <ByName key={server} picker={picker} isAzure={isAzure} />}
    </Dialog>
  )
}

function answer(label: string, found: readonly ServerModel[]): string {
  if (found.length === 0) return `${label} answers, but it has no models.`
  const embedding = found.filter(({ canEmbed }) => canEmbed === true).length
  const has = `${label} answers: ${formatCounted(found.length, 'model', 'models')}`
  if (embedding === 0) return `${has}. Which of them can embed is not clear from their names.`
  return `${has}, of which ${embedding === 1 ? '1 is' : `${embedding} are`} for embedding.`
}

function Row({ model, picker }: { readonly model: ServerModel; readonly picker: Picker }) {
  const { id, canEmbed } = model
  const name = shortId(id)
  const pickModel = useApp((state) => state.pickModel)
  const listed = useApp((state) => state.models.some((other) => other.id === id))
  const trial = useApp((state) => state.trials[id])
  const refusal = picker.refusal?.id === id ? picker.refusal.error : null
  return (
    <li>
      <div className="picker-row">
        <span className="picker-name" title={id}>
          {name}
        </span>
        {canEmbed === true && <Badge look="good">Embeds</Badge>}
        {canEmbed === false && <Badge>Not for embedding</Badge>}
        <span className="spring" />
        {trial?.working === 'testing' && <Spinner label="Testing" />}
        {listed ? (
          <span className="picker-listed">
            <Check size={14} aria-hidden /> On the list
          </span>
        ) : (
          <Button
            icon={Plus}
            disabled={picker.adding !== null}
            aria-label={`Add ${name}`}
            onClick={() => void pickModel(id)}
          >
            {picker.adding === id ? 'Asking…' : 'Add'}
          </Button>
        )}
      </div>
      {refusal !== null && <Message kind="error" message={refusal.message} hint={refusal.hint} />}
      {listed && trial !== undefined && <TrialResult trial={trial} />}
    </li>
  )
}

function ByName({ picker, isAzure }: { readonly picker: Picker; readonly isAzure: boolean }) {
  const { server, adding, refusal, found } = picker
  const pickModel = useApp((state) => state.pickModel)
  const [name, setName] = useState('')
  const id = `${server}:${name.trim()}`
  const listed = useApp((state) => state.models.some((model) => model.id === id))
  const trial = useApp((state) => state.trials[id])
  const hasRow = found?.some((model) => model.id === id) ?? false
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (name.trim() !== '') void pickModel(id)
  }
  return (
    <form onSubmit={submit}>
      <Field
        label={isAzure ? 'Name of the deployment' : 'Another model, by its name'}
        note={isAzure && 'As the deployment is called in the Azure portal; Azure does not list them.'}
      >
        {(ids) => (
          <div className="field-row">
            <input
              {...ids}
              className="text-input"
              spellCheck={false}
              maxLength={300}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
            <Button submit icon={Plus} disabled={name.trim() === '' || adding !== null || listed}>
              {adding === id ? 'Asking…' : listed ? 'On the list' : 'Add by name'}
            </Button>
          </div>
        )}
      </Field>
      {!hasRow && refusal?.id === id && (
        <div className="form-error">
          <Message kind="error" message={refusal.error.message} hint={refusal.error.hint} />
        </div>
      )}
      {!hasRow && listed && trial !== undefined && <TrialResult trial={trial} />}
    </form>
  )
}
