/** Long work: its progress and its report. */
import { z } from 'zod'
import { errorCodeSchema, errorShapeSchema } from './errors.ts'

export const jobProgressSchema = z.object({
  phase: z.enum(['scanning', 'indexing', 'persisting', 'done']),
  /** Files finished (indexed, skipped and failed together), and found. */
  filesDone: z.number().int(),
  filesTotal: z.number().int(),
  bytesDone: z.number(),
  bytesTotal: z.number(),
  documents: z.number().int(),
  nodes: z.number().int(),
  /** Nodes in all, where that is known beforehand: re-embedding. */
  nodesTotal: z.number().int().optional(),
  failed: z.number().int(),
  skipped: z.number().int(),
  /** Nodes embedded per second, over the last seconds; null until measured. */
  nodesPerSecond: z.number().nullable(),
  /** Seconds left, estimated from bytes; null until it can be said. */
  secondsLeft: z.number().nullable(),
  /** The file being read now. */
  currentFile: z.string().nullable(),
})
export type JobProgress = z.infer<typeof jobProgressSchema>

export const failedFileSchema = z.object({ path: z.string(), code: errorCodeSchema, message: z.string() })
export type FailedFile = z.infer<typeof failedFileSchema>

/** `stackroom index`. The shape of its JSON output is fixed; keys may be added. */
export const ingestReportSchema = z.object({
  documents: z.number().int(),
  nodes: z.number().int(),
  /** Files without a reader, hidden or ignored files: not an error. */
  skipped: z.number().int(),
  /** Files that the index already had as they are. */
  unchanged: z.number().int(),
  /** The failed files; the report of a job has the first 1,000, `ingest.report` has all. */
  failed: z.array(failedFileSchema),
  /** How many failed in all. */
  failedFiles: z.number().int().default(0),
  seconds: z.number(),
  /** Files that are new in the index, that changed, that kept their vectors under another path, that left the index. */
  added: z.number().int().default(0),
  changed: z.number().int().default(0),
  moved: z.number().int().default(0),
  removed: z.number().int().default(0),
  /** Files that are gone while their documents stay in the index. */
  missing: z.number().int().default(0),
  /** Sources that are not there, or empty although files of them were indexed: nothing of them was touched. */
  unavailable: z.array(z.string()).default([]),
})
export type IngestReport = z.infer<typeof ingestReportSchema>

/** `stackroom refresh`: counts of files. The shape of its JSON output is fixed; keys may be added. */
export const refreshReportSchema = z.object({
  added: z.number().int(),
  changed: z.number().int(),
  moved: z.number().int(),
  removed: z.number().int(),
  unchanged: z.number().int(),
  failed: z.array(failedFileSchema),
  missing: z.number().int(),
  skipped: z.number().int(),
  unavailable: z.array(z.string()),
  documents: z.number().int(),
  nodes: z.number().int(),
  seconds: z.number(),
})
export type RefreshReport = z.infer<typeof refreshReportSchema>

export const jobSchema = z.object({
  id: z.string(),
  /** `reembed`: the report counts documents and nodes of the folder; its progress counts nodes, not files. */
  kind: z.enum(['ingest', 'reembed']),
  knowledgeBaseId: z.string(),
  /** The name of the knowledge base, for people. */
  title: z.string(),
  /** `paused`: what is under way is finished, nothing new is begun until `jobs.resume`. */
  state: z.enum(['queued', 'running', 'paused', 'cancelling', 'done', 'failed', 'cancelled']),
  /** Who began it: a person, a watched source that changed, or the app, because it was not finished before. */
  origin: z.enum(['asked', 'watch', 'resumed']).default('asked'),
  /** ISO 8601. */
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
  progress: jobProgressSchema,
  report: ingestReportSchema.nullable(),
  error: errorShapeSchema.nullable(),
})
export type Job = z.infer<typeof jobSchema>
