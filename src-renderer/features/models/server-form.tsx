/** Sets up a server: which service, its address, its key. The key lives in its field only, and goes when it was sent. */
import { useRef, type FormEvent } from 'react'
import type { ModelServer } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { Message } from '../../ui/message.tsx'
import { knownServices, serverLabel } from './server-labels.ts'
import { azureService, otherService, type ServerForm as Form } from './servers-slice.ts'

const formId = 'server-form'

export function ServerForm({ form }: { readonly form: Form }) {
  const { draft, editing, working, error, saved } = form
  const closeServerForm = useApp((state) => state.closeServerForm)
  const changeServerDraft = useApp((state) => state.changeServerDraft)
  const saveServer = useApp((state) => state.saveServer)
  const server = useApp((state) => state.servers.find(({ name }) => name === draft.name))
  const key = useRef<HTMLInputElement>(null)
  const isOwn = draft.service === azureService || draft.service === otherService
  const service = knownServices.find(({ name }) => name === draft.service)

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const entered = key.current?.value.trim() ?? ''
    if (key.current !== null) key.current.value = ''
    void saveServer(entered === '' ? null : entered)
  }

  return (
    <Dialog
      title={editing === null ? 'Add a server' : serverLabel(editing)}
      onClose={closeServerForm}
      actions={
        <>
          <Button onClick={closeServerForm}>{saved ? 'Close' : 'Cancel'}</Button>
          <Button look="primary" submit form={formId} disabled={working !== null}>
            {working === 'saving' ? 'Saving…' : working === 'asking' ? 'Asking the server…' : 'Save and test'}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} autoComplete="off">
        {editing === null && (
          <Field label="Service">
            {(ids) => (
              <select
                {...ids}
                className="text-input"
                data-autofocus
                value={draft.service}
                onChange={(event) => changeServerDraft({ service: event.target.value })}
              >
                <Services />
              </select>
            )}
          </Field>
        )}
        {isOwn && editing === null && (
          <Field label="Name" note="Short: models are called by it, as in ollama:nomic-embed-text.">
            {(ids) => (
              <input
                {...ids}
                className="text-input"
                required
                maxLength={60}
                pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
                title="Letters, digits, dots and dashes"
                spellCheck={false}
                value={draft.name}
                onChange={(event) => changeServerDraft({ name: event.target.value })}
              />
            )}
          </Field>
        )}
        <Field
          label={draft.service === azureService ? 'Address of the resource' : 'Base URL'}
          note={service?.note}
        >
          {(ids) => (
            <input
              {...ids}
              className="text-input"
              type="url"
              required
              pattern="https?://.+"
              title="An address that starts with http:// or https://"
              placeholder={
                draft.service === azureService
                  ? 'https://my-resource.openai.azure.com'
                  : 'http://127.0.0.1:8000/v1'
              }
              spellCheck={false}
              value={draft.baseUrl}
              onChange={(event) => changeServerDraft({ baseUrl: event.target.value })}
            />
          )}
        </Field>
        {draft.service === azureService && (
          <Field label="API version">
            {(ids) => (
              <input
                {...ids}
                className="text-input"
                spellCheck={false}
                value={draft.apiVersion}
                onChange={(event) => changeServerDraft({ apiVersion: event.target.value })}
              />
            )}
          </Field>
        )}
        <Field
          label={keyIsOptional(server, draft.service) ? 'Key (if it wants one)' : 'Key'}
          note={<KeyNote server={server} />}
        >
          {(ids) => (
            <div className="field-row">
              <input
                {...ids}
                ref={key}
                className="text-input"
                type="password"
                autoComplete="off"
                spellCheck={false}
                maxLength={1000}
                placeholder={server?.key === 'stored' ? 'Enter a new key to replace it' : ''}
              />
              {server?.key === 'stored' && <DeleteKey server={server} />}
            </div>
          )}
        </Field>
      </form>
      {error !== null && (
        <div className="form-error">
          <Message kind="error" message={error.message} hint={error.hint} />
          {saved && <p>The server is saved all the same. Change what is wrong, and test it again.</p>}
        </div>
      )}
    </Dialog>
  )
}

function Services() {
  const servers = useApp((state) => state.servers)
  const known = (offline: boolean) =>
    knownServices
      .filter(({ name }) => servers.some((server) => server.name === name && server.offline === offline))
      .map(({ name, label }) => (
        <option key={name} value={name}>
          {label}
        </option>
      ))
  return (
    <>
      <optgroup label="With a key of yours">
        {known(false)}
        <option value={azureService}>Azure OpenAI</option>
      </optgroup>
      <optgroup label="On this computer">{known(true)}</optgroup>
      <optgroup label="Anything else">
        <option value={otherService}>Another server that speaks OpenAI’s API</option>
      </optgroup>
    </>
  )
}

function keyIsOptional(server: ModelServer | undefined, service: string): boolean {
  return server === undefined ? service !== azureService : server.keyName === undefined
}

function KeyNote({ server }: { readonly server: ModelServer | undefined }) {
  const keychain = useApp((state) => state.appInfo?.host === 'electron')
  if (server?.key === 'stored') return 'A key is stored. It is not shown again.'
  if (server?.key === 'environment')
    return `The key of the environment variable ${server.keyName ?? ''} is used.`
  return keychain
    ? 'Kept where only you can read it, never in a storage folder, and not shown again.'
    : 'Kept in a file that only you can read, never in a storage folder, and not shown again.'
}

function DeleteKey({ server }: { readonly server: ModelServer }) {
  const deleteKey = useApp((state) => state.deleteKey)
  return <Button onClick={() => void deleteKey(server.name)}>Delete the key</Button>
}
