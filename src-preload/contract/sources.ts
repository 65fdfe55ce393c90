/** Where the files of an index come from: what is read of each source, and what becomes of files that are gone. */
import { z } from 'zod'

const glob = z.string().trim().min(1).max(1000)

/** What is read of a source. Globs are relative to it: `drafts/**`, `*.pdf` (at any depth), `!` is not special. */
export const sourceRulesSchema = z.object({
  /** Only files that match one of them; none: all files. */
  include: z.array(glob).max(200).default([]),
  /** Files and folders that match one of them are left out; goes before `include`. */
  exclude: z.array(glob).max(200).default([]),
  /** Whether `.gitignore` counts. `.stackroomignore`, which is written the same way, always does. */
  gitignore: z.boolean().default(true),
  /** Files and folders whose name begins with a dot. */
  hidden: z.boolean().default(false),
  /** Folders that programs fill: `node_modules`, `__pycache__`, Python environments, caches. */
  programFolders: z.boolean().default(false),
  /** Larger files are left out, in bytes; null: as large as their reader takes them. */
  maximumBytes: z.number().int().positive().nullable().default(null),
})
export type SourceRules = z.infer<typeof sourceRulesSchema>

export const sourceSettingsSchema = z.object({
  /** Absolute path of a folder or a file. */
  path: z.string().min(1).max(32_768),
  ...sourceRulesSchema.shape,
  /** Whether it is watched while the app runs. */
  watch: z.boolean().default(false),
})
export type SourceSettings = z.infer<typeof sourceSettingsSchema>

export const sourceSchema = sourceSettingsSchema.extend({
  /**
   * `unavailable`: it is not there, or it is empty although files of it were indexed: perhaps a drive that is not connected.
   * Nothing of such a source is ever removed by itself.
   */
  state: z.enum(['ok', 'unavailable']),
  /** Files of it that are in the index. */
  files: z.number().int(),
  /** When the index was last brought in line with it, ISO 8601; null: not yet, or before that was kept. */
  lastIndexed: z.string().nullable().default(null),
  /** Whether changes are being noticed now. */
  watching: z.boolean(),
  /** Why watching failed, in a sentence. */
  watchError: z.string().nullable(),
})
export type Source = z.infer<typeof sourceSchema>

/**
 * What becomes of the documents of files that are gone (or that the source's rules leave out by now). `ask`: they are
 * kept, and `missingFiles` says how many wait for an answer.
 */
export const deletedFilesSchema = z.enum(['ask', 'remove', 'keep'])
export type DeletedFiles = z.infer<typeof deletedFilesSchema>

/** Names of languages that tesseract knows. */
export const languagesSchema = z
  .array(z.string().regex(/^[a-zA-Z_]{3,20}$/))
  .min(1)
  .max(20)

export const sourcesSchema = z.object({
  sources: z.array(sourceSchema),
  deletedFiles: deletedFilesSchema,
  /** Languages in which text in images is read; null: images are left out. */
  recognizeText: z.array(z.string()).nullable(),
  /** Files that are gone while their documents are still in the index, as the last run found them. */
  missingFiles: z.number().int(),
})
export type Sources = z.infer<typeof sourcesSchema>

/** What a run did with a file. */
export const fileStateSchema = z.enum([
  'added',
  'changed',
  /** Found under another path with the same content: its documents and vectors were kept. */
  'moved',
  'removed',
  /** Gone, and kept in the index. */
  'missing',
  'unchanged',
  /** Left out on purpose; a folder stands for everything in it. */
  'skipped',
  'failed',
])
export type FileState = z.infer<typeof fileStateSchema>

export const reportedFileSchema = z.object({
  path: z.string(),
  state: fileStateSchema,
  /** Of a failed file an error code, of a skipped one a reason (`hidden`, `excluded`, `gitignore`, …), else null. */
  code: z.string().nullable(),
  /** The cause in a sentence. */
  message: z.string().nullable(),
  /** Where a moved file was before. */
  from: z.string().nullable(),
})
export type ReportedFile = z.infer<typeof reportedFileSchema>

const counts = z.record(fileStateSchema, z.number().int())

/** The last run over each source, file by file, in pages; watching and retrying bring it up to date. */
export const fileReportSchema = z.object({
  /** Of all files, whatever was asked for. */
  counts,
  /** Failed files by error code, and skipped ones by reason. */
  causes: z.array(z.object({ state: fileStateSchema, code: z.string(), files: z.number().int() })),
  files: z.array(reportedFileSchema),
  /** What to pass as `after` for the next page; null: this was the last. */
  next: z.string().nullable(),
  /** ISO 8601; null when nothing was indexed yet. */
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
})
export type FileReport = z.infer<typeof fileReportSchema>

export const fileReportQuerySchema = z.object({
  knowledgeBaseId: z.string(),
  /** Omitted: all. */
  states: z.array(fileStateSchema).min(1).optional(),
  /** Part of the path, in any case. */
  search: z.string().max(1000).optional(),
  /** `next` of the page before. */
  after: z.string().nullable().default(null),
  limit: z.number().int().min(1).max(5000).default(200),
})
