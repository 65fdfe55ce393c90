/** A job as it goes: how far in files and bytes, how long still, and the buttons that hold it up or stop it. */
import { Pause, Play } from 'lucide-react'
import type { Job } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { formatBytes, formatCount, formatCounted, formatPercent, formatTimeLeft } from '../../ui/format.ts'
import { PathText } from '../../ui/path-text.tsx'
import { ProgressBar } from '../../ui/progress.tsx'
import { canPause, fractionDone } from './jobs-slice.ts'

export function RunningJob({ job }: { readonly job: Job }) {
  const cancelJob = useApp((state) => state.cancelJob)
  const pauseJob = useApp((state) => state.pauseJob)
  const resumeJob = useApp((state) => state.resumeJob)
  const { progress, state, kind } = job
  const fraction = fractionDone(job)
  const stopping = state === 'cancelling'
  const paused = state === 'paused'
  return (
    <>
      <div className="job-line">
        <strong>{headline(job)}</strong>
        {fraction !== null && !stopping && progress.phase === 'indexing' && (
          <span className="job-percent">{formatPercent(fraction)}</span>
        )}
        <span className="spring" />
        {paused ? (
          <Button icon={Play} onClick={() => void resumeJob(job.id)}>
            Resume
          </Button>
        ) : (
          canPause(job) && (
            <Button icon={Pause} onClick={() => void pauseJob(job.id)}>
              Pause
            </Button>
          )
        )}
        <Button onClick={() => void cancelJob(job.id)} disabled={stopping}>
          {stopping ? 'Stopping…' : 'Cancel'}
        </Button>
      </div>
      <ProgressBar
        fraction={stopping ? null : paused ? (fraction ?? 0) : fraction}
        label={kind === 'ingest' ? 'Files indexed' : 'Nodes embedded again'}
      />
      <Figures job={job} />
      {paused ? (
        <p className="job-file">
          What is finished can be searched. It waits, also over a restart of Stackroom.
        </p>
      ) : (
        progress.currentFile !== null &&
        !stopping && (
          <p className="job-file">
            <PathText path={progress.currentFile} />
          </p>
        )
      )}
    </>
  )
}

function Figures({ job: { progress, kind, state } }: { readonly job: Job }) {
  const { filesTotal, filesDone, bytesTotal, bytesDone, nodes, nodesTotal, secondsLeft } = progress
  return (
    <ul className="job-figures">
      {filesTotal > 0 && (
        <li>
          {formatCount(filesDone)} of {formatCounted(filesTotal, 'file', 'files')}
        </li>
      )}
      {kind === 'ingest' && bytesTotal > 0 && (
        <li>
          {formatBytes(bytesDone)} of {formatBytes(bytesTotal)}
        </li>
      )}
      <li>
        {nodesTotal !== undefined && `${formatCount(nodes)} of `}
        {formatCounted(nodesTotal ?? nodes, 'node', 'nodes')}
      </li>
      {progress.nodesPerSecond !== null && (
        <li>{formatCount(Math.round(progress.nodesPerSecond))} nodes/s</li>
      )}
      {progress.failed > 0 && <li className="job-failed">{formatCount(progress.failed)} failed</li>}
      {progress.skipped > 0 && <li>{formatCount(progress.skipped)} skipped</li>}
      {secondsLeft !== null && progress.phase === 'indexing' && state === 'running' && (
        <li>{formatTimeLeft(secondsLeft)}</li>
      )}
    </ul>
  )
}

function headline({ kind, state, origin, progress }: Job): string {
  if (state === 'queued') return 'Waiting for other work to finish'
  if (state === 'paused') return 'Paused'
  if (state === 'cancelling')
    return kind === 'ingest' ? 'Stopping after the files at hand' : 'Stopping after the nodes at hand'
  if (progress.phase === 'persisting') return 'Writing the storage folder'
  if (kind === 'reembed') return progress.phase === 'scanning' ? 'Looking for nodes' : 'Embedding again'
  if (origin === 'resumed') return 'Going on where it stopped when Stackroom was closed'
  if (origin === 'watch') return 'Indexing what changed in a watched folder'
  return progress.phase === 'scanning' ? 'Looking for files' : 'Indexing'
}
