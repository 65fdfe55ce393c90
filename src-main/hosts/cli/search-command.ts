/** `stackroom search`: one or several knowledge bases, by meaning and by words, with the reasons for each hit. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import {
  metadataFiltersSchema,
  parseQuery,
  StackroomError,
  type Fusion,
  type MetadataFilters,
  type SearchAnswer,
  type SearchHit,
  type SearchMode,
} from '#contract'
import type { EngineServices } from '#app/engine-services.ts'
import type { SearchTarget } from '#app/retrieve-from-folder.ts'
import { searchFolders } from '#app/search-folder.ts'
import { SearchKeys } from '#app/search-keys.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { allowServer } from './model-commands.ts'
import {
  addCollectionOptions,
  engineServices,
  excerpt,
  json,
  openKnowledgeBase,
  print,
  type CollectionOptions,
  type JsonOption,
} from './output.ts'
import { wholeNumber } from './whole-number.ts'

interface SearchCommandOptions extends JsonOption, CollectionOptions {
  readonly k: number
  readonly mode: SearchMode
  readonly fusion: Fusion
  readonly filter?: readonly MetadataFilters[]
  readonly mmr?: number | true
  readonly collapse?: boolean
  readonly group?: 'document'
  readonly literal?: boolean
  readonly model?: string
}

/** LlamaIndex's. */
const usualThreshold = 0.5

export function addSearchCommand(command: Command, signal: AbortSignal): void {
  const searching = command
    .command('search')
    .description('the passages of knowledge bases that answer a query best')
    .usage('[options] <dir...> <query>')
    .argument('<dir...>', 'storage folders, Chroma folders, addresses of vector stores; the query comes last')
    .option('-k <number>', 'similarity top k', wholeNumber(1, 1000), 10)
    .addOption(
      new Option('--mode <mode>', 'by meaning, by words, or both')
        .choices(['vector', 'keyword', 'hybrid'])
        .default('hybrid'),
    )
    .addOption(
      new Option('--fusion <method>', 'how the lists of both become one')
        .choices(['reciprocal-rank', 'relative-score'])
        .default('reciprocal-rank'),
    )
    .option(
      '--filter <filter>',
      "only nodes whose metadata match: LlamaIndex's MetadataFilters as JSON, or key:value as in a query; may be repeated",
      addFilter,
    )
    .option(
      '--mmr [threshold]',
      `for variety: from 0 (different) to 1 (relevant); ${usualThreshold} when not said`,
      threshold,
    )
    .option('--collapse', 'passages with nearly the same text are one hit')
    .addOption(
      new Option('--group <by>', 'the best passages of each document together').choices(['document']),
    )
    .option('--literal', 'the query is words only: nothing in it is a filter, a phrase or an exclusion')
    .option(
      '--model <id>',
      'embed model of a folder that does not name one; of a server: allows to send it the query',
    )
    .addHelpText(
      'after',
      '\nIn a query: "exact phrase"  -word  begin*  type:pdf  path:docs/  after:2025-01  before:2026  key:value',
    )
  addCollectionOptions(searching)
    .addOption(json())
    .action((places: string[], options: SearchCommandOptions) => search(places, options, signal))
}

async function search(
  places: readonly string[],
  options: SearchCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const query = places.at(-1)
  const dirs = places.slice(0, -1)
  if (query === undefined || dirs.length === 0)
    throw new StackroomError('wrong-usage', 'A query is missing.', {
      hint: 'stackroom search <dir...> "<query>"',
    })
  await using services = engineServices()
  const targets: SearchTarget[] = []
  for (const dir of new Set(dirs)) {
    const folder = await openKnowledgeBase(services, dir, options, signal)
    targets.push({ folder, knowledgeBaseId: null })
    if (options.model !== undefined && options.mode !== 'keyword')
      await useModel(services, folder, options.model, signal)
    // The process ends with the answer: an index that is begun is better finished.
    if (options.mode !== 'vector') await prepareKeywords(folder, options, signal)
  }
  const folders = targets.map(({ folder }) => folder)
  const { filter = [], mmr } = options
  const answer = await searchFolders(targets, services.checks, {
    query,
    topK: options.k,
    mode: options.mode,
    fusion: options.fusion,
    filters: filter.length === 0 ? null : { condition: 'and', filters: [...filter] },
    mmr: mmr === true ? usualThreshold : (mmr ?? null),
    collapse: options.collapse ?? false,
    group: options.group ?? null,
    literal: options.literal ?? false,
    keys: options.literal ? [] : await new SearchKeys().namedIn(query, folders),
    signal,
  }).catch((error: unknown) => {
    throw withoutModel(error)
  })
  if (!options.json)
    for (const { persistDir, message, error } of answer.notices)
      process.stderr.write(`${persistDir}: ${message}${error?.hint === undefined ? '' : ` ${error.hint}`}\n`)
  print(options, answer, (found) => answerText(found, targets.length > 1))
}

/** A model that does not fit is no reason not to search at all. */
function withoutModel(error: unknown): unknown {
  const refusals = ['wrong-model', 'dimension-mismatch', 'consent-required']
  if (!(error instanceof StackroomError) || !refusals.includes(error.code)) return error
  return new StackroomError(error.code, error.message, {
    hint: `${error.hint ?? ''}\nOr search by words only, which needs no model: --mode keyword`.trim(),
    cause: error,
  })
}

async function prepareKeywords(
  { keywords }: StorageFolder,
  { json, mode }: SearchCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  if (!keywords) return
  const timer =
    json || !process.stderr.isTTY
      ? undefined
      : setInterval(() => {
          const { done, total } = keywords.progress()
          if (total > 0) process.stderr.write(`\r\u001b[Kindexing the words: ${done} of ${total} nodes`)
        }, 500)
  try {
    await keywords.prepare({ signal })
  } catch (error) {
    signal.throwIfAborted()
    // A hybrid search tells of it, and goes on without.
    if (mode === 'keyword') throw error
  } finally {
    clearInterval(timer)
    if (timer) process.stderr.write('\r\u001b[K')
  }
}

/** For a folder that does not say which model made its vectors, or whose model is on a server. */
async function useModel(
  services: EngineServices,
  storage: StorageFolder,
  model: string,
  signal: AbortSignal,
): Promise<void> {
  await allowServer(services, model, storage.persistDir)
  const { settings } = await storage.summary()
  if (settings?.embedModel?.id === model) return
  await services.checks.choose(storage, model, { signal, unverified: true, inFolder: false })
}

function addFilter(text: string, before: readonly MetadataFilters[] = []): MetadataFilters[] {
  return [...before, filterOf(text)]
}

function filterOf(text: string): MetadataFilters {
  if (!text.trimStart().startsWith('{')) {
    const key = /^-?([^:]+):/.exec(text)?.[1]
    const { filters, parts } = parseQuery(text, { keys: key === undefined ? [] : [key] })
    if (filters && parts.every(({ kind }) => kind === 'filter')) return filters
    throw new InvalidArgumentError('It must be JSON, or key:value.')
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new InvalidArgumentError('It is no JSON.')
  }
  for (const given of [parsed, { filters: [parsed] }]) {
    const filters = metadataFiltersSchema.safeParse(given)
    if (filters.success) return filters.data
  }
  throw new InvalidArgumentError(
    'It must be MetadataFilters: {"filters": [{"key": "…", "operator": "==", "value": …}], "condition": "and"}.',
  )
}

function threshold(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('It must be a number from 0 to 1.')
}

function answerText({ hits, groups, mode, timings }: SearchAnswer, several: boolean): string {
  const lines: string[] = []
  hits.forEach((hit, index) => {
    const group = groups.find(({ firstHit }) => firstHit === index)
    if (group)
      lines.push(
        `${group.source ?? group.refDocId ?? 'no document'}${group.more > 0 ? ` (${group.more} more)` : ''}`,
      )
    lines.push(hitText(hit, index + 1, several))
  })
  const { embedMs, vectorMs, keywordMs, totalMs } = timings
  const steps = [
    ['embed', embedMs],
    ['vector', vectorMs],
    ['keyword', keywordMs],
  ] as const
  const took = steps.map(([step, ms]) => `${step} ${ms.toFixed(0)}`).join(', ')
  return [...lines, `${hits.length} hits (${mode}) in ${totalMs.toFixed(0)} ms: ${took}`].join('\n')
}

function hitText(hit: SearchHit, rank: number, several: boolean): string {
  const { score, retrieved, source, refDocId, persistDir, matchedWords, duplicates } = hit
  const why = retrieved.map(
    (by) => `${by.retriever} ${by.rank === null ? '–' : `#${by.rank}`} ${by.score.toFixed(4)}`,
  )
  return [
    `${rank}. ${score.toFixed(4)}  ${source ?? refDocId ?? 'no source'}${several ? `  [${persistDir}]` : ''}`,
    ...(why.length > 0
      ? [`    ${why.join(', ')}${matchedWords.length > 0 ? `; ${matchedWords.join(', ')}` : ''}`]
      : []),
    `    ${passage(hit)}`,
    ...duplicates.map(({ source: other }) => `    the same: ${other ?? 'no source'}`),
  ].join('\n')
}

/** What stands around the first match. */
function passage({ text, matches: [first] }: SearchHit): string {
  const start = first && first.end > 160 ? Math.max(0, first.start - 60) : 0
  return `${start > 0 ? '…' : ''}${excerpt(text.slice(start))}`
}
