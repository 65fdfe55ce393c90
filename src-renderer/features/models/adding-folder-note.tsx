/** A model folder on its way onto the list: copied, read, or refused with the reason. */
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { formatCount } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { ProgressBar, Spinner } from '../../ui/progress.tsx'

export function AddingFolderNote() {
  const adding = useApp((state) => state.addingFolder)
  const closeModelFolder = useApp((state) => state.closeModelFolder)
  const chooseModelFolder = useApp((state) => state.chooseModelFolder)
  if (adding === null) return null
  if (adding.step === 'failed') {
    const { message, hint } = adding.error
    return (
      <Message kind="error" message={message} hint={hint}>
        <Button onClick={() => void chooseModelFolder()}>Choose another folder…</Button>
        <Button onClick={closeModelFolder}>Dismiss</Button>
      </Message>
    )
  }
  const progress = adding.step === 'copying' ? adding.progress : null
  return (
    <div className="adding-folder" role="status">
      <div className="adding-folder-line">
        {adding.step === 'reading' ? (
          <>
            <Spinner label="" />
            Reading <PathText path={adding.path} />
          </>
        ) : (
          <>
            Copying the model
            {progress !== null &&
              `: ${formatCount(progress.filesDone)} of ${formatCount(progress.filesTotal)} files`}
            <span className="spring" />
            <Button onClick={closeModelFolder}>Cancel</Button>
          </>
        )}
      </div>
      {adding.step === 'copying' && (
        <ProgressBar
          label="Copying"
          fraction={
            progress === null || progress.filesTotal === 0 ? null : progress.filesDone / progress.filesTotal
          }
        />
      )}
    </div>
  )
}
