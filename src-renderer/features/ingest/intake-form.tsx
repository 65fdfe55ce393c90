/** Asks where files shall be indexed to: a new knowledge base with a name, a place and a model, or one that exists. */
import { File, FolderInput } from 'lucide-react'
import type { FormEvent } from 'react'
import type { Inspection } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { formatBytes, formatCount, formatCounted } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { baseName, joinPath } from '../../ui/paths.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { ModelChoice } from '../models/model-choice.tsx'
import { IntakeModel } from './intake-model.tsx'
import { IntakeChunks } from './intake-chunks.tsx'
import { consentServer, isStoreComplete } from './intake-choice.ts'
import { IntakeFiles } from './intake-files.tsx'
import { IntakeStore } from './intake-store.tsx'
import type { AskingIntake } from './intake-slice.ts'

const pathsShown = 4
const formId = 'intake-form'

export function IntakeForm({ intake }: { readonly intake: AskingIntake }) {
  const { inspection, choice, counting, starting, error } = intake
  const canTakeMore = useApp((state) => state.knowledgeBases).filter(
    (knowledgeBase) => !knowledgeBase.readOnly && knowledgeBase.error === null,
  )
  const closeIntake = useApp((state) => state.closeIntake)
  const changeIntake = useApp((state) => state.changeIntake)
  const startIngest = useApp((state) => state.startIngest)
  const selectedId = useApp((state) => state.selectedId)
  const asked = useApp((state) => consentServer(state, choice))
  const complete =
    choice.addTo !== null ||
    (choice.name.trim() !== '' && choice.persistDir.trim() !== '' && isStoreComplete(choice.store))
  const some = inspection.readableFiles > 0 || inspection.truncated
  const ready = complete && some && !counting && (asked === null || choice.consent)

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void startIngest()
  }
  const proposed = canTakeMore.find(({ id }) => id === selectedId) ?? canTakeMore[0]

  return (
    <Dialog
      title={choice.addTo === null ? 'New knowledge base' : 'Add files'}
      onClose={closeIntake}
      actions={
        <>
          <Button onClick={closeIntake}>Cancel</Button>
          <Button look="primary" submit form={formId} disabled={!ready || starting}>
            {starting
              ? 'Starting…'
              : `Index ${inspection.truncated ? 'all' : formatCounted(inspection.readableFiles, 'file', 'files')}`}
          </Button>
        </>
      }
    >
      <Found inspection={inspection} counting={counting} />
      <form id={formId} onSubmit={submit}>
        {proposed !== undefined && (
          <div className="intake-target">
            <Segmented
              label="Index into"
              value={choice.addTo === null ? 'new' : 'add'}
              options={[
                { value: 'new', label: 'New knowledge base' },
                { value: 'add', label: 'Add to an existing one' },
              ]}
              onChange={(value) => changeIntake({ addTo: value === 'new' ? null : proposed.id })}
            />
          </div>
        )}
        {choice.addTo === null ? (
          <NewKnowledgeBaseFields intake={intake} />
        ) : (
          <Field label="Knowledge base" note="Files that are already in it and unchanged are not read again.">
            {(ids) => (
              <select
                {...ids}
                className="text-input"
                value={choice.addTo ?? ''}
                onChange={(event) => changeIntake({ addTo: event.target.value })}
              >
                {canTakeMore.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <div className="intake-model">
          <IntakeModel intake={intake} />
        </div>
        <div className="intake-watch">
          <Checkbox checked={choice.watch} onChange={(watch) => changeIntake({ watch })}>
            Watch for changes and keep the index up to date
          </Checkbox>
        </div>
        <div className="intake-more">
          {choice.addTo === null && <IntakeStore intake={intake} />}
          <IntakeFiles intake={intake} />
          <IntakeChunks intake={intake} />
        </div>
      </form>
      {error !== null && (
        <div className="intake-error">
          <Message kind="error" message={error.message} hint={error.hint} />
        </div>
      )}
    </Dialog>
  )
}

function NewKnowledgeBaseFields({ intake }: { readonly intake: AskingIntake }) {
  const { choice } = intake
  const changeIntake = useApp((state) => state.changeIntake)
  const choosePaths = useApp((state) => state.choosePaths)
  const closeIntake = useApp((state) => state.closeIntake)
  const showView = useApp((state) => state.showView)

  const choosePlace = async (): Promise<void> => {
    const [folder] = (await choosePaths('parent-folder')) ?? []
    if (folder !== undefined) changeIntake({ persistDir: joinPath(folder, baseName(choice.persistDir)) })
  }

  const manageModels = (): void => {
    closeIntake()
    showView('models')
  }

  return (
    <>
      <Field label="Name">
        {(ids) => (
          <input
            {...ids}
            className="text-input"
            data-autofocus
            required
            maxLength={200}
            value={choice.name}
            onFocus={(event) => event.target.select()}
            onChange={(event) => changeIntake({ name: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="Storage folder"
        note="The index is written here, for LlamaIndex too. Your files stay where they are."
      >
        {(ids) => (
          <div className="field-row">
            <input
              {...ids}
              className="text-input"
              required
              spellCheck={false}
              value={choice.persistDir}
              onChange={(event) => changeIntake({ persistDir: event.target.value })}
            />
            <Button icon={FolderInput} onClick={() => void choosePlace()}>
              Choose…
            </Button>
          </div>
        )}
      </Field>
      <div className="field">
        <span className="field-label">Embedding model</span>
        <ModelChoice
          label="Embedding model"
          value={choice.model}
          onChange={(model) => changeIntake({ model })}
        />
        <p className="field-note">
          <button type="button" className="link" onClick={manageModels}>
            Add a model or a server…
          </button>
        </p>
      </div>
    </>
  )
}

function Found({ inspection, counting }: { readonly inspection: Inspection; readonly counting: boolean }) {
  const { paths, readableFiles, files, bytes, truncated } = inspection
  const unread = files - readableFiles
  return (
    <div className="intake-found" role="status" aria-busy={counting}>
      <p className="intake-found-count">
        {truncated && 'More than '}
        {formatCounted(readableFiles, 'file', 'files')} to read
        <span> · {counting ? 'counting…' : formatBytes(bytes)}</span>
      </p>
      {unread > 0 && (
        <p>{formatCounted(unread, 'other file or folder', 'other files and folders')} will be skipped.</p>
      )}
      <ul>
        {paths.slice(0, pathsShown).map((path) => (
          <li key={path}>
            <File size={13} aria-hidden />
            <PathText path={path} />
          </li>
        ))}
        {paths.length > pathsShown && <li>and {formatCount(paths.length - pathsShown)} more</li>}
      </ul>
    </div>
  )
}
