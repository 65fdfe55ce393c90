/** What the last run over each source did with every file: narrowed by state and words, tried again, saved as CSV. */
import { Download, RotateCw } from 'lucide-react'
import { useEffect } from 'react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { formatCount, formatDateTime } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { useIndexing } from '../ingest/use-indexing.ts'
import { FileList } from './file-list.tsx'
import { ReportFilter } from './report-filter.tsx'
import './report-page.css'
import { emptyReport, type ReportView } from './report-slice.ts'
import { saveFile } from './save-file.ts'

export function ReportPage({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, name, readOnly, conflict } = knowledgeBase
  const view = useApp((state) => state.reports[id]) ?? emptyReport
  const loadReport = useApp((state) => state.loadReport)
  useEffect(() => {
    void loadReport(id)
  }, [id, loadReport])

  const { summary, error } = view
  return (
    <section className="report-page" aria-label="Files">
      {error !== null && (
        <Message kind="error" message={error.message} hint={error.hint}>
          <Button onClick={() => void loadReport(id)}>Try again</Button>
        </Message>
      )}
      {summary === null && error === null && (
        <p className="place-waiting">
          <Spinner label="" /> Reading what became of each file…
        </p>
      )}
      {summary !== null && (
        <>
          <Head id={id} name={name} view={view} canRetry={!readOnly && !conflict} />
          <ReportFilter knowledgeBaseId={id} view={view} />
          <FileList knowledgeBaseId={id} view={view} />
        </>
      )}
    </section>
  )
}

interface HeadProps {
  readonly id: string
  readonly name: string
  readonly view: ReportView
  readonly canRetry: boolean
}

function Head({ id, name, view, canRetry }: HeadProps) {
  const { summary, files } = view
  const retryFailed = useApp((state) => state.retryFailed)
  const saveReportCsv = useApp((state) => state.saveReportCsv)
  const saving = useApp((state) => state.savingCsv === id)
  const indexing = useIndexing(id)
  const failed = summary?.counts.failed ?? 0
  return (
    <div className="place-head">
      <p role="status">{timesOf(view, indexing)}</p>
      <div className="place-ways">
        <Button
          icon={Download}
          disabled={saving || files.length === 0}
          onClick={() => void saveReportCsv(id, (csv) => saveFile(csv, `${fileName(name)} files.csv`))}
        >
          {saving ? 'Saving…' : 'Save as CSV'}
        </Button>
        {canRetry && failed > 0 && (
          <Button look="primary" icon={RotateCw} disabled={indexing} onClick={() => void retryFailed(id)}>
            Try {formatCount(failed)} failed again
          </Button>
        )}
      </div>
    </div>
  )
}

function timesOf({ summary }: ReportView, indexing: boolean): string {
  if (indexing) return 'Files are being indexed. This list is brought up to date when that is done.'
  const at = summary?.finishedAt ?? summary?.startedAt ?? null
  return at === null ? 'Nothing was indexed yet.' : `As of ${formatDateTime(at)}`
}

/** Without what file systems refuse. */
function fileName(name: string): string {
  return name.replace(/[\\/:*?"<>|]/g, ' ').trim() || 'knowledge base'
}
