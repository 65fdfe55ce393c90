/** What can be changed about a model: the words before questions and documents, its window, its dimensions. */
import { useState, type FormEvent } from 'react'
import type { EmbedModelInfo, ErrorShape } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { Message } from '../../ui/message.tsx'

const formId = 'model-settings-form'

interface ModelSettingsDialogProps {
  readonly model: EmbedModelInfo
  readonly saving: boolean
  readonly error: ErrorShape | null
}

export function ModelSettingsDialog({ model, saving, error }: ModelSettingsDialogProps) {
  const editModel = useApp((state) => state.editModel)
  const changeModel = useApp((state) => state.changeModel)
  const [queryPrefix, setQueryPrefix] = useState(model.queryPrefix)
  const [documentPrefix, setDocumentPrefix] = useState(model.documentPrefix)
  const [maximumTokens, setMaximumTokens] = useState(String(model.maximumTokens))
  const [dimensions, setDimensions] = useState(String(model.dimensions))
  const onServer = model.server !== undefined
  const canShorten = /text-embedding-3-/.test(model.id)

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    // what was not changed stays what the model's own files or its family say
    void changeModel(model.id, {
      ...(queryPrefix !== model.queryPrefix && { queryPrefix }),
      ...(documentPrefix !== model.documentPrefix && { documentPrefix }),
      ...(onServer && { maximumTokens: Number(maximumTokens) }),
      ...(canShorten && { dimensions: Number(dimensions) }),
    })
  }

  return (
    <Dialog
      title={model.name}
      onClose={() => editModel(null)}
      actions={
        <>
          <Button onClick={() => editModel(null)}>Cancel</Button>
          <Button look="primary" submit form={formId} disabled={saving}>
            {saving ? 'Saving…' : 'Save'}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit}>
        <p className="model-settings-note">
          These hold for knowledge bases to come. Those that exist keep what they were built with.
        </p>
        <PrefixField
          label="Before a question"
          note="Some models want words before a text, a space at their end included: “query: ”, “search_query: ”."
          value={queryPrefix}
          onChange={setQueryPrefix}
        />
        <PrefixField label="Before a document" value={documentPrefix} onChange={setDocumentPrefix} />
        {onServer && (
          <NumberField
            label="Tokens it reads at once"
            note="Longer texts are cut into nodes that fit."
            min={16}
            max={10_000_000}
            value={maximumTokens}
            onChange={setMaximumTokens}
          />
        )}
        {canShorten && (
          <NumberField
            label="Dimensions"
            note="Shorter vectors take less room and are a little less exact."
            min={1}
            max={65_536}
            value={dimensions}
            onChange={setDimensions}
          />
        )}
      </form>
      {error !== null && (
        <div className="form-error">
          <Message kind="error" message={error.message} hint={error.hint} />
        </div>
      )}
    </Dialog>
  )
}

interface ValueFieldProps {
  readonly label: string
  readonly note?: string
  readonly value: string
  readonly onChange: (value: string) => void
}

function PrefixField({ value, onChange, ...field }: ValueFieldProps) {
  return (
    <Field {...field}>
      {(ids) => (
        <input
          {...ids}
          className="text-input prefix-input"
          maxLength={2000}
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}

function NumberField({
  value,
  min,
  max,
  onChange,
  ...field
}: ValueFieldProps & { readonly min: number; readonly max: number }) {
  return (
    <Field {...field}>
      {(ids) => (
        <input
          {...ids}
          className="text-input"
          type="number"
          required
          min={min}
          max={max}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}
