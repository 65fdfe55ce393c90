/** The text of a source, or why there is none: what the panel and the quick look have in common. */
import type { Ref } from 'react'
import { Message } from '../../ui/message.tsx'
import { Spinner } from '../../ui/progress.tsx'
import type { OpenSource } from './source-slice.ts'
import { SourceText } from './source-text.tsx'

interface SourceBodyProps {
  readonly open: OpenSource
  readonly ref?: Ref<HTMLDivElement>
}

export function SourceBody({ open, ref }: SourceBodyProps) {
  const { hit, source, error } = open
  return (
    <div
      ref={ref}
      className="source-body"
      key={hit.nodeId}
      tabIndex={0}
      role="group"
      aria-label="Text of the document"
    >
      {error !== null && <Message kind="error" message={error.message} hint={error.hint} />}
      {source !== null && !source.fileExists && source.path !== null && (
        <Message
          kind="warning"
          message="The file is no longer there."
          hint="This is its text as it was indexed."
        />
      )}
      {source === null && error === null && <Spinner label="Loading the source" />}
      {source !== null && <SourceText hit={hit} source={source} />}
    </div>
  )
}
