/** What indexing or embedding again would send to a model, in tokens by looking at a part of it. Sends nothing. */
import { extname } from 'node:path'
import {
  sourceRulesSchema,
  StackroomError,
  type EmbedModelInfo,
  type ModelEstimate,
  type NodeParserInput,
  type SourceRules,
} from '#contract'
import type { CachedEmbedModel } from '#engine/embed/cache/cached-model.ts'
import type { ReaderOptions } from '#engine/ingest/file-types.ts'
import { scan, type ScannedFile } from '#engine/ingest/scan.ts'
import { createTokenCounter } from '#engine/ingest/tokenizers/create-token-counter.ts'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import { readSettings } from '#engine/storage/stackroom-settings-file.ts'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import type { EngineServices } from './engine-services.ts'
import type { WantedModel } from './models.ts'
import { nodeParserFor } from './node-parsers.ts'
import { realPath } from './open-folders.ts'

const mostFiles = 200_000
const sampledFiles = 24
const sampledFileBytes = 4_000_000
const samplingMs = 4000
/** Of each sampled file, so much text is counted; the rest is taken to be alike. */
const countedCharacters = 8000
/** Of files that nothing was read of. */
const usualBytesPerToken = 4

/** What is known of a model without asking it. */
export type EstimatedModel = Pick<EmbedModelInfo, 'id' | 'textsPerSecond' | 'usdPerMillionTokens'>

export interface EstimateOptions {
  readonly paths: readonly string[]
  readonly model: EstimatedModel & Pick<EmbedModelInfo, 'maximumTokens'>
  readonly persistDir?: string | undefined
  /** Of paths that are no sources of the index yet. */
  readonly rules?: Partial<SourceRules> | undefined
  /** Default: as the index was built, or what fits the model. */
  readonly nodeParser?: NodeParserInput | undefined
  /** Languages in which text in images would be read; null: it would not. Default: as the index says. */
  readonly recognizeText?: readonly string[] | null | undefined
  readonly signal: AbortSignal
}

/** Tokens in all, and those of texts whose vectors are in the embedding cache. */
interface Tokens {
  readonly all: number
  readonly cached: number
}

export async function estimateIngest(
  services: EngineServices,
  options: EstimateOptions,
): Promise<ModelEstimate> {
  const { model } = options
  const persistDir = options.persistDir === undefined ? null : await realPath(options.persistDir)
  const isOpen = persistDir !== null && (await detectFolderKind(persistDir)) === 'stackroom'
  const settings = isOpen ? readSettings(persistDir) : null
  const { files, truncated } = await filesToRead(services, options, isOpen ? persistDir : null, settings)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const tokens = await estimateTokens(services, files, options, settings)
  return estimateOf(services, model, persistDir ?? '', { files: files.length, bytes, truncated }, tokens)
}

/** Of each node, what was embedded before is embedded again. */
export async function estimateReembed(
  services: EngineServices,
  folder: StorageFolder,
  model: EstimatedModel,
): Promise<ModelEstimate> {
  const [{ vectors }, samples, counter, metadataMode, cached] = await Promise.all([
    folder.summary(),
    folder.sampleNodes(sampledFiles),
    createTokenCounter({ kind: 'cl100k_base' }),
    services.checks.metadataModeOf(folder),
    cachedModel(services, model.id, model.id),
  ])
  const texts = samples.map(({ embedText, plainText }) => (metadataMode === 'embed' ? embedText : plainText))
  const isCached = (await cached?.areCached(texts)) ?? []
  const counts = texts.map((text) => counter.count(text))
  const share = samples.length === 0 ? 0 : vectors / samples.length
  const sum = (values: readonly number[]): number => Math.round(share * values.reduce((a, b) => a + b, 0))
  const tokens = { all: sum(counts), cached: sum(counts.filter((_, index) => isCached[index] === true)) }
  return estimateOf(services, model, folder.persistDir, { files: 0, bytes: 0, truncated: false }, tokens)
}

/** To be asked what it has in the cache; null where it cannot be opened without asking its server. */
async function cachedModel(
  { models }: EngineServices,
  id: string,
  wanted: WantedModel,
): Promise<CachedEmbedModel | null> {
  if (!models.list().some((known) => known.id === id)) return null
  try {
    return await models.open(wanted)
  } catch (error) {
    // That there is no key, or that the weights are others, is for indexing to say.
    if (error instanceof StackroomError) return null
    throw error
  }
}

async function estimateOf(
  { models }: EngineServices,
  { id, textsPerSecond, usdPerMillionTokens }: EstimatedModel,
  persistDir: string,
  counted: Pick<ModelEstimate, 'files' | 'bytes' | 'truncated'>,
  { all, cached }: Tokens,
): Promise<ModelEstimate> {
  const tokens = all - cached
  const server = models.remoteServerOf(id)
  const usd = usdPerMillionTokens === undefined ? null : (tokens * usdPerMillionTokens) / 1e6
  return {
    ...counted,
    tokens,
    cachedTokens: cached,
    model: id,
    usd: server === null ? 0 : usd,
    // measured with texts of about 200 tokens
    seconds: textsPerSecond === undefined ? null : tokens / 200 / textsPerSecond,
    offline: server === null,
    host: server?.host ?? null,
    consentNeeded: await models.needsConsent(id, persistDir),
  }
}

async function filesToRead(
  services: EngineServices,
  { paths, rules: given, recognizeText, signal }: EstimateOptions,
  /** Of an index that is there. */
  persistDir: string | null,
  settings: StackroomSettings | null,
): Promise<{ files: ScannedFile[]; truncated: boolean }> {
  const rules = sourceRulesSchema.parse({ ...given })
  const listed = new Map<string, SourceRules>()
  const known = new Map<string, number>()
  if (persistDir !== null) {
    const folder = await services.folders.open(persistDir)
    for (const source of settings?.sources ?? []) listed.set(source.path, source)
    for (const { path, bytes, modifiedMs } of await folder.manifest())
      known.set(`${path}\0${bytes}`, modifiedMs)
  }
  const files: ScannedFile[] = []
  const sources = (await Promise.all(paths.map(realPath))).map((path) => ({
    path,
    rules: listed.get(path) ?? rules,
  }))
  const readerOptions = readerOptionsOf(recognizeText, settings)
  for await (const entry of scan(sources, { signal, readerOptions })) {
    if (entry.kind !== 'file' || known.get(`${entry.path}\0${entry.bytes}`) === entry.modifiedMs) continue
    if (files.length === mostFiles) return { files, truncated: true }
    files.push(entry)
  }
  return { files, truncated: false }
}

function readerOptionsOf(
  recognizeText: EstimateOptions['recognizeText'],
  settings: StackroomSettings | null,
): ReaderOptions {
  return {
    recognizeText: (recognizeText === undefined ? settings?.recognizeText : recognizeText) ?? undefined,
  }
}

interface Kind {
  readonly files: ScannedFile[]
  bytes: number
  sampledBytes: number
  tokens: number
  cached: number
}

/** Files of one ending are taken to be alike: those with the most bytes are sampled the most. */
async function estimateTokens(
  services: EngineServices,
  files: readonly ScannedFile[],
  { model, nodeParser, recognizeText, signal }: EstimateOptions,
  settings: StackroomSettings | null,
): Promise<Tokens> {
  const kinds = new Map<string, Kind>()
  for (const file of files) {
    const ending = extname(file.path).toLowerCase()
    const kind = kinds.get(ending) ?? { files: [], bytes: 0, sampledBytes: 0, tokens: 0, cached: 0 }
    kind.files.push(file)
    kind.bytes += file.bytes
    kinds.set(ending, kind)
  }
  const total = [...kinds.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  if (total === 0) return { all: 0, cached: 0 }
  const recorded = settings?.embedModel?.id === model.id ? settings.embedModel : undefined
  const counter = await createTokenCounter({ kind: 'cl100k_base' })
  const cached = await cachedModel(services, model.id, recorded ?? model.id)
  const parserSettings = nodeParserFor(services.models, { settings, model, input: nodeParser })
  const readerOptions = readerOptionsOf(recognizeText, settings)
  const enough = AbortSignal.any([signal, AbortSignal.timeout(samplingMs)])
  const sample = async (kind: Kind, file: ScannedFile): Promise<void> => {
    if (enough.aborted) return
    const { path, bytes } = file
    const parsed = await services.readerPool
      .parse({ path, ...readerOptions }, { settings: parserSettings, bytes, signal: enough })
      .catch(() => null)
    const texts = (parsed?.documents ?? [])
      .flatMap(({ nodes }) => nodes)
      .map(({ node, embedText }) => (recorded?.metadataMode === 'none' ? node.text : embedText))
    kind.sampledBytes += bytes
    const text = texts.join('\n')
    if (text === '') return
    const counted = text.slice(0, countedCharacters)
    const tokens = (counter.count(counted) * text.length) / counted.length
    const isCached = (await cached?.areCached(texts)) ?? []
    const known = texts.reduce((sum, { length }, index) => sum + (isCached[index] === true ? length : 0), 0)
    kind.tokens += tokens
    kind.cached += (tokens * known) / texts.reduce((sum, { length }) => sum + length, 0)
  }
  await Promise.all(
    [...kinds.values()].flatMap((kind) => {
      const small = kind.files.filter(({ bytes }) => bytes > 0 && bytes <= sampledFileBytes)
      const count = Math.min(small.length, Math.max(1, Math.round((sampledFiles * kind.bytes) / total)))
      return Array.from({ length: count }, (_, i) =>
        sample(kind, small[Math.floor((i * small.length) / count)]!),
      )
    }),
  )
  signal.throwIfAborted()
  const sum = (tokensOf: (kind: Kind) => number, otherwise: number): number =>
    Math.round(
      [...kinds.values()].reduce((so, kind) => {
        const { bytes, sampledBytes } = kind
        return so + bytes * (sampledBytes > 0 ? tokensOf(kind) / sampledBytes : otherwise)
      }, 0),
    )
  return { all: sum(({ tokens }) => tokens, 1 / usualBytesPerToken), cached: sum((kind) => kind.cached, 0) }
}
