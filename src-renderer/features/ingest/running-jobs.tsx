/** What runs now, at the sidebar's foot, whichever knowledge base is on screen. */
import { Pause, Play, X } from 'lucide-react'
import type { Job } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { IconButton } from '../../ui/button.tsx'
import { formatPercent, formatTimeLeft } from '../../ui/format.ts'
import { ProgressBar } from '../../ui/progress.tsx'
import { canPause, fractionDone, isActive } from './jobs-slice.ts'
import './running-jobs.css'

export function RunningJobs() {
  const jobs = useApp((state) => state.jobs)
  const active = jobs.filter(isActive)
  if (active.length === 0) return null
  return (
    <section className="running-jobs" aria-label="Running">
      {active.map((job) => (
        <RunningJob key={job.id} job={job} />
      ))}
    </section>
  )
}

function RunningJob({ job }: { readonly job: Job }) {
  const select = useApp((state) => state.select)
  const cancelJob = useApp((state) => state.cancelJob)
  const pauseJob = useApp((state) => state.pauseJob)
  const resumeJob = useApp((state) => state.resumeJob)
  const fraction = fractionDone(job)
  return (
    <div className="running-job">
      <div className="running-job-line">
        <button type="button" className="running-job-title" onClick={() => select(job.knowledgeBaseId)}>
          {job.title}
        </button>
        {canPause(job) && (
          <IconButton
            icon={job.state === 'paused' ? Play : Pause}
            label={`${job.state === 'paused' ? 'Resume' : 'Pause'} indexing ${job.title}`}
            onClick={() => void (job.state === 'paused' ? resumeJob : pauseJob)(job.id)}
          />
        )}
        <IconButton
          icon={X}
          label={`Cancel ${job.kind === 'ingest' ? 'indexing' : 'embedding'} ${job.title}`}
          disabled={job.state === 'cancelling'}
          onClick={() => void cancelJob(job.id)}
        />
      </div>
      <ProgressBar
        fraction={fraction}
        label={`${job.kind === 'ingest' ? 'Indexing' : 'Embedding'} ${job.title}`}
      />
      <p>{shortState(job, fraction)}</p>
    </div>
  )
}

function shortState({ state, progress }: Job, fraction: number | null): string {
  if (state === 'queued') return 'Waiting'
  if (state === 'cancelling') return 'Stopping…'
  if (state === 'paused') return fraction === null ? 'Paused' : `Paused at ${formatPercent(fraction)}`
  if (progress.phase === 'scanning') return 'Looking for files…'
  if (progress.phase === 'persisting') return 'Writing the storage folder…'
  const percent = fraction === null ? '' : formatPercent(fraction)
  return progress.secondsLeft === null ? percent : `${percent}, ${formatTimeLeft(progress.secondsLeft)}`
}
