/** Indexing, or embedding again, as it goes, and its report when it is over. */
import { CircleCheck, CircleSlash, X } from 'lucide-react'
import type { Job } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { formatCount, formatCounted, formatPercent, formatSeconds, formatTimeLeft } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { ProgressBar } from '../../ui/progress.tsx'
import { FailedFiles } from './failed-files.tsx'
import './job-card.css'
import { fractionDone, isActive } from './jobs-slice.ts'

export function JobCard({ job }: { readonly job: Job }) {
  return (
    <section className="job-card" aria-label={job.kind === 'ingest' ? 'Indexing' : 'Embedding again'}>
      {isActive(job) ? <Running job={job} /> : <Finished job={job} />}
    </section>
  )
}

function Running({ job }: { readonly job: Job }) {
  const cancelJob = useApp((state) => state.cancelJob)
  const { progress, state } = job
  const fraction = fractionDone(job)
  const stopping = state === 'cancelling'
  return (
    <>
      <div className="job-line">
        <strong>{headline(job)}</strong>
        {fraction !== null && !stopping && progress.phase === 'indexing' && (
          <span className="job-percent">{formatPercent(fraction)}</span>
        )}
        <span className="spring" />
        <Button onClick={() => void cancelJob(job.id)} disabled={stopping}>
          {stopping ? 'Stopping…' : 'Cancel'}
        </Button>
      </div>
      <ProgressBar
        fraction={stopping ? null : fraction}
        label={job.kind === 'ingest' ? 'Files indexed' : 'Nodes embedded again'}
      />
      <ul className="job-figures">
        {progress.filesTotal > 0 && (
          <li>
            {formatCount(progress.filesDone)} of {formatCounted(progress.filesTotal, 'file', 'files')}
          </li>
        )}
        <li>
          {progress.nodesTotal !== undefined && `${formatCount(progress.nodes)} of `}
          {formatCounted(progress.nodesTotal ?? progress.nodes, 'node', 'nodes')}
        </li>
        {progress.nodesPerSecond !== null && (
          <li>{formatCount(Math.round(progress.nodesPerSecond))} nodes/s</li>
        )}
        {progress.failed > 0 && <li className="job-failed">{formatCount(progress.failed)} failed</li>}
        {progress.skipped > 0 && <li>{formatCount(progress.skipped)} skipped</li>}
        {progress.secondsLeft !== null && progress.phase === 'indexing' && (
          <li>{formatTimeLeft(progress.secondsLeft)}</li>
        )}
      </ul>
      {progress.currentFile !== null && !stopping && (
        <p className="job-file">
          <PathText path={progress.currentFile} />
        </p>
      )}
    </>
  )
}

function headline({ kind, state, progress }: Job): string {
  if (state === 'queued') return 'Waiting for other work to finish'
  if (state === 'cancelling')
    return kind === 'ingest' ? 'Stopping after the files at hand' : 'Stopping after the nodes at hand'
  if (progress.phase === 'scanning') return 'Looking for files'
  if (progress.phase === 'persisting') return 'Writing the storage folder'
  return kind === 'ingest' ? 'Indexing' : 'Embedding again'
}

function Finished({ job }: { readonly job: Job }) {
  const dismissJob = useApp((state) => state.dismissJob)
  const { state, report, error, progress } = job
  const dismiss = <IconButton icon={X} label="Dismiss this report" onClick={() => void dismissJob(job.id)} />

  if (state === 'failed') {
    return (
      <Message
        kind="error"
        message={error?.message ?? (job.kind === 'ingest' ? 'Indexing stopped.' : 'Embedding again stopped.')}
        hint={error?.hint}
      >
        <Button onClick={() => void dismissJob(job.id)}>Dismiss</Button>
      </Message>
    )
  }
  const cancelled = state === 'cancelled'
  const documents = report?.documents ?? progress.documents
  const nodes = report?.nodes ?? progress.nodes
  const failed = report?.failed ?? []
  return (
    <>
      <div className="job-line">
        {cancelled ? (
          <CircleSlash className="job-cancelled" size={17} aria-hidden />
        ) : (
          <CircleCheck className="job-done" size={17} aria-hidden />
        )}
        <strong>
          {cancelled
            ? 'Cancelled'
            : `${job.kind === 'ingest' ? 'Indexed' : 'Embedded again:'} ${formatCounted(documents, 'document', 'documents')}`}
        </strong>
        <span className="spring" />
        {dismiss}
      </div>
      <ul className="job-figures">
        {cancelled && job.kind === 'ingest' && (
          <li>{formatCounted(documents, 'document', 'documents')} kept</li>
        )}
        <li>{formatCounted(nodes, 'node', 'nodes')}</li>
        {report !== null && <li>{formatSeconds(report.seconds)}</li>}
        {report !== null && report.skipped > 0 && (
          <li>{formatCounted(report.skipped, 'file', 'files')} skipped</li>
        )}
        {failed.length > 0 && (
          <li className="job-failed">{formatCounted(failed.length, 'file', 'files')} failed</li>
        )}
      </ul>
      {cancelled && (
        <p className="job-file">
          {job.kind === 'ingest'
            ? 'What was finished stays. Add the same files again to go on from here.'
            : 'The old vectors are in use as before. Start it again with the same model to go on from here.'}
        </p>
      )}
      {failed.length > 0 && <FailedFiles failed={failed} />}
    </>
  )
}
