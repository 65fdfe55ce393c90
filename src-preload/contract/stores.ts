/**
 * Vector stores by address: what there is to open in one, and where the vectors of a knowledge base are. What an engine calls
 * a collection, a table, a class or an index is a collection here: one collection is one knowledge base.
 */
import { z } from 'zod'
import { errorShapeSchema } from './errors.ts'
import { metadataSchema } from './search.ts'

/**
 * `chroma:<folder>`, `chroma+http://host:port`, `chroma+https://host/path`; other engines have schemes of their own. The path of
 * a Chroma folder alone means that folder. An address may name one collection: `chroma:<folder>?collection=<name>`, with
 * `&tenant=` and `&database=` where they are not Chroma's default ones. It never has a password or a key in it.
 */
export const storeAddressSchema = z.string().trim().min(1).max(32_768)

/** An engine whose stores can be opened, as far as a chooser needs to know. */
export const storeKindSchema = z.object({
  /** `chroma` */
  kind: z.string(),
  /** For people: `Chroma`. */
  name: z.string(),
  /** What addresses begin with, before the colon. */
  schemes: z.array(z.string()),
  /** Addresses to show, one for each way of reaching it. */
  examples: z.array(z.string()),
  /** Whether its stores can be a folder on this machine. */
  folders: z.boolean(),
  /** What its stores call a collection: `collection`, `table` … */
  collectionName: z.string(),
})
export type StoreKind = z.infer<typeof storeKindSchema>

export const storeMetricSchema = z.enum(['cosine', 'l2', 'ip'])
export type StoreMetric = z.infer<typeof storeMetricSchema>

/** `plain`: the engine's own client, or a program that left no mark. `empty`: nothing is in it. */
export const storeMakerSchema = z.enum(['llamaindex', 'langchain', 'plain', 'empty'])
export type StoreMaker = z.infer<typeof storeMakerSchema>

export const storeCollectionSchema = z.object({
  /** The whole address, as `stores.open` takes it and as `persistDir` of its knowledge base has it. */
  address: z.string(),
  name: z.string(),
  /** Null where the engine has no such thing. */
  tenant: z.string().nullable(),
  database: z.string().nullable(),
  records: z.number().int(),
  /** Null until something is in it. */
  dimensions: z.number().int().nullable(),
  metric: storeMetricSchema.nullable(),
  /** What it says that it is embedded with; null where it does not say. */
  embeddingFunction: z
    .object({
      /** As the engine names it: `default`, `openai`, `sentence_transformer`, `ollama` … */
      name: z.string(),
      /** `text-embedding-3-small`; null where it does not say. */
      model: z.string().nullable(),
    })
    .nullable(),
  /** The model that this stands for, as `models.list` names it or would; null: none is known. It is verified on opening. */
  model: z.string().nullable(),
  maker: storeMakerSchema,
  /** Of the collection itself. */
  metadata: metadataSchema,
  /** Of a knowledge base on the list that is this collection, or keeps its vectors in it. */
  knowledgeBaseId: z.string().nullable(),
})
export type StoreCollection = z.infer<typeof storeCollectionSchema>

/** What is in a store, found out without changing anything in it. */
export const storeInspectionSchema = z.object({
  kind: z.string(),
  /** In full, without a collection. */
  address: z.string(),
  /** For people: the folder, or the server's host. */
  location: z.string(),
  /** The folder, where it is one on this machine. */
  folder: z.string().nullable(),
  collections: z.array(storeCollectionSchema),
  /**
   * What the engine would do on opening. `older`: it would bring the folder up to date for good, so that `stores.open` asks
   * for `migrate` (a backup is made before, in `backupFolder`). `newer`: it cannot open it.
   */
  version: z.enum(['same', 'older', 'newer']),
  /** Where the backup would go; null where none is made. */
  backupFolder: z.string().nullable(),
  /** Another program that has the folder open now: opening is refused with `locked` until it lets go of it. */
  usedBy: z.object({ pid: z.number().int(), command: z.string() }).nullable(),
  /** Where the key of its server is; null: it takes none. */
  key: z.enum(['none', 'environment', 'stored']).nullable().default(null),
  /** Why nothing in it can be opened as things are, apart from `older-format`; null: it can. */
  error: errorShapeSchema.nullable(),
})
export type StoreInspection = z.infer<typeof storeInspectionSchema>

/** Where the vectors of a knowledge base are, when they are not in its own folder. */
export const vectorStorePlaceSchema = z.object({
  kind: z.string(),
  /** Without the collection. */
  address: z.string(),
  collection: z.string(),
  tenant: z.string().nullable(),
  database: z.string().nullable(),
  /** For people: the folder, or the server's host. */
  location: z.string(),
})
export type VectorStorePlace = z.infer<typeof vectorStorePlaceSchema>

/** Where a new index shall keep its vectors. */
export const newVectorStoreSchema = z.object({
  address: storeAddressSchema,
  /** Made when it is not there. Omitted: named in the address, or made from the name of the index. */
  collection: z.string().trim().min(1).max(512).optional(),
  /** Of a collection that is made. Omitted: the engine's own default, as LlamaIndex makes it. */
  metric: storeMetricSchema.optional(),
})
export type NewVectorStore = z.infer<typeof newVectorStoreSchema>

export const storeOpenSchema = z.object({
  /** Of a store, of one collection, or the path of a Chroma folder. */
  address: storeAddressSchema,
  /** Omitted: the one that the address names, or the only one. Else `several-collections`. */
  collection: z.string().min(1).max(512).optional(),
  tenant: z.string().optional(),
  database: z.string().optional(),
  /** Lets the engine bring a folder of an older version up to date, after a backup. Omitted: `older-format`. */
  migrate: z.boolean().default(false),
})
