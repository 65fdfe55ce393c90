/**
 * Reads a folder in the layout of sentence-transformers: model.onnx (also as onnx/model.onnx), tokenizer.json, config.json
 * and, where they exist, the files that say how token vectors become one vector and what prefixes the model wants.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'

export interface ModelFolder {
  readonly folder: string
  readonly modelFile: string
  readonly dimensions: number
  readonly pooling: 'mean' | 'cls'
  readonly normalized: boolean
  readonly queryPrefix: string
  readonly documentPrefix: string
  /** Special tokens included. */
  readonly maximumTokens: number
}

const configSchema = z.looseObject({
  hidden_size: z.number().int().positive().optional(),
  dim: z.number().int().positive().optional(),
  d_model: z.number().int().positive().optional(),
  max_position_embeddings: z.number().int().positive().optional(),
  model_type: z.string().optional(),
})
const poolingSchema = z.looseObject({
  word_embedding_dimension: z.number().int().positive().optional(),
  pooling_mode_mean_tokens: z.boolean().optional(),
  pooling_mode_cls_token: z.boolean().optional(),
})
const sentenceSchema = z.looseObject({ max_seq_length: z.number().int().positive().nullish() })
const promptsSchema = z.looseObject({ prompts: z.record(z.string(), z.string()).optional() })
const modulesSchema = z.array(z.looseObject({ type: z.string(), path: z.string() }))
const tokenizerConfigSchema = z.looseObject({ model_max_length: z.number().positive().optional() })

/** Throws `path-missing`, `missing-file`, `damaged-file` or `unsupported-format`, in words for a user. */
export function readModelFolder(folder: string): ModelFolder {
  if (!existsSync(folder))
    throw new StackroomError('path-missing', `The model folder ${folder} does not exist.`, {
      hint: 'Choose the folder again, or put it back where it was.',
    })
  const modelFile = [join(folder, 'model.onnx'), join(folder, 'onnx', 'model.onnx')].find(existsSync)
  if (!modelFile || !existsSync(join(folder, 'tokenizer.json')))
    throw new StackroomError(
      'missing-file',
      `The model folder ${folder} has no ${modelFile ? 'tokenizer.json' : 'model.onnx'}.`,
      { hint: 'A model folder holds model.onnx, tokenizer.json and config.json.' },
    )
  const config = readJson(folder, 'config.json', configSchema)
  if (!config)
    throw new StackroomError('missing-file', `The model folder ${folder} has no config.json.`, {
      hint: 'Copy config.json from where the model was published.',
    })
  const modules = readJson(folder, 'modules.json', modulesSchema)
  const kinds = (modules ?? []).map((module) => module.type.split('.').at(-1))
  const foreign = kinds.find((kind) => !['Transformer', 'Pooling', 'Normalize'].includes(kind ?? ''))
  if (foreign) throw unsupported(folder, `has a ${foreign} layer after the transformer`)
  const poolingPath = modules?.find((module) => module.type.endsWith('.Pooling'))?.path ?? '1_Pooling'
  const pooling = readJson(folder, join(poolingPath, 'config.json'), poolingSchema)
  const modes = Object.entries(pooling ?? { pooling_mode_mean_tokens: true })
    .filter(([key, value]) => key.startsWith('pooling_mode') && value === true)
    .map(([key]) => key)
  if (modes.length !== 1 || !['pooling_mode_mean_tokens', 'pooling_mode_cls_token'].includes(modes[0] ?? ''))
    throw unsupported(folder, `wants a pooling other than mean or CLS (${modes.join(', ') || 'none'})`)
  const dimensions = pooling?.word_embedding_dimension ?? config.hidden_size ?? config.dim ?? config.d_model
  if (!dimensions) throw unsupported(folder, 'does not say how many dimensions its vectors have')
  const prompts = readJson(folder, 'config_sentence_transformers.json', promptsSchema)?.prompts ?? {}
  return {
    folder,
    modelFile,
    dimensions,
    pooling: modes[0] === 'pooling_mode_cls_token' ? 'cls' : 'mean',
    // a model without modules.json is one whose vectors everybody normalises
    normalized: modules === null || kinds.includes('Normalize'),
    queryPrefix: prompts['query'] ?? '',
    documentPrefix: prompts['document'] ?? prompts['passage'] ?? prompts['corpus'] ?? '',
    maximumTokens: windowOf(folder, config),
  }
}

function windowOf(folder: string, config: z.infer<typeof configSchema>): number {
  // RoBERTa keeps the first two positions for padding
  const roberta = /roberta/.test(config.model_type ?? '') ? 2 : 0
  const positions = (config.max_position_embeddings ?? 512 + roberta) - roberta
  const stated = readJson(folder, 'sentence_bert_config.json', sentenceSchema)?.max_seq_length
  const tokenizer = readJson(folder, 'tokenizer_config.json', tokenizerConfigSchema)?.model_max_length
  return Math.min(positions, stated ?? tokenizer ?? positions)
}

function readJson<Schema extends z.ZodType>(
  folder: string,
  name: string,
  schema: Schema,
): z.output<Schema> | null {
  const path = join(folder, name)
  if (!existsSync(path)) return null
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new StackroomError('damaged-file', `The file ${path} is not what a model folder has there.`, {
      hint: 'Copy it again from where the model was published.',
      cause,
    })
  }
}

function unsupported(folder: string, what: string): StackroomError {
  return new StackroomError('unsupported-format', `The model in ${folder} ${what}.`, {
    hint: 'Stackroom runs sentence-transformers models with mean or CLS pooling.',
  })
}

/** Changes when anything that changes the vectors does: weights, tokens, and how the two are put to use. */
export async function revisionOf(model: ModelFolder): Promise<string> {
  const hash = createHash('sha256')
  const files = [model.modelFile, `${model.modelFile}_data`, join(model.folder, 'tokenizer.json')]
  for (const path of files.filter(existsSync))
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  return hash.digest('hex').slice(0, 16)
}
