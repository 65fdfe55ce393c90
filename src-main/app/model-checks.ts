/**
 * Never the wrong model: which model belongs to a folder, whether its vectors are that model's, and what is refused when
 * they are not. Models on this machine are compared unasked, servers only with the user's consent.
 */
import { StackroomError, type EmbedModelInfo, type ModelCandidate, type ModelCheck } from '#contract'
import type { EmbedModel, IndexEmbedding, NodeTextMode } from '#engine/embed/embed-model.ts'
import { BUNDLED_MODEL_ID } from '#engine/embed/model-registry.ts'
import type { SampledNode } from '#engine/storage/sample-nodes.ts'
import type { StorageFolder, StorageSummary } from '#engine/storage/storage-folder.ts'
import { abortable } from '#platform/abortable.ts'
import { compareModel } from './compare-model.ts'
import {
  asUsual,
  asVerified,
  byMedian,
  CHECK_BEFORE_INDEXING_MS,
  isLongAgo,
  isStale,
  nothingKnown,
  refusedAll,
  refusedBy,
  type FolderEmbedding,
  type FolderModel,
  type Purpose,
} from './folder-model.ts'
import { cannotTell, noCandidate, otherDimensions, wrongModel } from './model-refusals.ts'
import { modelOfEmbeddingFunction } from './model-of-embedding-function.ts'
import type { Models } from './models.ts'
import { emptySettings } from './new-settings.ts'
import { stampOf, Verdicts, type Verdict } from './verdicts.ts'

/** Nodes that are compared: with a model that nobody vouches for, and with the one that is on record. */
const SAMPLES = 8
const SAMPLES_AGAIN = 4

export interface CheckOptions {
  readonly signal?: AbortSignal | undefined
  /** Whether servers that may have the folder's text are asked. Default: only models on this machine. */
  readonly askServers?: boolean
  /** How old a verdict on the model on record may be, in milliseconds. Default: a week, of a server on this machine a day. */
  readonly trustMs?: number | undefined
}

export interface ChooseOptions {
  readonly signal?: AbortSignal | undefined
  readonly unverified?: boolean
  /** Default: true. Else the choice is kept in the data folder. */
  readonly inFolder?: boolean
}

interface Opened {
  readonly folder: StorageFolder
  readonly summary: StorageSummary
  readonly samples: readonly SampledNode[]
  readonly stamp: string
  readonly known: Awaited<ReturnType<Verdicts['of']>>
}

interface Found {
  readonly key: string
  readonly at: number
  /** Whether servers were asked. */
  readonly asked: boolean
  readonly model: Promise<FolderModel>
}

export class ModelChecks {
  readonly #models: Models
  readonly #verdicts: Verdicts
  readonly #found = new WeakMap<StorageFolder, Found>()

  constructor(models: Models, dataFolder: string) {
    this.#models = models
    this.#verdicts = new Verdicts(dataFolder)
  }

  /**
   * The model that this folder is searched and added to with, in the way in which its vectors were made.
   * @throws StackroomError `wrong-model`, `dimension-mismatch`, `consent-required`, or what is wrong with the model: then
   *   nothing may be embedded for this folder.
   */
  async modelFor(
    folder: StorageFolder,
    summary: StorageSummary,
    purpose: Purpose,
    signal?: AbortSignal,
  ): Promise<FolderEmbedding> {
    const found = await this.#findFor(purpose, folder, summary, signal)
    if (found.error && found.refused.includes(purpose)) throw found.error
    const wanted = found.identity ?? found.id ?? BUNDLED_MODEL_ID
    await this.#models.requireConsent(found.id ?? BUNDLED_MODEL_ID, folder.persistDir)
    const model = await this.#models.open(wanted)
    const { dimensions } = summary
    if (dimensions !== null && model.identity.dimensions !== dimensions)
      throw otherDimensions(model.identity.id, model.identity.dimensions, dimensions)
    return { model, metadataMode: metadataModeFor(summary, found.identity) }
  }

  /** What of a node the folder's vectors were made from, as far as it is known. */
  async metadataModeOf(folder: StorageFolder, signal?: AbortSignal): Promise<NodeTextMode> {
    const summary = await folder.summary()
    const { identity } = await this.#find(folder, summary, { signal })
    return metadataModeFor(summary, identity)
  }

  /**
   * How the folder is embedded again with this model: from the same part of each node as before, and with the very same
   * model in the same way, unless the user chose other prefixes for it since.
   */
  async reembeddingWith(folder: StorageFolder, id: string, signal?: AbortSignal): Promise<FolderEmbedding> {
    const { identity: before } = await this.#find(folder, await folder.summary(), { signal })
    const model = await this.#models.open(id)
    const metadataMode = before?.metadataMode ?? 'embed'
    if (before?.id !== id || this.#models.registry.hasChosenPrefixes(id)) return { model, metadataMode }
    const { queryPrefix, documentPrefix, longText, lineBreaks } = before
    const asBefore = { ...model.identity, queryPrefix, documentPrefix, longText, lineBreaks }
    return { model: await this.#models.open(asBefore), metadataMode }
  }

  async check(folder: StorageFolder, options: CheckOptions = {}): Promise<ModelCheck> {
    const found = await this.#find(folder, await folder.summary(), options)
    const opened = await this.#open(folder)
    const { dimensions } = opened.summary
    const candidates = dimensions === null ? [] : this.#models.registry.candidatesFor(dimensions)
    const old = await folder.replacement.oldVectors()
    return {
      model: found.id,
      recorded: found.recorded,
      chosen: found.chosen,
      dimensions,
      verdict: found.verdict,
      reason: found.reason,
      score: found.score,
      error: found.error?.toShape() ?? null,
      checkedAt: found.checkedAt,
      candidates: await Promise.all(candidates.map((model) => this.#candidate(opened, model))),
      refused: [...found.refused],
      oldVectors: old && {
        model: old.model,
        replacedAt: old.replacedAt,
        bytes: old.bytes,
        restorable: !opened.summary.readOnly,
      },
    }
  }

  /** Compares the folder with this model. @throws StackroomError `consent-required`, `no-such-model` … */
  async verify(folder: StorageFolder, id: string, options: CheckOptions = {}): Promise<Verdict> {
    await this.#models.requireConsent(id, folder.persistDir)
    const opened = await this.#open(folder)
    const { dimensions } = opened.summary
    const candidate =
      dimensions === null
        ? undefined
        : this.#models.registry.candidatesFor(dimensions).find((model) => model.id === id)
    const verdict = candidate
      ? await this.#compareCandidate(opened, candidate, options.signal)
      : await compareModel(() => this.#models.openUncached(id, options.signal), opened.samples, {
          signal: options.signal,
          address: this.#addressOf(id),
        })
    await this.#remember(opened, id, verdict)
    this.#found.delete(folder)
    return verdict
  }

  /**
   * From now on this is the folder's model, in `stackroom.json` where that can be written. `unverified`: the user vouches for
   * it where nothing can be compared.
   * @throws StackroomError `wrong-model` and `dimension-mismatch` where the vectors are another's
   */
  async choose(folder: StorageFolder, id: string, options: ChooseOptions = {}): Promise<void> {
    const { summary, stamp } = await this.#open(folder)
    await this.#models.requireConsent(id, folder.persistDir)
    let identity: IndexEmbedding
    if (summary.dimensions === null) identity = asUsual((await this.#models.open(id)).identity)
    else {
      const verdict = await this.verify(folder, id, options)
      if (verdict.verdict === 'wrong-model') throw wrongModel(id, verdict, summary.dimensions)
      if (verdict.verdict === 'cannot-tell' && options.unverified !== true) throw cannotTell(id, verdict)
      identity = verdict.identity ?? asUsual((await this.#openAs(id, summary.dimensions)).identity)
    }
    if (!summary.readOnly && options.inFolder !== false) {
      const settings = summary.settings ?? emptySettings(folder.persistDir)
      await folder.writeSettings({ ...settings, embedModel: { ...identity } })
      await this.#verdicts.choose(folder.persistDir, stamp, null)
    } else await this.#verdicts.choose(folder.persistDir, stamp, identity)
    this.#found.delete(folder)
  }

  /** Vectors of this model were added by us, to a folder that had none or none of another model. */
  async noteGrown(folder: StorageFolder, identity: IndexEmbedding): Promise<void> {
    const before = await this.#found.get(folder)?.model.catch(() => null)
    this.#found.delete(folder)
    if (before?.verdict === 'cannot-tell' || before?.verdict === 'wrong-model') return
    const opened = await this.#open(folder)
    if (opened.samples.length === 0) return
    const checkedAt = before?.checkedAt ?? new Date().toISOString()
    await this.#remember(opened, identity.id, {
      verdict: 'verified',
      reason: null,
      identity,
      score: before?.score ?? null,
      error: null,
      checkedAt,
      address: this.#addressOf(identity.id),
    })
  }

  /** All vectors are of this model now: we made them. */
  async noteReplaced(folder: StorageFolder, identity: IndexEmbedding): Promise<void> {
    this.forget(folder)
    await this.noteGrown(folder, identity)
  }

  /** What was found out about the folder may not hold any more. */
  forget(folder: StorageFolder): void {
    this.#found.delete(folder)
  }

  /** A server is asked again before what it makes now is put beside what it made before. */
  async #findFor(
    purpose: Purpose,
    folder: StorageFolder,
    summary: StorageSummary,
    signal: AbortSignal | undefined,
  ): Promise<FolderModel> {
    const found = await this.#find(folder, summary, { signal, askServers: true })
    const { verdict, checkedAt, id } = found
    const trustMs = CHECK_BEFORE_INDEXING_MS
    const isFresh = checkedAt === null || !isLongAgo(Date.parse(checkedAt), trustMs)
    if (purpose === 'search' || verdict !== 'verified' || isFresh || this.#addressOf(id ?? '') === null)
      return found
    this.forget(folder)
    return this.#find(folder, summary, { signal, askServers: true, trustMs })
  }

  async #find(
    folder: StorageFolder,
    { dimensions, settings, files, changedOutside }: StorageSummary,
    { signal, askServers = false, trustMs }: CheckOptions,
  ): Promise<FolderModel> {
    // another program may change the files while the folder is open, and the user the models
    const bytes = files.map((file) => file.bytes)
    const { changes } = this.#models.registry.settings
    const key = JSON.stringify([dimensions, settings?.embedModel ?? null, changedOutside, bytes, changes])
    const before = this.#found.get(folder)
    if (before?.key === key && !isLongAgo(before.at)) {
      const found = await abortable(before.model, signal)
      if (before.asked || !askServers || !found.unasked) return found
    }
    // shared by all who ask meanwhile, so that nobody's cancelling ends it
    const model = this.#open(folder).then((opened) => this.#resolve(opened, askServers, trustMs))
    this.#found.set(folder, { key, at: Date.now(), asked: askServers, model })
    const forget = (): void => {
      if (this.#found.get(folder)?.model === model) this.#found.delete(folder)
    }
    // a server that was down is asked again
    model.then(({ reason }) => {
      if (reason === 'model-failed' || reason === 'consent-required') forget()
    }, forget)
    return abortable(model, signal)
  }

  async #open(folder: StorageFolder): Promise<Opened> {
    const [summary, samples] = await Promise.all([folder.summary(), folder.sampleNodes(SAMPLES)])
    const stamp = stampOf(samples)
    return { folder, summary, samples, stamp, known: await this.#verdicts.of(folder.persistDir, stamp) }
  }

  async #resolve(opened: Opened, askServers: boolean, trustMs?: number): Promise<FolderModel> {
    const { summary, known } = opened
    const { dimensions } = summary
    const recorded = summary.settings?.embedModel ?? null
    const identity = recorded ?? known.chosen
    const base = {
      identity,
      id: identity?.id ?? null,
      recorded: recorded !== null,
      chosen: recorded === null && identity !== null,
    }
    if (dimensions === null)
      return { ...base, ...nothingKnown, id: base.id ?? BUNDLED_MODEL_ID, reason: 'no-vectors' }
    if (identity && identity.dimensions !== dimensions) {
      // the user's choice is void when the vectors are others by now
      if (!recorded) return this.#resolveCandidates(opened, askServers)
      const error = otherDimensions(identity.id, identity.dimensions, dimensions)
      return {
        ...base,
        ...nothingKnown,
        verdict: 'wrong-model',
        reason: 'other-dimensions',
        error,
        refused: refusedAll,
      }
    }
    return identity
      ? { ...base, ...(await this.#judge(opened, identity, base.chosen, { askServers, trustMs })) }
      : this.#resolveCandidates(opened, askServers)
  }

  /** The model on record, or chosen: compared again when that was long ago or the vectors are others. */
  async #judge(
    opened: Opened,
    identity: IndexEmbedding,
    chosen: boolean,
    { askServers, trustMs }: { readonly askServers: boolean; readonly trustMs: number | undefined },
  ): Promise<Omit<FolderModel, 'id' | 'recorded' | 'chosen'>> {
    const { folder, known, summary } = opened
    const { id, metadataMode } = identity
    const unknown = { ...nothingKnown, identity }
    const address = this.#addressOf(id)
    let verdict = known.verdicts[id]
    let unasked = false
    if (!verdict || isStale(verdict, identity, address, trustMs)) {
      if (await this.#models.needsConsent(id, folder.persistDir)) {
        const error = this.#models.consentRequired(id)
        return { ...unknown, verdict: 'cannot-tell', reason: 'consent-required', error, refused: refusedAll }
      }
      if (address !== null && !askServers) {
        unasked = true
        if (!verdict) return { ...unknown, unasked }
      } else {
        const samples = opened.samples.slice(0, SAMPLES_AGAIN)
        verdict = await compareModel(() => this.#models.openUncached(identity), samples, {
          metadataMode,
          address,
        })
        await this.#remember(opened, id, verdict)
      }
    }
    const { reason, score, checkedAt } = verdict
    const base = {
      ...nothingKnown,
      identity: asVerified(identity, verdict),
      verdict: verdict.verdict,
      reason,
      score,
      checkedAt,
      unasked,
    }
    if (verdict.verdict === 'wrong-model')
      return { ...base, error: wrongModel(id, verdict, summary.dimensions ?? 0), refused: refusedAll }
    if (verdict.verdict === 'cannot-tell' && verdict.error)
      return {
        ...base,
        error: StackroomError.fromShape(verdict.error),
        refused: chosen ? [] : refusedBy(verdict),
      }
    return base
  }

  /** Nothing is on record: the first model that is verified, or why there is none. */
  async #resolveCandidates(opened: Opened, askServers: boolean): Promise<FolderModel> {
    const { folder, summary, known } = opened
    const none = { ...nothingKnown, identity: null, id: null, recorded: false, chosen: false }
    const dimensions = summary.dimensions ?? 0
    const said = modelOfEmbeddingFunction(summary.collection?.embeddingFunction ?? null, this.#models)
    const candidates = this.#models.registry.candidatesFor(dimensions)
    if (candidates.length === 0)
      return {
        ...none,
        verdict: 'cannot-tell',
        reason: 'no-candidate',
        error: noCandidate(dimensions, this.#models.list().some(({ id }) => id === said) ? null : said),
        refused: refusedAll,
      }
    const failed: { readonly model: EmbedModelInfo; readonly verdict: Verdict }[] = []
    let unasked: EmbedModelInfo | null = null
    const isVerified = ({ id }: EmbedModelInfo): boolean => known.verdicts[id]?.verdict === 'verified'
    // the one that a collection names, before others: what is verified goes before both
    const rank = (model: EmbedModelInfo): number => Number(isVerified(model)) * 2 + Number(model.id === said)
    for (const model of candidates.toSorted((a, b) => rank(b) - rank(a))) {
      let verdict = known.verdicts[model.id]
      const isOld =
        verdict && (isLongAgo(Date.parse(verdict.checkedAt)) || verdict.address !== this.#addressOf(model.id))
      if (!verdict || verdict.verdict === 'cannot-tell' || isOld) {
        const mayAsk =
          model.offline || (askServers && !(await this.#models.needsConsent(model.id, folder.persistDir)))
        if (!mayAsk) {
          unasked ??= model
          if (!verdict) continue
        } else {
          verdict = await this.#compareCandidate(opened, model)
          await this.#remember(opened, model.id, verdict)
        }
      }
      if (verdict.verdict === 'verified') {
        const { identity, score, checkedAt } = verdict
        return {
          ...none,
          identity,
          id: model.id,
          verdict: 'verified',
          score,
          checkedAt,
          unasked: unasked !== null,
        }
      }
      failed.push({ model, verdict })
    }
    const rest = { ...none, unasked: unasked !== null }
    const wrong = failed.filter(({ verdict }) => verdict.verdict === 'wrong-model').toSorted(byMedian)[0]
    const untold = failed.find(({ verdict }) => verdict.verdict === 'cannot-tell')
    if (untold?.model.offline && untold.verdict.reason !== 'model-failed') {
      // nothing speaks against it: it may search, and adding waits for the user's word
      const { reason, score, checkedAt } = untold.verdict
      const error = cannotTell(untold.model.id, untold.verdict)
      return {
        ...rest,
        id: untold.model.id,
        verdict: 'cannot-tell',
        reason,
        score,
        checkedAt,
        error,
        refused: ['index'],
      }
    }
    if (wrong) {
      const { reason, score, checkedAt } = wrong.verdict
      const error = wrongModel(wrong.model.id, wrong.verdict, dimensions, unasked?.id)
      return { ...rest, verdict: 'wrong-model', reason, score, checkedAt, error, refused: refusedAll }
    }
    if (untold) {
      const { reason, score, checkedAt } = untold.verdict
      const error = cannotTell(untold.model.id, untold.verdict)
      return { ...rest, verdict: 'cannot-tell', reason, score, checkedAt, error, refused: refusedAll }
    }
    const error = this.#models.consentRequired(unasked?.id ?? '')
    return { ...rest, verdict: 'cannot-tell', reason: 'consent-required', error, refused: refusedAll }
  }

  async #candidate(opened: Opened, model: EmbedModelInfo): Promise<ModelCandidate> {
    const known = opened.known.verdicts[model.id]
    return {
      model,
      verdict: known?.verdict ?? 'unchecked',
      reason: known?.reason ?? null,
      score: known?.score ?? null,
      error: known?.error ?? null,
      consentNeeded: await this.#models.needsConsent(model.id, opened.folder.persistDir),
    }
  }

  #compareCandidate(
    opened: Opened,
    { id, dimensions }: EmbedModelInfo,
    signal?: AbortSignal,
  ): Promise<Verdict> {
    const address = this.#addressOf(id)
    return compareModel(() => this.#openAs(id, dimensions, signal), opened.samples, { signal, address })
  }

  /** Of the server that a model runs on. */
  #addressOf(id: string): string | null {
    return this.#models.registry.serverOf(id)?.baseUrl ?? null
  }

  #openAs(id: string, dimensions: number, signal?: AbortSignal): Promise<EmbedModel> {
    return this.#models.registry.open(id, { signal, recorded: { dimensions } })
  }

  async #remember({ folder, stamp, samples }: Opened, id: string, verdict: Verdict): Promise<void> {
    // a server that was down says nothing about the folder
    if (samples.length > 0 && verdict.reason !== 'model-failed')
      await this.#verdicts.note(folder.persistDir, stamp, id, verdict)
  }
}

/** Programs other than LlamaIndex embed a record's document alone. */
function metadataModeFor({ collection }: StorageSummary, identity: IndexEmbedding | null): NodeTextMode {
  if (collection?.maker === 'langchain' || collection?.maker === 'plain') return 'none'
  return identity?.metadataMode ?? 'embed'
}
