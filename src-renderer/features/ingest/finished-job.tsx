/** What came of a job: figures, files that failed, and the ways on from there. */
import { CircleCheck, CircleSlash, List, RotateCw, X } from 'lucide-react'
import type { Job } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { formatCount, formatCounted, formatSeconds } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { FailedFiles } from './failed-files.tsx'
import { UnavailableSources } from './unavailable-sources.tsx'

export function FinishedJob({ job }: { readonly job: Job }) {
  const dismissJob = useApp((state) => state.dismissJob)
  const { state, report, error, kind } = job
  const failed = report?.failed ?? []

  if (state === 'failed') {
    return (
      <>
        <Message
          kind="error"
          message={error?.message ?? (kind === 'ingest' ? 'Indexing stopped.' : 'Embedding again stopped.')}
          hint={error?.hint}
        >
          {failed.length > 0 && <FileButtons job={job} />}
          <Button onClick={() => void dismissJob(job.id)}>Dismiss</Button>
        </Message>
        {failed.length > 0 && <FailedFiles failed={failed} />}
      </>
    )
  }
  const cancelled = state === 'cancelled'
  return (
    <>
      <div className="job-line">
        {cancelled ? (
          <CircleSlash className="job-cancelled" size={17} aria-hidden />
        ) : (
          <CircleCheck className="job-done" size={17} aria-hidden />
        )}
        <strong>{headline(job)}</strong>
        <span className="spring" />
        <IconButton icon={X} label="Dismiss this report" onClick={() => void dismissJob(job.id)} />
      </div>
      <Figures job={job} />
      {cancelled && (
        <p className="job-file">
          {kind === 'ingest'
            ? 'What was finished stays. Refresh, or add the same files again, to go on from here.'
            : 'The old vectors are in use as before. Start it again with the same model to go on from here.'}
        </p>
      )}
      {report !== null && report.unavailable.length > 0 && <UnavailableSources paths={report.unavailable} />}
      {kind === 'ingest' && !cancelled && (
        <div className="job-ways">
          <FileButtons job={job} />
        </div>
      )}
      {failed.length > 0 && <FailedFiles failed={failed} />}
    </>
  )
}

function headline({ state, kind, report, progress }: Job): string {
  if (state === 'cancelled') return 'Cancelled'
  const documents = formatCounted(report?.documents ?? progress.documents, 'document', 'documents')
  if (kind === 'reembed') return `Embedded again: ${documents}`
  const nothingNew = report !== null && report.added + report.changed + report.failedFiles === 0
  const isKnown = report !== null && report.unchanged + report.moved + report.removed + report.missing > 0
  return nothingNew && isKnown ? 'Up to date' : `Indexed ${documents}`
}

function Figures({ job: { state, kind, report, progress } }: { readonly job: Job }) {
  const cancelled = state === 'cancelled'
  const documents = report?.documents ?? progress.documents
  const refreshed =
    report !== null && report.unchanged + report.changed + report.moved + report.removed + report.missing > 0
  const files = (count: number, what: string) =>
    count > 0 && (
      <li>
        {formatCounted(count, 'file', 'files')} {what}
      </li>
    )
  return (
    <ul className="job-figures">
      {cancelled && kind === 'ingest' && <li>{formatCounted(documents, 'document', 'documents')} kept</li>}
      {report !== null && refreshed && (
        <>
          {files(report.added, 'added')}
          {files(report.changed, 'changed')}
          {files(report.moved, 'moved')}
          {files(report.removed, 'removed')}
          {files(report.unchanged, 'unchanged')}
        </>
      )}
      {(documents > 0 || kind === 'reembed') && (
        <li>{formatCounted(report?.nodes ?? progress.nodes, 'node', 'nodes')}</li>
      )}
      {report !== null && <li>{formatSeconds(report.seconds)}</li>}
      {report !== null && files(report.skipped, 'skipped')}
      {report !== null && files(report.missing, 'gone, still in the index')}
      {report !== null && failedCount(report) > 0 && (
        <li className="job-failed">{formatCounted(failedCount(report), 'file', 'files')} failed</li>
      )}
    </ul>
  )
}

function FileButtons({ job }: { readonly job: Job }) {
  const { knowledgeBaseId, report } = job
  const retryFailed = useApp((state) => state.retryFailed)
  const showReport = useApp((state) => state.showReport)
  const failed = report === null ? 0 : failedCount(report)
  return (
    <>
      {failed > 0 && (
        <Button icon={RotateCw} onClick={() => void retryFailed(knowledgeBaseId)}>
          Try {failed === 1 ? 'it' : formatCount(failed)} again
        </Button>
      )}
      <Button
        look={failed > 0 ? 'plain' : 'quiet'}
        icon={List}
        onClick={() => showReport(knowledgeBaseId, failed > 0 ? 'failed' : null)}
      >
        What became of each file
      </Button>
    </>
  )
}

/** Reports of other versions name the failed files without a count. */
function failedCount({ failed, failedFiles }: NonNullable<Job['report']>): number {
  return Math.max(failed.length, failedFiles)
}
