/** Narrows the list of files: by state, with the number of files in each, and by a part of the path. */
import { Search } from 'lucide-react'
import { useId } from 'react'
import { useApp } from '../../store/use-app.ts'
import { formatCount, formatCounted } from '../../ui/format.ts'
import { fileStates, shortReason } from './file-states.ts'
import type { ReportView } from './report-slice.ts'

const causesShown = 4

interface ReportFilterProps {
  readonly knowledgeBaseId: string
  readonly view: ReportView
}

export function ReportFilter({ knowledgeBaseId, view }: ReportFilterProps) {
  const { state, search, summary } = view
  const loadReport = useApp((app) => app.loadReport)
  const name = useId()
  if (summary === null) return null
  const { counts } = summary
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const offered = [
    { state: null, label: 'All', count: all },
    ...fileStates
      .map((look) => ({ state: look.state, label: look.label, count: counts[look.state] }))
      .filter((choice) => choice.count > 0 || choice.state === state),
  ]
  return (
    <div className="report-filter">
      <div className="report-states" role="radiogroup" aria-label="Files to list">
        {offered.map((choice) => (
          <label key={choice.label}>
            <input
              type="radio"
              name={name}
              checked={choice.state === state}
              onChange={() => void loadReport(knowledgeBaseId, { state: choice.state })}
            />
            <span>
              {choice.label} <b>{formatCount(choice.count)}</b>
            </span>
          </label>
        ))}
      </div>
      <label className="report-search">
        <Search size={14} aria-hidden />
        <input
          type="search"
          aria-label="Part of the path"
          placeholder="Part of the path"
          spellCheck={false}
          value={search}
          onChange={(event) => void loadReport(knowledgeBaseId, { search: event.target.value })}
        />
      </label>
      <Causes view={view} />
    </div>
  )
}

/** Why files are left out, the most frequent causes first; failed files say it one by one. */
function Causes({ view: { state, summary } }: { readonly view: ReportView }) {
  if (summary === null || state !== 'skipped') return null
  const causes = summary.causes.filter((cause) => cause.state === state).toSorted((a, b) => b.files - a.files)
  const rest = causes.slice(causesShown).reduce((sum, { files }) => sum + files, 0)
  const named = causes
    .slice(0, causesShown)
    .map(({ code, files }) => `${shortReason(code)}: ${formatCount(files)}`)
  return (
    <p className="report-causes">
      {[...named, ...(rest > 0 ? [formatCounted(rest, 'other', 'others')] : [])].join(' · ')}. A folder stands
      for everything in it.
    </p>
  )
}
