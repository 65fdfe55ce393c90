/** Knowledge bases: what the library lists, and what a path turns out to be. */
import { z } from 'zod'
import { errorShapeSchema } from './errors.ts'
import { modelScoreSchema, modelVerdictSchema } from './models.ts'
import { storeMakerSchema, vectorStorePlaceSchema } from './stores.ts'

/** What made a storage folder. */
export const folderKindSchema = z.enum([
  'stackroom',
  'llamaindex-python',
  'llamaindex-ts',
  'chroma',
  /** A collection of another vector store, by its address. */
  'vector-store',
  'files',
  'empty',
  'missing',
])
export type FolderKind = z.infer<typeof folderKindSchema>

export const knowledgeBaseSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The persist dir, absolute; of a collection that is a knowledge base by itself its address. */
  persistDir: z.string(),
  kind: folderKindSchema,
  state: z.enum(['ready', 'closed', 'opening', 'indexing', 'missing', 'error']),
  documents: z.number().int(),
  nodes: z.number().int(),
  /** Length of the vectors; null when there are none. */
  dimensions: z.number().int().nullable(),
  /** The id of the embed model the index was built with, or the one chosen for it; null when none fits. */
  model: z.string().nullable(),
  /** False when the model was not recorded in the folder but chosen by its dimensions. */
  modelRecorded: z.boolean(),
  /** Whether its vectors are the model's, as far as that was checked; `models.check` has the numbers. */
  modelVerdict: modelVerdictSchema.default('unchecked'),
  /** Where the vectors are: `simple` is default__vector_store.json. */
  store: z.string(),
  /** More of that; null: in the folder itself, or not known. */
  vectorStore: vectorStorePlaceSchema.nullable().default(null),
  /** Who made a collection that was opened by itself; null: it is a storage folder. */
  maker: storeMakerSchema.nullable().default(null),
  readOnly: z.boolean(),
  /** Whether the JSON files have everything that the working store has. */
  persisted: z.boolean(),
  /** Another program changed the files while Stackroom had changes of its own: `library.resolveConflict` ends it. */
  conflict: z.boolean().default(false),
  /** Bytes of the folder's files. */
  size: z.number(),
  /** ISO 8601 with time zone, or null when never indexed by Stackroom. */
  lastIndexed: z.string().nullable(),
  /** Folders and files that were indexed into it. */
  sources: z.array(z.string()),
  /** Whether one of them is watched for changes. */
  watched: z.boolean().default(false),
  /** Files that are gone and wait for an answer whether their documents shall leave the index: `ingest.refresh`. */
  missingFiles: z.number().int().default(0),
  /** Why it cannot be opened or searched. */
  error: errorShapeSchema.nullable(),
  /** Things that a user should know but that stop nothing, in sentences. */
  warnings: z.array(z.string()),
})
export type KnowledgeBase = z.infer<typeof knowledgeBaseSchema>

/** What dropping or choosing these paths would do, asked before anything is done. */
export const inspectionSchema = z.object({
  kind: folderKindSchema,
  /** Whether it is one folder that holds an embed model: it goes to `models.addFolder`. */
  modelFolder: z.boolean(),
  /** The paths as absolute paths. */
  paths: z.array(z.string()),
  /** Files with a reader, and all files, counted up to a limit. */
  readableFiles: z.number().int(),
  files: z.number().int(),
  bytes: z.number(),
  /** True when counting stopped at the limit. */
  truncated: z.boolean(),
  /** The first of the files with a reader, to preview one. */
  sampleFiles: z.array(z.string()).default([]),
  suggestedName: z.string(),
  suggestedPersistDir: z.string(),
  /** Set when nothing can be done with these paths. */
  error: errorShapeSchema.nullable(),
})
export type Inspection = z.infer<typeof inspectionSchema>

export const folderFileSchema = z.object({
  name: z.string(),
  bytes: z.number(),
  state: z.enum(['ok', 'missing', 'damaged', 'unknown']),
})

/** `stackroom info`. The shape of its JSON output is fixed; keys may be added. */
export const folderInfoSchema = z.object({
  kind: folderKindSchema,
  documents: z.number().int(),
  nodes: z.number().int(),
  dimensions: z.number().int().nullable(),
  model: z.string().nullable(),
  modelVerdict: modelVerdictSchema,
  /** The numbers behind it, where vectors were compared. */
  modelScore: modelScoreSchema.nullable(),
  store: z.string(),
  /** Where the vectors are, when they are not in the folder itself. */
  vectorStore: vectorStorePlaceSchema.nullable().default(null),
  maker: storeMakerSchema.nullable().default(null),
  files: z.array(folderFileSchema),
  /** Whether the JSON files have everything that the working store has. */
  persisted: z.boolean(),
  /** Another program changed the files while Stackroom had changes of its own. */
  conflict: z.boolean(),
})
export type FolderInfo = z.infer<typeof folderInfoSchema>

/** `stackroom remove`: which documents were there and are gone, and which ids are none. */
export const removalSchema = z.object({ removed: z.array(z.string()), unknown: z.array(z.string()) })
export type Removal = z.infer<typeof removalSchema>
