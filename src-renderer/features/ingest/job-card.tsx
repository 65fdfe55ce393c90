/** Indexing, or embedding again, as it goes, and its report when it is over. */
import type { Job } from '#contract'
import './job-card.css'
import { FinishedJob } from './finished-job.tsx'
import { isActive } from './jobs-slice.ts'
import { RunningJob } from './running-job.tsx'

export function JobCard({ job }: { readonly job: Job }) {
  return (
    <section className="job-card" aria-label={job.kind === 'ingest' ? 'Indexing' : 'Embedding again'}>
      {isActive(job) ? <RunningJob job={job} /> : <FinishedJob job={job} />}
    </section>
  )
}
