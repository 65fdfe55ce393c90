/** Asks what becomes of files that are gone: how many, which ones, and whether the answer holds from now on. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef, useState } from 'react'
import type { ReportedFile } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatCount, formatCounted } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { PathText } from '../../ui/path-text.tsx'
import type { MissingQuestion } from './missing-slice.ts'

export function MissingDialog({ question }: { readonly question: MissingQuestion }) {
  const { count, files, error } = question
  const closeMissingQuestion = useApp((state) => state.closeMissingQuestion)
  const answerMissing = useApp((state) => state.answerMissing)
  const [remember, setRemember] = useState(false)
  return (
    <Dialog
      title={`${formatCounted(count, 'file is', 'files are')} gone`}
      onClose={closeMissingQuestion}
      actions={
        <>
          <Button onClick={() => void answerMissing('keep', remember)}>Keep in the index</Button>
          <Button look="primary" onClick={() => void answerMissing('remove', remember)}>
            Remove from the index
          </Button>
        </>
      }
    >
      <p className="source-dialog-text">
        {count === 1 ? 'It was indexed and is' : 'They were indexed and are'} not there any more, or left out
        by the rules of {count === 1 ? 'its source' : 'their sources'} now. Until you decide,{' '}
        {count === 1 ? 'its text is' : 'their text is'} still found.
      </p>
      {files !== null && <MissingFiles files={files} count={count} />}
      <Checkbox checked={remember} onChange={setRemember}>
        Do the same from now on without asking
      </Checkbox>
      {error !== null && <Message kind="error" message={error.message} hint={error.hint} />}
    </Dialog>
  )
}

const rowHeight = 28

function MissingFiles({ files, count }: { readonly files: readonly ReportedFile[]; readonly count: number }) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: files.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  })
  return (
    <>
      <div
        className="missing-files"
        ref={scroller}
        tabIndex={0}
        role="group"
        aria-label="Files that are gone"
      >
        <ul style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map((row) => {
            const file = files[row.index]
            return (
              file !== undefined && (
                <li key={row.key} style={{ transform: `translateY(${row.start}px)` }}>
                  <PathText path={file.path} />
                </li>
              )
            )
          })}
        </ul>
      </div>
      {count > files.length && (
        <p className="source-dialog-note">and {formatCount(count - files.length)} more</p>
      )}
    </>
  )
}
