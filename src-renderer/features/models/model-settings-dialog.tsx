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
    void changeModel(model.id, {
      queryPrefix,
      documentPrefix,
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
        <Field
          label="Before a question"
          note="Some models want words before a text, a space at their end included: “query: ”, “search_query: ”."
        >
          {(ids) => (
            <input
              {...ids}
              className="text-input prefix-input"
              maxLength={2000}
              spellCheck={false}
              value={queryPrefix}
              onChange={(event) => setQueryPrefix(event.target.value)}
            />
          )}
        </Field>
        <Field label="Before a document">
          {(ids) => (
            <input
              {...ids}
              className="text-input prefix-input"
              maxLength={2000}
              spellCheck={false}
              value={documentPrefix}
              onChange={(event) => setDocumentPrefix(event.target.value)}
            />
          )}
        </Field>
        {onServer && (
          <Field label="Tokens it reads at once" note="Longer texts are cut into nodes that fit.">
            {(ids) => (
              <input
                {...ids}
                className="text-input"
                type="number"
                required
                min={16}
                max={10_000_000}
                value={maximumTokens}
                onChange={(event) => setMaximumTokens(event.target.value)}
              />
            )}
          </Field>
        )}
        {canShorten && (
          <Field label="Dimensions" note="Shorter vectors take less room and are a little less exact.">
            {(ids) => (
              <input
                {...ids}
                className="text-input"
                type="number"
                required
                min={1}
                max={65_536}
                value={dimensions}
                onChange={(event) => setDimensions(event.target.value)}
              />
            )}
          </Field>
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
