/** The files themselves, a hundred thousand as well: only those on screen are drawn, and pages are read as they come near. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import type { ReportedFile } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { classNames } from '../../ui/class-names.ts'
import { PathText } from '../../ui/path-text.tsx'
import { causeOf, lookOf } from './file-states.ts'
import type { ReportView } from './report-slice.ts'

const rowHeight = 34
const rowHeightWithCause = 52
/** Pages are read before their first file is on screen. */
const readAhead = 100

interface FileListProps {
  readonly knowledgeBaseId: string
  readonly view: ReportView
}

export function FileList({ knowledgeBaseId, view }: FileListProps) {
  const { files, next, state, search, loading } = view
  const scroller = useRef<HTMLDivElement>(null)
  const readReportTo = useApp((app) => app.readReportTo)
  const virtualizer = useVirtualizer({
    count: Math.max(files.length, expected(view)),
    getScrollElement: () => scroller.current,
    estimateSize: (index) => {
      const file = files[index]
      return file !== undefined && causeOf(file) !== null ? rowHeightWithCause : rowHeight
    },
    getItemKey: (index) => files[index]?.path ?? index,
    overscan: 10,
  })

  useEffect(() => {
    virtualizer.scrollToOffset(0)
  }, [state, search, virtualizer])

  const rows = virtualizer.getVirtualItems()
  const lastOnScreen = rows.at(-1)?.index ?? 0
  useEffect(() => {
    if (next !== null && !loading && lastOnScreen + readAhead > files.length)
      void readReportTo(knowledgeBaseId, lastOnScreen + readAhead)
  }, [knowledgeBaseId, next, loading, lastOnScreen, files.length, readReportTo])

  if (files.length === 0 && !loading) return <p className="report-nothing">{nothing(view)}</p>
  return (
    <div
      className="file-list"
      ref={scroller}
      tabIndex={0}
      role="group"
      aria-label="What became of each file"
      aria-busy={loading}
    >
      <ul style={{ height: virtualizer.getTotalSize() }}>
        {rows.map((row) => {
          const file = files[row.index]
          return (
            file !== undefined && (
              <FileRow
                key={row.key}
                file={file}
                index={row.index}
                top={row.start}
                refer={virtualizer.measureElement}
              />
            )
          )
        })}
      </ul>
    </div>
  )
}

interface FileRowProps {
  readonly file: ReportedFile
  readonly index: number
  /** Pixels from the list's top. */
  readonly top: number
  readonly refer: (element: HTMLElement | null) => void
}

function FileRow({ file, index, top, refer }: FileRowProps) {
  const { icon: Icon, label } = lookOf(file.state)
  const cause = causeOf(file)
  return (
    <li
      ref={refer}
      data-index={index}
      className={classNames('file-row', `file-row-${file.state}`)}
      style={{ transform: `translateY(${top}px)` }}
    >
      <Icon size={15} aria-hidden />
      <div className="file-row-text">
        <PathText path={file.path} />
        {cause !== null && (
          <p className="file-row-cause" title={cause}>
            {cause}
          </p>
        )}
      </div>
      <span className="file-row-state">{label}</span>
    </li>
  )
}

/** How many there are by the counts; a search is not counted beforehand. */
function expected({ state, search, summary, next }: ReportView): number {
  if (summary === null || search.trim() !== '' || next === null) return 0
  if (state !== null) return summary.counts[state]
  return Object.values(summary.counts).reduce((sum, count) => sum + count, 0)
}

function nothing({ state, search }: ReportView): string {
  if (search.trim() !== '') return 'No path has this in it.'
  return state === null ? 'There are no files yet.' : 'There are no such files.'
}
