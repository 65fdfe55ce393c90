/** What indexing or embedding again would send to a model, in tokens by looking at a part of it. Sends nothing. */
import { extname } from 'node:path'
import { sourceRulesSchema, type EmbedModelInfo, type ModelEstimate, type SourceRules } from '#contract'
import { nodeParserSettingsFor } from '#engine/ingest/node-parser-settings.ts'
import { scan, type ScannedFile } from '#engine/ingest/scan.ts'
import { createTokenCounter } from '#engine/ingest/tokenizers/create-token-counter.ts'
import { detectFolderKind } from '#engine/storage/detect-folder-kind.ts'
import { readSettings } from '#engine/storage/stackroom-settings-file.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import type { EngineServices } from './engine-services.ts'
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
  readonly signal: AbortSignal
}

export async function estimateIngest(
  services: EngineServices,
  options: EstimateOptions,
): Promise<ModelEstimate> {
  const { model, signal } = options
  const persistDir = options.persistDir === undefined ? null : await realPath(options.persistDir)
  const { files, truncated } = await filesToRead(services, options, persistDir)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const tokens = await estimateTokens(services, files, model, signal)
  return estimateOf(services, model, persistDir ?? '', { files: files.length, bytes, truncated, tokens })
}

/** Of each node, what was embedded before is embedded again. */
export async function estimateReembed(
  services: EngineServices,
  folder: StorageFolder,
  model: EstimatedModel,
): Promise<ModelEstimate> {
  const [{ vectors }, samples, counter, metadataMode] = await Promise.all([
    folder.summary(),
    folder.sampleNodes(sampledFiles),
    createTokenCounter({ kind: 'cl100k_base' }),
    services.checks.metadataModeOf(folder),
  ])
  const sampled = samples.reduce(
    (sum, { embedText, plainText }) => sum + counter.count(metadataMode === 'embed' ? embedText : plainText),
    0,
  )
  const tokens = samples.length === 0 ? 0 : Math.round((vectors * sampled) / samples.length)
  return estimateOf(services, model, folder.persistDir, { files: 0, bytes: 0, truncated: false, tokens })
}

async function estimateOf(
  { models }: EngineServices,
  { id, textsPerSecond, usdPerMillionTokens }: EstimatedModel,
  persistDir: string,
  counted: Pick<ModelEstimate, 'files' | 'bytes' | 'truncated' | 'tokens'>,
): Promise<ModelEstimate> {
  const { tokens } = counted
  const server = models.remoteServerOf(id)
  const usd = usdPerMillionTokens === undefined ? null : (tokens * usdPerMillionTokens) / 1e6
  return {
    ...counted,
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
  { paths, rules: given, signal }: EstimateOptions,
  persistDir: string | null,
): Promise<{ files: ScannedFile[]; truncated: boolean }> {
  const rules = sourceRulesSchema.parse({ ...given })
  const listed = new Map<string, SourceRules>()
  const known = new Map<string, number>()
  if (persistDir !== null && (await detectFolderKind(persistDir)) === 'stackroom') {
    const folder = await services.folders.open(persistDir)
    for (const source of readSettings(persistDir)?.sources ?? []) listed.set(source.path, source)
    for (const { path, bytes, modifiedMs } of await folder.manifest())
      known.set(`${path}\0${bytes}`, modifiedMs)
  }
  const files: ScannedFile[] = []
  const sources = (await Promise.all(paths.map(realPath))).map((path) => ({
    path,
    rules: listed.get(path) ?? rules,
  }))
  for await (const entry of scan(sources, { signal })) {
    if (entry.kind !== 'file' || known.get(`${entry.path}\0${entry.bytes}`) === entry.modifiedMs) continue
    if (files.length === mostFiles) return { files, truncated: true }
    files.push(entry)
  }
  return { files, truncated: false }
}

interface Kind {
  readonly files: ScannedFile[]
  bytes: number
  sampledBytes: number
  tokens: number
}

/** Files of one ending are taken to be alike: those with the most bytes are sampled the most. */
async function estimateTokens(
  { readerPool, models }: EngineServices,
  files: readonly ScannedFile[],
  model: EstimateOptions['model'],
  signal: AbortSignal,
): Promise<number> {
  const kinds = new Map<string, Kind>()
  for (const file of files) {
    const ending = extname(file.path).toLowerCase()
    const kind = kinds.get(ending) ?? { files: [], bytes: 0, sampledBytes: 0, tokens: 0 }
    kind.files.push(file)
    kind.bytes += file.bytes
    kinds.set(ending, kind)
  }
  const total = [...kinds.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  if (total === 0) return 0
  const counter = await createTokenCounter({ kind: 'cl100k_base' })
  const settings = nodeParserSettingsFor(model.maximumTokens, models.tokenizerOf(model.id))
  const enough = AbortSignal.any([signal, AbortSignal.timeout(samplingMs)])
  const sample = async (kind: Kind, file: ScannedFile): Promise<void> => {
    if (enough.aborted) return
    const { path, bytes } = file
    const parsed = await readerPool
      .parse({ path, knownContentHash: undefined }, { settings, bytes, signal: enough })
      .catch(() => null)
    const text = (parsed?.documents ?? [])
      .flatMap(({ nodes }) => nodes.map(({ embedText }) => embedText))
      .join('\n')
    kind.sampledBytes += bytes
    if (text === '') return
    const counted = text.slice(0, countedCharacters)
    kind.tokens += (counter.count(counted) * text.length) / counted.length
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
  const tokens = [...kinds.values()].map((kind) =>
    kind.sampledBytes > 0 ? (kind.bytes * kind.tokens) / kind.sampledBytes : kind.bytes / usualBytesPerToken,
  )
  return Math.round(tokens.reduce((sum, count) => sum + count, 0))
}
