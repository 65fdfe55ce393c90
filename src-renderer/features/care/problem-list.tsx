/** What a check found, each with its place; only what is on screen is drawn. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { CircleAlert, Info, TriangleAlert } from 'lucide-react'
import { useRef } from 'react'
import type { FolderProblem } from '#contract'
import { formatCount } from '../../ui/format.ts'

const icons = { error: CircleAlert, warning: TriangleAlert, note: Info }
const labels = { error: 'Error', warning: 'Warning', note: 'Note' }
const estimatedRowHeight = 62

export function ProblemList({ problems }: { readonly problems: readonly FolderProblem[] }) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: problems.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => estimatedRowHeight,
    overscan: 6,
  })
  return (
    <div className="problem-list" ref={scroller} tabIndex={0} role="group" aria-label="Problems">
      <ul style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((row) => {
          const problem = problems[row.index]
          if (problem === undefined) return null
          const Icon = icons[problem.severity]
          return (
            <li
              key={row.key}
              ref={virtualizer.measureElement}
              data-index={row.index}
              className={`problem problem-${problem.severity}`}
              style={{ transform: `translateY(${row.start}px)` }}
            >
              <Icon size={15} aria-label={labels[problem.severity]} role="img" />
              <div>
                <p>{problem.message}</p>
                <p className="problem-place">{placeOf(problem)}</p>
              </div>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

function placeOf({ file, section, offset, repairable, code }: FolderProblem): string {
  const parts = [
    file,
    section,
    offset === null ? null : `byte ${formatCount(offset)}`,
    repairable ? (code === 'damaged-database' ? 'what can be read can be saved' : 'can be mended') : null,
  ]
  return parts.filter((part) => part !== null).join(' · ')
}
