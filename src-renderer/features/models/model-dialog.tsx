/** The model of a knowledge base: the verdict with its numbers, other models to compare, and embedding again. */
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatCount } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { CandidateRow } from './candidate-row.tsx'
import { unchecked } from './model-check-slice.ts'
import './model-verdict.css'
import { ReembedDialog } from './reembed-dialog.tsx'
import { VerdictSummary } from './verdict-summary.tsx'

export function ModelDialog() {
  const open = useApp((state) => state.modelDialog)
  const knowledgeBase = useApp((state) =>
    state.knowledgeBases.find(({ id }) => id === state.modelDialog?.knowledgeBaseId),
  )
  const { check, working, error } = useApp(
    (state) => state.checks[state.modelDialog?.knowledgeBaseId ?? ''] ?? unchecked,
  )
  const openModelDialog = useApp((state) => state.openModelDialog)
  const checkModel = useApp((state) => state.checkModel)
  const showView = useApp((state) => state.showView)
  if (open === null || knowledgeBase === undefined) return null
  const { id, name, readOnly, nodes, vectorStore } = knowledgeBase
  if (open.step === 'reembed') return <ReembedDialog knowledgeBase={knowledgeBase} />

  const close = (): void => openModelDialog(null)
  const candidates = check?.candidates ?? []
  return (
    <Dialog
      wide
      title={`The model of “${name}”`}
      onClose={close}
      actions={
        <>
          {/* vectors of another kind go into another collection */}
          {!readOnly && nodes > 0 && vectorStore === null && (
            <Button onClick={() => openModelDialog(id, 'reembed')}>Embed the folder again…</Button>
          )}
          <span className="spring" />
          <Button
            onClick={() => {
              close()
              showView('models')
            }}
          >
            Add a model…
          </Button>
          <Button look="primary" onClick={close}>
            Done
          </Button>
        </>
      }
    >
      {check === null && working !== null && (
        <p className="verdict-waiting">
          <Spinner label="" /> Comparing the stored vectors…
        </p>
      )}
      {check !== null && <VerdictSummary check={check} />}
      {error !== null && (
        <div className="verdict-error">
          <Message kind="error" message={error.message} hint={error.hint}>
            {check === null && <Button onClick={() => void checkModel(id)}>Check again</Button>}
          </Message>
        </div>
      )}
      {check !== null && candidates.length > 0 && (
        <>
          <h3 className="verdict-heading">
            {check.dimensions === null
              ? 'Models'
              : `Models whose vectors have ${formatCount(check.dimensions)} dimensions`}
          </h3>
          <ul className="candidates">
            {candidates.map((candidate) => (
              <CandidateRow
                key={candidate.model.id}
                knowledgeBaseId={id}
                candidate={candidate}
                current={check.model === candidate.model.id}
              />
            ))}
          </ul>
        </>
      )}
    </Dialog>
  )
}
