/** Embed models: what can be chosen, the servers they run on, and what is known of the model of a knowledge base. */
import { z } from 'zod'
import { errorShapeSchema } from './errors.ts'
import { nodeParserInputSchema } from './node-parsers.ts'
import { languagesSchema, sourceRulesSchema } from './sources.ts'

export const embedModelInfoSchema = z.object({
  /** As written everywhere: `bundled:all-MiniLM-L6-v2`. */
  id: z.string(),
  name: z.string(),
  dimensions: z.number().int(),
  /** Tokens that the model reads at once. */
  maximumTokens: z.number().int(),
  /** Whether text leaves the machine. */
  offline: z.boolean(),
  description: z.string(),
  /** US dollars for a million tokens; absent where it costs nothing or is not known. */
  usdPerMillionTokens: z.number().optional(),
  /** The secret that the model needs, as its environment variable is named; absent where none is needed. */
  keyName: z.string().optional(),
  /** Put before the text of a query or of a document. */
  queryPrefix: z.string(),
  documentPrefix: z.string(),
  /** How token vectors become one vector; absent for a server, which does not say. */
  pooling: z.enum(['mean', 'cls']).optional(),
  normalized: z.boolean().optional(),
  /** Texts of about 200 tokens that it embeds in a second, measured on this machine; absent: not measured yet. */
  textsPerSecond: z.number().optional(),
  /** The server that it runs on, as `models.servers` names it; absent for a model of Stackroom's own or of a folder. */
  server: z.string().optional(),
  /** Whether the user added it and so can take it off the list. */
  removable: z.boolean(),
})
export type EmbedModelInfo = z.infer<typeof embedModelInfoSchema>

/** A model as a server lists it. */
export const serverModelSchema = z.object({
  /** `<server's name>:<model>` */
  id: z.string(),
  /** Whether it can embed, as far as the server or its name tells; null: try it. */
  canEmbed: z.boolean().nullable(),
})
export type ServerModel = z.infer<typeof serverModelSchema>

const serverName = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/i)
const environmentName = z.string().regex(/^[A-Z][A-Z0-9_]*$/)

export const modelServerSchema = z.object({
  /** What ids begin with: `ollama` in `ollama:nomic-embed-text`. */
  name: z.string(),
  kind: z.enum(['openai', 'azure', 'compatible']),
  baseUrl: z.string(),
  /** Azure only. */
  apiVersion: z.string().optional(),
  /** Where text is sent, for people: `api.openai.com`. */
  host: z.string(),
  /** Whether the server runs on this machine: then nothing leaves it and no consent is needed. */
  offline: z.boolean(),
  /** What the key is called, as its environment variable; absent for a server without one. */
  keyName: z.string().optional(),
  /** Whether there is a key, and where from. The key itself never comes back. */
  key: z.enum(['not-needed', 'missing', 'environment', 'stored']),
  /** `known`: comes with Stackroom as it is; `changed`: comes with Stackroom, changed by the user; `own`: added. */
  origin: z.enum(['known', 'changed', 'own']),
  /** Folders (persist dirs) whose text may be sent to it; `everything`: whatever is indexed or searched with it. */
  consents: z.union([z.literal('everything'), z.array(z.string())]),
})
export type ModelServer = z.infer<typeof modelServerSchema>

export const modelServerInputSchema = z.object({
  name: serverName,
  kind: z.enum(['openai', 'azure', 'compatible']),
  /** Azure: `https://<resource>.openai.azure.com`. */
  baseUrl: z.url({ protocol: /^https?$/ }),
  apiVersion: z.string().optional(),
  /** Absent for a server that wants none. */
  keyName: environmentName.optional(),
  /** Kept with the other secrets; left out: the key that is there stays. */
  key: z.string().trim().min(1).max(1000).optional(),
})
export type ModelServerInput = z.infer<typeof modelServerInputSchema>

/** What a call to the model showed. Only sentences of Stackroom's own are sent. */
export const modelTestSchema = z.object({
  id: z.string(),
  ok: z.boolean(),
  dimensions: z.number().int().nullable(),
  /** Of one short text, once the model is loaded. */
  latencyMs: z.number().nullable(),
  /** Whether two sentences of one meaning come out closer than two that have nothing in common. */
  makesSense: z.boolean().nullable(),
  error: errorShapeSchema.nullable(),
})
export type ModelTest = z.infer<typeof modelTestSchema>

/** What indexing would send to a model, worked out before anything is sent. */
export const modelEstimateSchema = z.object({
  model: z.string(),
  /** Files that would be read; those that the index has as they are do not count. 0 for embedding again. */
  files: z.number().int(),
  bytes: z.number(),
  /** True when counting stopped at a limit: it is more than said. */
  truncated: z.boolean(),
  /** What would be sent, estimated from a part of the files. */
  tokens: z.number().int(),
  /** What would not be sent besides, as its vectors are in the cache already. */
  cachedTokens: z.number().int().default(0),
  /** Null where no price is known (`models.save` takes one); 0 for a model on this machine. */
  usd: z.number().nullable(),
  /** By the speed measured on this machine; null when it was not measured. */
  seconds: z.number().nullable(),
  offline: z.boolean(),
  /** Where the text goes, for people; null when it stays on this machine. */
  host: z.string().nullable(),
  /** Whether `models.consent` has to be given first. */
  consentNeeded: z.boolean(),
})
export type ModelEstimate = z.infer<typeof modelEstimateSchema>

/** How the model's vectors compare with the stored ones, in the way of embedding that came closest. */
export const modelScoreSchema = z.object({
  samples: z.number().int(),
  /** Samples with a cosine of at least 0.99. */
  matching: z.number().int(),
  median: z.number(),
  minimum: z.number(),
  /** Whether the nodes' metadata was part of the text. */
  metadata: z.boolean(),
  documentPrefix: z.string(),
  longText: z.enum(['mean-of-windows', 'cut', 'provider']),
})
export type ModelScore = z.infer<typeof modelScoreSchema>

export const modelVerdictSchema = z.enum(['verified', 'wrong-model', 'cannot-tell', 'unchecked'])
export type ModelVerdict = z.infer<typeof modelVerdictSchema>

/** Why a verdict is not `verified`. */
export const modelVerdictReasonSchema = z.enum([
  'other-dimensions',
  'other-vectors',
  'no-text',
  'no-vectors',
  'model-failed',
  'consent-required',
  /** No model at hand makes vectors of this length. */
  'no-candidate',
])
export type ModelVerdictReason = z.infer<typeof modelVerdictReasonSchema>

/** One model that makes vectors as long as the folder's, and what comparing them showed. */
export const modelCandidateSchema = z.object({
  model: embedModelInfoSchema,
  verdict: modelVerdictSchema,
  reason: modelVerdictReasonSchema.nullable(),
  score: modelScoreSchema.nullable(),
  error: errorShapeSchema.nullable(),
  /** Whether checking it sends text of this folder away, and that was not allowed yet. */
  consentNeeded: z.boolean(),
})
export type ModelCandidate = z.infer<typeof modelCandidateSchema>

/** Whether a knowledge base's vectors are those of a model, with the numbers, and what follows from it. */
export const modelCheckSchema = z.object({
  /** The model that is used for this folder; null when none fits or none was chosen. */
  model: z.string().nullable(),
  /** Whether the folder itself says so (`stackroom.json`). */
  recorded: z.boolean(),
  /** Whether the user chose it without a proof. */
  chosen: z.boolean(),
  dimensions: z.number().int().nullable(),
  verdict: modelVerdictSchema,
  reason: modelVerdictReasonSchema.nullable(),
  score: modelScoreSchema.nullable(),
  /** What failed, or why operations are refused, in words. */
  error: errorShapeSchema.nullable(),
  /** ISO 8601. */
  checkedAt: z.string().nullable(),
  candidates: z.array(modelCandidateSchema),
  /** What is refused as things are. */
  refused: z.array(z.enum(['search', 'index'])),
  /** Vectors that re-embedding replaced and that are still kept. */
  oldVectors: z
    .object({
      model: z.string().nullable(),
      replacedAt: z.string(),
      bytes: z.number(),
      restorable: z.boolean(),
    })
    .nullable(),
})
export type ModelCheck = z.infer<typeof modelCheckSchema>

export const modelIdSchema = z.string().min(1).max(32_800)

export const modelCommands = {
  /** Every embed model that can be chosen now. */
  'models.list': { input: z.object({}), output: z.array(embedModelInfoSchema) },
  /** The servers that models can run on: those that come with Stackroom and the user's own. Asks none of them. */
  'models.servers': { input: z.object({}), output: z.array(modelServerSchema) },
  /** Adds a server, or changes the one of this name; its models stay. The key goes in and never comes out. */
  'models.saveServer': { input: modelServerInputSchema, output: modelServerSchema },
  /** Takes an own server off the list, with its models, consents and stored key; one that comes with Stackroom goes back to what it was. */
  'models.removeServer': { input: z.object({ server: z.string() }), output: z.object({}) },
  /** Keeps the key of a server; null deletes the stored one. */
  'models.setKey': {
    input: z.object({ server: z.string(), key: z.string().trim().min(1).max(1000).nullable() }),
    output: modelServerSchema,
  },
  /** Asks the server which models it has, those that can embed first. */
  'models.ofServer': { input: z.object({ server: z.string() }), output: z.array(serverModelSchema) },
  /**
   * Puts a server's model on the list, or changes what is known of a model: its prefixes (for new indexes; an index keeps
   * those it was built with) and its window. Asks the server for one vector when the dimensions are not known.
   */
  'models.save': {
    input: z.object({
      id: modelIdSchema,
      queryPrefix: z.string().max(2000).optional(),
      documentPrefix: z.string().max(2000).optional(),
      /** Shorter vectors, for models that can shorten them (text-embedding-3-large). */
      dimensions: z.number().int().positive().max(65_536).optional(),
      maximumTokens: z.number().int().positive().max(10_000_000).optional(),
      /** What the server charges, where Stackroom does not know it: for estimates. Null: not known any more. */
      usdPerMillionTokens: z.number().nonnegative().max(1_000_000).nullable().optional(),
    }),
    output: embedModelInfoSchema,
  },
  /** Takes a server's model or a model folder off the list. Deletes nothing on disk. */
  'models.remove': { input: z.object({ id: modelIdSchema }), output: z.object({}) },
  /** Adds an ONNX model folder; answers with what was read from it, or fails with why it cannot be used. */
  'models.addFolder': {
    input: z.object({ path: z.string().min(1).max(32_768) }),
    output: embedModelInfoSchema,
  },
  /** Embeds three sentences of Stackroom's own. What is wrong is in the answer, not thrown. */
  'models.test': { input: z.object({ id: modelIdSchema }), output: modelTestSchema },
  /** Embeds sentences of Stackroom's own for a few seconds and remembers the speed. On a priced server this costs a fraction of a cent. */
  'models.measure': { input: z.object({ id: modelIdSchema }), output: embedModelInfoSchema },
  /**
   * What indexing these paths with this model would take, or (`knowledgeBaseId` instead) embedding a knowledge base again;
   * sends nothing. `persistDir`: files it has already do not count.
   */
  'models.estimate': {
    input: z.union([
      z.object({
        paths: z.array(z.string().min(1).max(32_768)).min(1).max(10_000),
        model: modelIdSchema,
        persistDir: z.string().min(1).max(32_768).optional(),
        /** Of paths that are no sources of the index yet. */
        rules: sourceRulesSchema.partial().optional(),
        /** Omitted: as the index was built, or what fits the model. */
        nodeParser: nodeParserInputSchema.optional(),
        /** Languages in which text in images would be read; omitted: as the index says. */
        recognizeText: languagesSchema.nullable().optional(),
      }),
      z.object({ knowledgeBaseId: z.string(), model: modelIdSchema }),
    ]),
    output: modelEstimateSchema,
  },
  /** Allows (or no longer allows) to send the text of this folder's documents and questions to a server; null: of every folder. */
  'models.consent': {
    input: z.object({
      server: z.string(),
      persistDir: z.string().min(1).max(32_768).nullable(),
      given: z.boolean(),
    }),
    output: modelServerSchema,
  },
  /** The verdict on a knowledge base's model. Checks what was not checked yet, with models on this machine only. */
  'models.check': { input: z.object({ knowledgeBaseId: z.string() }), output: modelCheckSchema },
  /** Compares the folder's vectors with this model's. Throws `consent-required` for a server that may not have the text. */
  'models.verify': {
    input: z.object({ knowledgeBaseId: z.string(), model: modelIdSchema }),
    output: modelCheckSchema,
  },
  /**
   * From now on this is the knowledge base's model. Written to `stackroom.json` where it was verified or the folder is
   * empty. Throws `wrong-model` when the vectors are another's; `unverified` accepts a model that cannot be checked.
   */
  'models.choose': {
    input: z.object({
      knowledgeBaseId: z.string(),
      model: modelIdSchema,
      unverified: z.boolean().default(false),
    }),
    output: modelCheckSchema,
  },
  /** Throws away the vectors that re-embedding replaced. */
  'models.discardOldVectors': { input: z.object({ knowledgeBaseId: z.string() }), output: modelCheckSchema },
  /** Puts them back, with the model they were made with; the vectors of now are gone. */
  'models.restoreOldVectors': { input: z.object({ knowledgeBaseId: z.string() }), output: modelCheckSchema },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>
