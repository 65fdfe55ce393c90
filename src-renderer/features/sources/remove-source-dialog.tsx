/** Asks before a source is taken away, and what becomes of its documents. */
import { useState } from 'react'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatCounted } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { baseName } from '../../ui/paths.ts'
import type { SourceQuestion } from './sources-slice.ts'

export function RemoveSourceDialog({ question }: { readonly question: SourceQuestion }) {
  const { source, working, error } = question
  const askAboutSource = useApp((state) => state.askAboutSource)
  const removeSource = useApp((state) => state.removeSource)
  const [keep, setKeep] = useState(false)
  const close = (): void => askAboutSource(null)
  return (
    <Dialog
      title={`Remove “${baseName(source.path)}” from the sources?`}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" disabled={working} onClick={() => void removeSource(keep)}>
            {working ? 'Removing…' : 'Remove the source'}
          </Button>
        </>
      }
    >
      <p className="source-dialog-text">
        The files stay where they are, in <strong className="breakable">{source.path}</strong>. They are not
        looked at any more.
      </p>
      {source.files > 0 && (
        <>
          <p className="source-dialog-text">
            {keep
              ? `What was indexed of ${formatCounted(source.files, 'file', 'files')} is still found.`
              : `${formatCounted(source.files, 'file leaves', 'files leave')} the index.`}
          </p>
          <Checkbox checked={keep} onChange={setKeep}>
            Keep its documents in the index
          </Checkbox>
        </>
      )}
      {error !== null && <Message kind="error" message={error.message} hint={error.hint} />}
    </Dialog>
  )
}
