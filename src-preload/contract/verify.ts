/** What `stackroom verify` finds in a storage folder, and what a repair did. */
import { z } from 'zod'
import { folderKindSchema } from './library.ts'
import { modelScoreSchema, modelVerdictReasonSchema, modelVerdictSchema } from './models.ts'

/** Stable codes: programs test for these, people read the sentence. */
export const problemCodes = [
  // files
  'missing-file',
  'damaged-file',
  'unsupported-file',
  'unreadable-entry',
  'duplicate-key',
  'leftover-file',
  'unfinished-persist',
  // nodes and their vectors
  'node-without-vector',
  'node-not-indexed',
  'vector-without-node',
  'mixed-dimensions',
  'not-finite-vector',
  'zero-vector',
  'duplicate-content',
  // relationships
  'relationship-target-missing',
  'relationship-not-mutual',
  // documents
  'ref-doc-info-missing',
  'ref-doc-info-lacks-node',
  'ref-doc-info-names-missing-node',
  'ref-doc-info-names-node-twice',
  'ref-doc-info-without-nodes',
  'ref-doc-id-disagrees',
  // hashes
  'doc-hash-missing',
  'doc-hash-without-node',
  'hash-mismatch',
  // index structs
  'no-index',
  'index-lacks-vector',
  'index-names-missing-node',
  // what the vector store says beside the vectors
  'vector-details-missing',
  'vector-details-without-vector',
  // the working store
  'working-store-damaged',
  'working-store-disagrees',
  'working-store-unchecked',
  'not-persisted',
  'changed-by-another-program',
  'both-sides-changed',
  // the embed model
  'wrong-model',
  // Chroma folders: the SQLite part, the HNSW part (a segment for each collection), and what differs between them
  'damaged-database',
  'damaged-database-index',
  'unsupported-version',
  'damaged-segment',
  'missing-segment',
  'record-without-vector',
  'vector-without-record',
] as const
export const problemCodeSchema = z.enum(problemCodes)
export type ProblemCode = z.infer<typeof problemCodeSchema>

/** An `error` is an inconsistency; a `warning` may be meant; a `note` is only worth knowing. */
export const problemSeveritySchema = z.enum(['error', 'warning', 'note'])
export type ProblemSeverity = z.infer<typeof problemSeveritySchema>

export const folderProblemSchema = z.object({
  severity: problemSeveritySchema,
  code: problemCodeSchema,
  /** One sentence. */
  message: z.string(),
  /** The place: the file's name, the section in it, the key in that, and where the key begins, in bytes. */
  file: z.string().nullable(),
  section: z.string().nullable(),
  key: z.string().nullable(),
  offset: z.number().int().nullable(),
  /** Whether `--repair` mends it. */
  repairable: z.boolean(),
})
export type FolderProblem = z.infer<typeof folderProblemSchema>

export const folderRepairSchema = z.object({
  /** The folder that the files were copied to before anything was changed; null when nothing had to be. */
  backup: z.string().nullable(),
  /** What was done, in sentences. */
  actions: z.array(z.object({ code: problemCodeSchema, count: z.number().int(), message: z.string() })),
  /** The new folder that what could be read was saved to, where the folder itself cannot be mended. */
  saved: z.string().nullable().optional(),
})
export type FolderRepair = z.infer<typeof folderRepairSchema>

/** `stackroom verify`. The shape of its JSON output is fixed; keys may be added. */
export const verifyReportSchema = z.object({
  persistDir: z.string(),
  kind: folderKindSchema,
  /** Whether there is no error. */
  ok: z.boolean(),
  errors: z.number().int(),
  warnings: z.number().int(),
  notes: z.number().int(),
  /** What was read. */
  documents: z.number().int(),
  nodes: z.number().int(),
  vectors: z.number().int(),
  /** Errors first. Of each code the first few thousand; `counts` has all of them. */
  problems: z.array(folderProblemSchema),
  counts: z.partialRecord(problemCodeSchema, z.number().int()),
  truncated: z.boolean(),
  /** Which model the vectors are of, as far as comparing showed; absent where the files cannot be opened. */
  model: z
    .object({
      id: z.string().nullable(),
      recorded: z.boolean(),
      verdict: modelVerdictSchema,
      reason: modelVerdictReasonSchema.nullable(),
      score: modelScoreSchema.nullable(),
    })
    .optional(),
  /** After a repair: what it did. The rest of the report is of the folder as it is then. */
  repair: folderRepairSchema.nullable(),
  seconds: z.number(),
})
export type VerifyReport = z.infer<typeof verifyReportSchema>
