/** Asks before a side of a conflict is chosen, and before a document is removed. */
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { baseName } from '../../ui/paths.ts'
import './care.css'

export function CareQuestion() {
  const question = useApp((state) => state.careQuestion)
  const askCare = useApp((state) => state.askCare)
  const resolveConflict = useApp((state) => state.resolveConflict)
  const removeDocument = useApp((state) => state.removeDocument)
  if (question === null) return null
  const close = (): void => askCare(null)
  if (question.kind === 'remove')
    return (
      <Dialog
        title={`Remove “${baseName(question.refDocId)}” from the index?`}
        onClose={close}
        actions={
          <>
            <Button onClick={close}>Keep it</Button>
            <Button
              look="primary"
              onClick={() => void removeDocument(question.knowledgeBaseId, question.refDocId)}
            >
              Remove from the index
            </Button>
          </>
        }
      >
        <p>
          <strong className="breakable">{question.refDocId}</strong> is not found any more by a search. The
          file itself stays where it is, and can be added again.
        </p>
      </Dialog>
    )
  const keepsFiles = question.keep === 'files'
  return (
    <Dialog
      title={keepsFiles ? 'Keep what the other program wrote?' : 'Keep what Stackroom has?'}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>Not now</Button>
          <Button
            look="primary"
            onClick={() => void resolveConflict(question.knowledgeBaseId, question.keep)}
          >
            {keepsFiles ? 'Keep the other program’s' : 'Keep Stackroom’s'}
          </Button>
        </>
      }
    >
      <p className="care-text">
        {keepsFiles
          ? 'The files stay as they are, and Stackroom reads them anew. What was added or removed with Stackroom since it last wrote them is not in the index any more.'
          : 'The files are written again as Stackroom has them. What the other program changed in them since is not in the index any more.'}
      </p>
      <p className="care-text">
        The other side is not lost: it is put into the folder <strong>.stackroom/backups</strong> as a storage
        folder of its own, which can be opened like any other.
      </p>
    </Dialog>
  )
}
