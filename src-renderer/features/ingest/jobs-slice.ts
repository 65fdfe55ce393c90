/** Long work: what runs now, and the reports of what ran. */
import type { Job } from '#contract'
import type { AppState, SliceCreator } from '../../store/app-state.ts'

export interface JobsSlice {
  readonly jobs: readonly Job[]
  readonly loadJobs: () => Promise<void>
  readonly receiveJob: (job: Job) => void
  readonly dropJob: (jobId: string) => void
  /** What is under way is finished, nothing new is begun until it is resumed; a restart of the app changes nothing about it. */
  readonly pauseJob: (jobId: string) => Promise<void>
  readonly resumeJob: (jobId: string) => Promise<void>
  readonly cancelJob: (jobId: string) => Promise<void>
  /** Takes a finished job's report off the screen. */
  readonly dismissJob: (jobId: string) => Promise<void>
}

type JobCommand = 'jobs.pause' | 'jobs.resume' | 'jobs.cancel' | 'jobs.dismiss'

export const createJobsSlice: SliceCreator<JobsSlice> = ({ client, set, get }) => {
  const ask = async (command: JobCommand, jobId: string): Promise<void> => {
    try {
      await client.call(command, { jobId })
    } catch (error) {
      get().notifyError(error)
    }
  }
  return {
    jobs: [],
    async loadJobs() {
      try {
        set({ jobs: await client.call('jobs.list', {}) })
      } catch (error) {
        get().notifyError(error)
      }
    },
    receiveJob(job) {
      const known = get().jobs.find(({ id }) => id === job.id)
      set(({ jobs }) => ({
        jobs: known === undefined ? [...jobs, job] : jobs.map((other) => (other.id === job.id ? job : other)),
      }))
      const justEnded = !isActive(job) && known !== undefined && isActive(known)
      if (justEnded) {
        get().searchAgain(job.knowledgeBaseId)
        get().ingestEnded(job)
      } else if (known !== undefined && job.progress.nodes > known.progress.nodes)
        get().indexGrew(job.knowledgeBaseId)
    },
    dropJob(jobId) {
      set(({ jobs }) => ({ jobs: jobs.filter(({ id }) => id !== jobId) }))
    },
    pauseJob: (jobId) => ask('jobs.pause', jobId),
    resumeJob: (jobId) => ask('jobs.resume', jobId),
    cancelJob: (jobId) => ask('jobs.cancel', jobId),
    async dismissJob(jobId) {
      get().dropJob(jobId)
      await ask('jobs.dismiss', jobId)
    },
  }
}

export function isActive({ state }: Pick<Job, 'state'>): boolean {
  return state === 'queued' || state === 'running' || state === 'paused' || state === 'cancelling'
}

export function canPause({ kind, state, progress }: Job): boolean {
  return kind === 'ingest' && isActive({ state }) && state !== 'cancelling' && progress.phase !== 'persisting'
}

/** The job to show with a knowledge base: the one that runs, or else the newest. */
export function jobOf(state: AppState, knowledgeBaseId: string): Job | null {
  const jobs = state.jobs.filter((job) => job.knowledgeBaseId === knowledgeBaseId)
  return jobs.find(isActive) ?? jobs.at(-1) ?? null
}

/** How far a job is, from 0 to 1, or null while that cannot be said. */
export function fractionDone({ progress, state }: Job): number | null {
  if (state === 'queued' || progress.phase === 'scanning') return null
  const { nodes, nodesTotal } = progress
  if (nodesTotal !== undefined && progress.phase === 'indexing')
    return nodesTotal === 0 ? null : Math.min(nodes / nodesTotal, 1)
  if (progress.phase === 'persisting' || progress.phase === 'done') return 1
  if (progress.bytesTotal > 0) return Math.min(progress.bytesDone / progress.bytesTotal, 1)
  return progress.filesTotal > 0 ? progress.filesDone / progress.filesTotal : null
}
