/** The commands about embed models: what is configured, whether one works, embedding a folder again with another. */
import type { Command } from 'commander'
import {
  StackroomError,
  type EmbedModelInfo,
  type IngestReport,
  type JobProgress,
  type ModelTest,
} from '#contract'
import type { EngineServices } from '#app/engine-services.ts'
import { estimateIngest, estimateReembed, type EstimateOptions } from '#app/estimate-embedding.ts'
import { requireStorageFolder } from '#app/folder-info.ts'
import { realPath } from '#app/open-folders.ts'
import { reembedFolder } from '#app/reembed-folder.ts'
import { testModel } from '#app/try-model.ts'
import { DEFAULT_MAXIMUM_TOKENS } from '#engine/embed/providers/servers.ts'
import type { OldVectors } from '#engine/storage/old-vectors.ts'
import type { StorageFolder } from '#engine/storage/storage-folder.ts'
import { engineServices, estimateText, json, print, type JsonOption } from './output.ts'

export function addModelCommands(command: Command, signal: AbortSignal): void {
  const models = command
    .command('models')
    .description('the embed models that can be chosen')
    .addOption(json())
    .action((options: JsonOption) => list(options))
  models
    .command('test')
    .description('call a model with sentences of Stackroom’s own: does it work, and how fast does it answer?')
    .argument('<id>', 'for example ollama:nomic-embed-text')
    .addOption(json())
    .action((id: string, _: JsonOption, self: Command) =>
      test(id, self.optsWithGlobals<JsonOption>(), signal),
    )
  command
    .command('reembed')
    .description('embed the nodes of a storage folder again with another model; its documents are not needed')
    .argument('<dir>', 'the storage folder')
    .option('--model <id>', 'the model; naming one on a server allows to send it the text of this folder')
    .option('--discard-old', 'throw the old vectors away; without it they are kept until this is said')
    .option('--restore-old', 'put back the vectors that the last embedding replaced')
    .addOption(json())
    .action((folder: string, options: ReembedOptions) => reembed(folder, options, signal))
}

async function list(options: JsonOption): Promise<void> {
  await using services = engineServices()
  print(options, services.models.list(), (models) => models.map(modelText).join('\n'))
}

function modelText(model: EmbedModelInfo): string {
  const { id, dimensions, offline, usdPerMillionTokens, keyName, textsPerSecond } = model
  return [
    id,
    `${dimensions} dimensions`,
    offline ? 'on this machine' : 'sends text to a server',
    ...(textsPerSecond === undefined ? [] : [`${textsPerSecond} texts/s`]),
    ...(usdPerMillionTokens === undefined ? [] : [`$${usdPerMillionTokens} for a million tokens`]),
    ...(keyName === undefined ? [] : [`key: ${keyName}`]),
  ].join(' · ')
}

async function test(id: string, options: JsonOption, signal: AbortSignal): Promise<void> {
  await using services = engineServices()
  const result = await testModel(services.models, id, signal)
  print(options, result, testText)
  if (result.error) throw StackroomError.fromShape(result.error)
}

function testText({ id, ok, dimensions, latencyMs, makesSense }: ModelTest): string {
  if (!ok) return `${id} does not work.`
  const sense =
    makesSense === false ? '; sentences of one meaning do not come out close: is it an embed model?' : ''
  return `${id} works: ${dimensions ?? 0} dimensions, ${(latencyMs ?? 0).toFixed(0)} ms for a short text${sense}`
}

interface ReembedOptions extends JsonOption {
  readonly model?: string
  readonly discardOld?: boolean
  readonly restoreOld?: boolean
}

async function reembed(folder: string, options: ReembedOptions, signal: AbortSignal): Promise<void> {
  const { model, discardOld, restoreOld } = options
  if ([model !== undefined || discardOld, restoreOld].filter(Boolean).length !== 1)
    throw new StackroomError('wrong-usage', 'Say what to do: --model <id>, --discard-old or --restore-old.')
  await using services = engineServices()
  await requireStorageFolder(folder)
  const storage = await services.folders.open(folder)
  if (restoreOld) {
    await storage.replacement.restoreOld({ signal })
    await storage.persist({ signal })
    print(options, { restored: true }, () => 'The old vectors are back.')
    return
  }
  if (model !== undefined) {
    await announceReembedding(services, storage, model)
    await allowServer(services, model, folder)
    const progress = options.json || !process.stderr.isTTY ? undefined : showProgress
    const report = await reembedFolder(services, storage, {
      model,
      signal,
      ...(progress && { onProgress: progress }),
    })
    if (progress) process.stderr.write('\r\u001b[K')
    const kept = discardOld ? null : await storage.replacement.oldVectors()
    print(options, report, reembedText(kept))
  }
  if (!discardOld) return
  await storage.replacement.discardOld()
  if (model === undefined) print(options, { discarded: true }, () => 'The old vectors are gone.')
}

/** Before anything is sent: how much it is, and what becomes of the vectors of now. */
async function announceReembedding(
  services: EngineServices,
  storage: StorageFolder,
  model: string,
): Promise<void> {
  const known = services.models.list().find(({ id }) => id === model) ?? { id: model }
  process.stderr.write(`${estimateText(await estimateReembed(services, storage, known))}\n`)
  const kept = await storage.replacement.oldVectors()
  if (kept)
    process.stderr.write(
      `${nameOf(kept)} stay kept; those of now are not. To keep those of now instead, say --discard-old first.\n`,
    )
}

/** Before anything is sent to a server: how much it is. */
export async function announceIndexing(
  services: EngineServices,
  { model, ...options }: Omit<EstimateOptions, 'model'> & { readonly model: string },
): Promise<void> {
  const { models } = services
  if (models.remoteServerOf(model) === null) return
  const known = models.list().find(({ id }) => id === model) ?? {
    id: model,
    maximumTokens: DEFAULT_MAXIMUM_TOKENS,
  }
  process.stderr.write(`${estimateText(await estimateIngest(services, { ...options, model: known }))}\n`)
}

/** Who names a model on the command line has chosen it: that is told, and remembered for this folder. */
export async function allowServer({ models }: EngineServices, model: string, folder: string): Promise<void> {
  const server = models.remoteServerOf(model)
  const persistDir = await realPath(folder)
  if (!server || !(await models.needsConsent(model, persistDir))) return
  process.stderr.write(`The text of this folder's documents and of questions is sent to ${server.host}.\n`)
  await models.giveConsent(model, persistDir)
}

function nameOf({ model, replacedAt }: OldVectors): string {
  return `The vectors${model === null ? '' : ` of ${model}`} from before ${replacedAt}`
}

function reembedText(kept: OldVectors | null): (report: IngestReport) => string {
  return ({ nodes, skipped, seconds }) =>
    [
      `${nodes} nodes embedded in ${seconds.toFixed(1)} s${skipped > 0 ? `; ${skipped} without text have no vector` : ''}`,
      ...(kept === null
        ? []
        : [
            `${nameOf(kept)} are kept: \`--discard-old\` throws them away, \`--restore-old\` puts them back.`,
          ]),
    ].join('\n')
}

function showProgress({ phase, nodes, nodesTotal, secondsLeft }: JobProgress): void {
  const left = secondsLeft === null ? '' : `, ${Math.ceil(secondsLeft)} s left`
  process.stderr.write(`\r\u001b[K${phase}: ${nodes} of ${nodesTotal ?? nodes} nodes${left}`)
}
