/** Connects to a vector store on a server: its address and its token. The token lives in its field only, and goes when it was sent. */
import { CircleCheck } from 'lucide-react'
import { useRef, type FormEvent } from 'react'
import type { StoreInspection } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Disclosure } from '../../ui/disclosure.tsx'
import { Field } from '../../ui/field.tsx'
import { formatCounted } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { localChroma, type StoreServerForm as Form } from './store-server-slice.ts'

const formId = 'store-server-form'

export function StoreServerForm({ form }: { readonly form: Form }) {
  const { draft, working, error, found, key } = form
  const kinds = useApp((state) => state.storeKinds)
  const change = useApp((state) => state.changeStoreServer)
  const close = useApp((state) => state.closeStoreServer)
  const test = useApp((state) => state.testStoreServer)
  const connect = useApp((state) => state.connectStoreServer)
  const deleteKey = useApp((state) => state.deleteStoreKey)
  const element = useRef<HTMLFormElement>(null)
  const token = useRef<HTMLInputElement>(null)
  const kind = kinds.find((other) => other.kind === draft.kind)
  const isChroma = draft.kind === 'chroma'
  // the example of a server, where there is one
  const example = kind?.examples.find((address) => address.includes('//')) ?? kind?.examples[0]

  const takeToken = (): string | null => {
    const entered = token.current?.value.trim() ?? ''
    if (token.current !== null) token.current.value = ''
    return entered === '' ? null : entered
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void connect(takeToken())
  }

  return (
    <Dialog
      title="Connect to a vector store"
      onClose={close}
      actions={
        <>
          <Button
            disabled={working !== null}
            onClick={() => {
              if (element.current?.reportValidity()) void test(takeToken())
            }}
          >
            {working === 'testing' ? 'Testing…' : 'Test connection'}
          </Button>
          <span className="spring" />
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" submit form={formId} disabled={working !== null}>
            {working === 'connecting' ? 'Connecting…' : 'Connect'}
          </Button>
        </>
      }
    >
      <form id={formId} ref={element} onSubmit={submit} autoComplete="off">
        {kinds.length > 1 && (
          <Field label="Vector store">
            {(ids) => (
              <select
                {...ids}
                className="text-input"
                value={draft.kind}
                onChange={(event) => change({ kind: event.target.value })}
              >
                {kinds.map(({ kind: value, name }) => (
                  <option key={value} value={value}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Field
          label={isChroma ? 'Address of the Chroma server' : 'Address'}
          note={isChroma ? 'Chroma Cloud: https://api.trychroma.com' : example && `For example ${example}`}
        >
          {(ids) => (
            <input
              {...ids}
              className="text-input"
              type={isChroma ? 'url' : 'text'}
              required
              data-autofocus
              {...(isChroma && {
                pattern: 'https?://.+',
                title: 'An address that starts with http:// or https://',
              })}
              placeholder={isChroma ? localChroma : example}
              spellCheck={false}
              value={draft.url}
              onFocus={(event) => event.target.select()}
              onChange={(event) => change({ url: event.target.value })}
            />
          )}
        </Field>
        <Field
          label={isChroma ? 'Token (if it wants one)' : 'Key or password (if it wants one)'}
          note={<KeyNote origin={key} />}
        >
          {(ids) => (
            <div className="field-row">
              <input
                {...ids}
                ref={token}
                className="text-input"
                type="password"
                autoComplete="off"
                spellCheck={false}
                maxLength={1000}
                placeholder={key === 'stored' ? 'Enter a new one to replace it' : ''}
              />
              {key === 'stored' && <Button onClick={() => void deleteKey()}>Delete it</Button>}
            </div>
          )}
        </Field>
        {isChroma && (
          <div className="store-more">
            <Disclosure
              label="Tenant and database"
              summary={tenantSummary(draft)}
              open={draft.tenant !== '' || draft.database !== ''}
            >
              <div className="field-pair">
                <Field label="Tenant">
                  {(ids) => (
                    <input
                      {...ids}
                      className="text-input"
                      spellCheck={false}
                      placeholder="default_tenant"
                      value={draft.tenant}
                      onChange={(event) => change({ tenant: event.target.value })}
                    />
                  )}
                </Field>
                <Field label="Database">
                  {(ids) => (
                    <input
                      {...ids}
                      className="text-input"
                      spellCheck={false}
                      placeholder="all of the tenant"
                      value={draft.database}
                      onChange={(event) => change({ database: event.target.value })}
                    />
                  )}
                </Field>
              </div>
            </Disclosure>
          </div>
        )}
      </form>
      <p className="store-sends">
        A search sends the vector of your question to this server. Files that you add to it are sent there
        with their text.
      </p>
      <div className="store-answer" role="status">
        {found !== null && error === null && <Answer found={found} />}
      </div>
      {error !== null && <Message kind="error" message={error.message} hint={error.hint} />}
    </Dialog>
  )
}

function Answer({ found: { collections } }: { readonly found: StoreInspection }) {
  const databases = new Set(collections.map(({ tenant, database }) => JSON.stringify([tenant, database])))
  const count = formatCounted(collections.length, 'collection', 'collections')
  return (
    <p className="store-found">
      <CircleCheck size={16} aria-hidden />
      It answers: {databases.size > 1 ? `${count} in ${databases.size} databases` : count}.
    </p>
  )
}

function KeyNote({ origin }: { readonly origin: StoreInspection['key'] }) {
  const keychain = useApp((state) => state.appInfo?.host === 'electron')
  if (origin === 'stored') return 'One is stored. It is not shown again.'
  if (origin === 'environment') return 'The one of the environment is used.'
  return keychain
    ? 'Kept where only you can read it, never in a storage folder, and not shown again.'
    : 'Kept in a file that only you can read, never in a storage folder, and not shown again.'
}

function tenantSummary({ url, tenant, database }: Form['draft']): string {
  // Chroma Cloud knows them by the token
  if (tenant.trim() === '' && database.trim() === '' && url.includes('trychroma.com'))
    return 'those of the token'
  return `${tenant.trim() || 'default_tenant'}, ${database.trim() || 'all databases'}`
}
