/** What was dropped or chosen, and what is about to be done with it. */
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatCount } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { ProgressBar, Spinner } from '../../ui/progress.tsx'
import './intake-dialog.css'
import { IntakeForm } from './intake-form.tsx'

export function IntakeDialog() {
  const intake = useApp((state) => state.intake)
  const closeIntake = useApp((state) => state.closeIntake)
  const chooseSources = useApp((state) => state.chooseSources)
  const askAllTheSame = useApp((state) => state.askAllTheSame)
  if (intake === null) return null

  if (intake.step === 'asking') return <IntakeForm intake={intake} />

  if (intake.step === 'failed') {
    const chooseAgain = (): void => {
      closeIntake()
      void chooseSources()
    }
    return (
      <Dialog
        title="Nothing to index here"
        onClose={closeIntake}
        actions={
          <>
            {intake.inspection !== null && <Button onClick={askAllTheSame}>Change what is read…</Button>}
            <Button onClick={chooseAgain}>Choose something else…</Button>
            <Button look="primary" onClick={closeIntake}>
              Close
            </Button>
          </>
        }
      >
        <Message kind="error" message={intake.error.message} hint={intake.error.hint} />
      </Dialog>
    )
  }

  const progress = intake.step === 'uploading' ? intake.progress : null
  return (
    <Dialog
      title={intake.step === 'uploading' ? 'Copying what you dropped' : 'Looking at what is inside'}
      onClose={closeIntake}
      actions={<Button onClick={closeIntake}>Cancel</Button>}
    >
      {progress === null ? (
        <p className="intake-waiting">
          <Spinner label="" />
          {intake.step === 'uploading' ? 'Counting files…' : 'Counting files and bytes…'}
        </p>
      ) : (
        <div className="intake-upload">
          <ProgressBar
            label="Copying"
            fraction={progress.filesTotal === 0 ? null : progress.filesDone / progress.filesTotal}
          />
          <p>
            {formatCount(progress.filesDone)} of {formatCount(progress.filesTotal)} files
          </p>
        </div>
      )}
    </Dialog>
  )
}
