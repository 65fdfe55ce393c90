/** The files that could not be indexed, each by name with its cause. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'
import type { FailedFile } from '#contract'
import { PathText } from '../../ui/path-text.tsx'

const rowHeight = 46

export function FailedFiles({ failed }: { readonly failed: readonly FailedFile[] }) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: failed.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
  })
  return (
    <div className="failed-files" ref={scroller} tabIndex={0} role="group" aria-label="Files that failed">
      <ul style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((row) => {
          const file = failed[row.index]
          return (
            file !== undefined && (
              <li key={row.key} style={{ transform: `translateY(${row.start}px)` }}>
                <PathText className="failed-file-path" path={file.path} />
                <p title={file.message}>{file.message}</p>
              </li>
            )
          )
        })}
      </ul>
    </div>
  )
}
