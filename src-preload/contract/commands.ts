/**
 * Every command that crosses the boundary, written once: its name, what goes in, what comes out. Main parses every
 * input, the client infers its types from here, and both transports carry exactly this.
 */
import { z } from 'zod'
import { folderInfoSchema, inspectionSchema, knowledgeBaseSchema, removalSchema } from './library.ts'
import { jobSchema } from './jobs.ts'
import { modelCommands, modelIdSchema } from './models.ts'
import { chunkPreviewSchema, nodeParserInputSchema } from './node-parsers.ts'
import { searchCommands } from './search-commands.ts'
import {
  deletedFilesSchema,
  fileReportQuerySchema,
  fileReportSchema,
  languagesSchema as languages,
  sourceRulesSchema,
  sourcesSchema,
  sourceSettingsSchema,
} from './sources.ts'
import {
  newVectorStoreSchema,
  storeAddressSchema,
  storeInspectionSchema,
  storeKindSchema,
  storeOpenSchema,
} from './stores.ts'
import { verifyReportSchema } from './verify.ts'

const nothing = z.object({})
const knowledgeBaseId = z.object({ knowledgeBaseId: z.string() })
const path = z.string().min(1).max(32_768)

export const appInfoSchema = z.object({
  host: z.enum(['electron', 'web']),
  version: z.string(),
  platform: z.string(),
  dataFolder: z.string(),
  /** Whether this host has native dialogs; without them the renderer shows its own file chooser. */
  nativeDialogs: z.boolean(),
  /** Whether files can be shown in the system's file manager and opened with their own program. */
  canOpenFiles: z.boolean(),
})
export type AppInfo = z.infer<typeof appInfoSchema>

export const directoryListingSchema = z.object({
  path: z.string(),
  parent: z.string().nullable(),
  entries: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      isDirectory: z.boolean(),
      size: z.number(),
      /** True for a folder that holds a storage context or a Chroma database. */
      isStorageFolder: z.boolean(),
      /** True for a folder that holds a Chroma database. */
      isChromaFolder: z.boolean().default(false),
    }),
  ),
})
export type DirectoryListing = z.infer<typeof directoryListingSchema>

export const settingsSchema = z.object({
  theme: z.enum(['system', 'light', 'dark']),
})
export type Settings = z.infer<typeof settingsSchema>

export const commands = {
  'app.info': { input: nothing, output: appInfoSchema },

  'settings.read': { input: nothing, output: settingsSchema },
  'settings.write': { input: settingsSchema.partial(), output: settingsSchema },

  'library.list': { input: nothing, output: z.array(knowledgeBaseSchema) },
  /** What these paths are, and what would be done with them. */
  'library.inspect': {
    input: z.object({
      paths: z.array(path).min(1).max(10_000),
      /** Counts what these rules leave. */
      rules: sourceRulesSchema.partial().optional(),
      /** Whether text in images would be read. */
      recognizeText: z.boolean().default(false),
      /** False: only what it is, without counting files. */
      count: z.boolean().default(true),
    }),
    output: inspectionSchema,
  },
  /**
   * Opens a storage folder and lists it from then on. Of a Chroma folder: its only collection, or `several-collections`.
   */
  'library.open': { input: z.object({ persistDir: path }), output: knowledgeBaseSchema },
  /** Opens a listed knowledge base, so that the first search is quick. */
  'library.activate': {
    /** `migrate`: as of `stores.open`, for a folder whose vectors are in a store of an older version. */
    input: knowledgeBaseId.extend({ migrate: z.boolean().optional() }),
    output: knowledgeBaseSchema,
  },
  'library.rename': {
    input: knowledgeBaseId.extend({ name: z.string().trim().min(1).max(200) }),
    output: knowledgeBaseSchema,
  },
  /** Takes it off the list. Deletes nothing on disk. */
  'library.forget': { input: knowledgeBaseId, output: nothing },
  'library.info': { input: z.object({ persistDir: path }), output: folderInfoSchema },
  /** Brings the JSON files up to date. Throws `both-sides-changed`, `read-only`, `disk-full`. */
  'library.persist': { input: knowledgeBaseId, output: knowledgeBaseSchema },
  /** Ends a conflict: the other side goes into a backup. Throws `wrong-usage` when there is none. */
  'library.resolveConflict': {
    input: knowledgeBaseId.extend({ keep: z.enum(['files', 'stackroom']) }),
    output: z.object({ knowledgeBase: knowledgeBaseSchema, backup: z.string() }),
  },
  /** Reads everything and changes nothing; `library.verifying` tells how far it is. */
  'library.verify': { input: knowledgeBaseId, output: verifyReportSchema },
  /** Mends what can be mended, after a backup. Throws `busy`, `locked`, `read-only`, `both-sides-changed`. */
  'library.repair': { input: knowledgeBaseId, output: verifyReportSchema },
  /** `delete_ref_doc`: the files themselves stay where they are. */
  'library.removeDocuments': {
    input: knowledgeBaseId.extend({
      refDocIds: z.array(z.string()).min(1).max(10_000),
      keepInDocstore: z.boolean().default(false),
    }),
    output: removalSchema,
  },

  /** The kinds of vector stores that can be opened or indexed into. */
  'stores.kinds': { input: nothing, output: z.array(storeKindSchema) },
  /** What is in a store. What is wrong with it is in the answer; throws for an address that is none, or where nothing is. */
  'stores.inspect': { input: z.object({ address: storeAddressSchema }), output: storeInspectionSchema },
  /**
   * Opens one collection as a knowledge base and lists it from then on. Throws `several-collections`, `older-format`,
   * `locked`, `not-found`, `engine-unavailable`. `library.open` with an address does the same.
   */
  'stores.open': { input: storeOpenSchema, output: knowledgeBaseSchema },
  /** Keeps the key or token for a store's server with the other secrets; null deletes it. It never comes out again. */
  'stores.setKey': {
    input: z.object({ address: storeAddressSchema, key: z.string().trim().min(1).max(1000).nullable() }),
    output: nothing,
  },
  /**
   * `library.verify` for the folder of a store, whether it is on the list or not; `stores.verifying` tells how far it is.
   * Throws `invalid-input` for a store that is no folder.
   */
  'stores.verify': { input: z.object({ address: storeAddressSchema }), output: verifyReportSchema },
  /** Mends what can be mended, after a backup. Throws `busy`, `locked`, `read-only`. */
  'stores.repair': { input: z.object({ address: storeAddressSchema }), output: verifyReportSchema },

  /** Native dialogs; null when the user cancelled. Only where `nativeDialogs` is true. */
  'dialogs.chooseFiles': {
    input: z.object({
      kind: z.enum(['sources', 'file', 'storage-folder', 'parent-folder', 'model-folder', 'store-folder']),
    }),
    output: z.array(z.string()).nullable(),
  },
  /** The machine's folders, for hosts without native dialogs. `null` asks for the home folder. */
  'files.list': { input: z.object({ path: path.nullable() }), output: directoryListingSchema },
  'files.open': { input: z.object({ knowledgeBaseId: z.string(), nodeId: z.string() }), output: nothing },
  'files.reveal': { input: z.object({ path }), output: nothing },
  /** A place in the data folder that a browser may upload dropped files to; then index its `path`. */
  'uploads.begin': {
    input: z.object({ name: z.string().min(1).max(255) }),
    output: z.object({ uploadId: z.string(), path: z.string() }),
  },

  'ingest.start': {
    input: z.object({
      paths: z.array(path).min(1).max(10_000),
      persistDir: path,
      name: z.string().trim().max(200).optional(),
      /**
       * Omitted: the model the index was built with, or the bundled one for a new index. A model that sends text away
       * is refused with `consent-required` until `models.consent` was given for its server and this folder.
       */
      model: z.string().optional(),
      /** Omitted: as the index was built, or SentenceSplitter for a new one. `invalid-input` where it was built otherwise. */
      nodeParser: nodeParserInputSchema.optional(),
      /** Where a new index keeps its vectors. Omitted: in its own folder. */
      store: newVectorStoreSchema.optional(),
      /** For each of the paths that is not a source yet. */
      source: sourceSettingsSchema.omit({ path: true }).partial().optional(),
      /** Languages in which text in images is read from now on, as tesseract names them (`eng`); null: no more. */
      recognizeText: languages.nullable().optional(),
    }),
    output: jobSchema,
  },
  /**
   * The documents that come with the app, for a first search: puts them into a folder of the user's, beside the new
   * knowledge bases, and indexes them: a job. Asked for again, it goes on with what is there.
   */
  'ingest.sample': { input: nothing, output: jobSchema },
  /** How one file would be cut into nodes. Throws what indexing this file would report. */
  'ingest.preview': {
    input: z.object({
      path,
      nodeParser: nodeParserInputSchema.optional(),
      /** That the chunks have to fit. Omitted: the one of the index, or the bundled one. */
      model: modelIdSchema.optional(),
      /** A storage folder: the file is cut as its documents were. */
      persistDir: path.optional(),
      /** Languages in which text in images is read, scanned pages too; null: it is not. Omitted: as the index says. */
      recognizeText: languages.nullable().optional(),
    }),
    output: chunkPreviewSchema,
  },
  /**
   * Brings the index in line with all its sources: a job. `deleted` is the answer to what becomes of files that are gone,
   * for this time, or from now on with `remember`; omitted, the setting of the index decides.
   */
  'ingest.refresh': {
    input: knowledgeBaseId.extend({
      deleted: z.enum(['remove', 'keep']).optional(),
      remember: z.boolean().default(false),
    }),
    output: jobSchema,
  },
  /** Tries the files again that failed in the last run: a job. Throws `not-found` when none did. */
  'ingest.retry': { input: knowledgeBaseId, output: jobSchema },
  /** What became of each file. */
  'ingest.report': { input: fileReportQuerySchema, output: fileReportSchema },
  /** The same as CSV text, in pages; the first begins with the heading. */
  'ingest.reportCsv': {
    input: fileReportQuerySchema,
    output: z.object({ csv: z.string(), next: z.string().nullable() }),
  },
  'ingest.sources': { input: knowledgeBaseId, output: sourcesSchema },
  /**
   * Changes settings of sources that are there (the first with their path), and what becomes of deleted files. New rules
   * count from the next `ingest.refresh` on; watching begins and ends at once. Throws `not-found` for another path.
   */
  'ingest.configure': {
    input: knowledgeBaseId.extend({
      sources: z.array(sourceSettingsSchema).max(10_000).default([]),
      deletedFiles: deletedFilesSchema.optional(),
      recognizeText: languages.nullable().optional(),
    }),
    output: sourcesSchema,
  },
  /** Takes a source off the list; its files stay where they are, its documents leave the index unless they are kept. */
  'ingest.removeSource': {
    input: knowledgeBaseId.extend({ path, keepDocuments: z.boolean().default(false) }),
    output: sourcesSchema,
  },
  /**
   * Embeds the nodes of a knowledge base again with another model: a job. The new vectors take the place of the old in
   * one step at its end; the old ones are kept until `models.discardOldVectors`. Cancelled or killed, it goes on where
   * it was when it is started again. Throws `consent-required`.
   */
  'reembed.start': {
    input: knowledgeBaseId.extend({ model: modelIdSchema }),
    output: jobSchema,
  },
  'jobs.list': { input: nothing, output: z.array(jobSchema) },
  /** For jobs of the kind `ingest`. What is under way is finished, nothing new is begun. Also over a restart of the app. */
  'jobs.pause': { input: z.object({ jobId: z.string() }), output: nothing },
  'jobs.resume': { input: z.object({ jobId: z.string() }), output: nothing },
  'jobs.cancel': { input: z.object({ jobId: z.string() }), output: nothing },
  /** Takes a finished job off the list. */
  'jobs.dismiss': { input: z.object({ jobId: z.string() }), output: nothing },

  ...searchCommands,
  ...modelCommands,
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>

export type CommandName = keyof typeof commands
/** What a caller passes (before defaults). */
export type CommandInput<Name extends CommandName> = z.input<(typeof commands)[Name]['input']>
/** What a handler gets (after defaults). */
export type ParsedInput<Name extends CommandName> = z.output<(typeof commands)[Name]['input']>
export type CommandOutput<Name extends CommandName> = z.output<(typeof commands)[Name]['output']>

export interface CallOptions {
  signal?: AbortSignal
}

/** What the renderer holds: one function, typed by the command's name. */
export type Call = <Name extends CommandName>(
  name: Name,
  input: CommandInput<Name>,
  options?: CallOptions,
) => Promise<CommandOutput<Name>>

export interface CommandContext {
  /** Aborted when the caller cancels or goes away. */
  readonly signal: AbortSignal
}

/** What main implements: one handler for each command. */
export type CommandHandlers = {
  readonly [Name in CommandName]: (
    input: ParsedInput<Name>,
    context: CommandContext,
  ) => Promise<CommandOutput<Name>> | CommandOutput<Name>
}
