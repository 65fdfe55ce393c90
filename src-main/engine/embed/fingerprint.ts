/**
 * Was this index built with this model? Embeds stored nodes again and compares with their stored vectors, in the ways
 * in which programs make vectors: with and without metadata, with a prefix, cut at the model's window or not.
 */
import { isCancelled, toErrorShape, type ErrorShape } from '#contract'
import type { EmbedModel, EmbedModelIdentity, IndexEmbedding, NodeTextMode } from './embed-model.ts'
import { documentPrefixes, queryPrefixBeside } from './prefixes.ts'
import { cosine, flawOf } from './vectors.ts'

export interface FingerprintSample {
  /** As `node.get_content(metadata_mode=MetadataMode.EMBED)`. */
  readonly embedText: string
  /** As `node.get_content(metadata_mode=MetadataMode.NONE)`. */
  readonly plainText: string
  readonly vector: Float32Array
}

/** One way of making a node's vector. */
export type FingerprintVariant = Pick<
  IndexEmbedding,
  'metadataMode' | 'documentPrefix' | 'longText' | 'lineBreaks'
>

export interface FingerprintScore {
  readonly variant: FingerprintVariant
  readonly samples: number
  /** Samples whose cosine reaches `VERIFIED_COSINE`. */
  readonly matching: number
  readonly median: number
  readonly minimum: number
}

export type FingerprintVerdict =
  | {
      readonly verdict: 'verified'
      /** The model, with the settings that made these vectors. */
      readonly identity: IndexEmbedding
      readonly score: FingerprintScore
    }
  | {
      readonly verdict: 'wrong-model'
      readonly reason: 'other-dimensions' | 'other-vectors'
      /** The best of what was tried; absent when the dimensions differ. */
      readonly score?: FingerprintScore
    }
  | {
      readonly verdict: 'cannot-tell'
      readonly reason: 'no-text' | 'no-vectors' | 'model-failed'
      readonly error?: ErrorShape
    }

export const VERIFIED_COSINE = 0.99
/** Where every sample is as close as this, no other way of embedding is tried: a prefix before a long text changes little. */
const SAME_WAY_COSINE = 0.999
/** Part of the samples that must match: a node that was edited by hand does not condemn a model. */
const MATCHING_PART = 0.75
/** Samples that an unlikely variant is tried with before it is tried with all. */
const FIRST_SAMPLES = 3

export interface FingerprintOptions {
  readonly signal?: AbortSignal | undefined
  /** What is tried first. Default: `embed`. */
  readonly metadataMode?: NodeTextMode | undefined
}

/** Five to ten samples are plenty. Throws only when cancelled. */
export async function verifyModel(
  model: EmbedModel,
  samples: readonly FingerprintSample[],
  options: FingerprintOptions = {},
): Promise<FingerprintVerdict> {
  const withVectors = samples.filter((sample) => sample.vector.length > 0 && flawOf(sample.vector) === null)
  if (withVectors.length === 0) return { verdict: 'cannot-tell', reason: 'no-vectors' }
  if (withVectors.some((sample) => sample.vector.length !== model.identity.dimensions))
    return { verdict: 'wrong-model', reason: 'other-dimensions' }
  const usable = withVectors.filter((sample) => sample.plainText.trim() !== '')
  if (usable.length === 0) return { verdict: 'cannot-tell', reason: 'no-text' }
  let best: FingerprintScore | undefined
  try {
    for (const variant of variantsFor(model, usable, options.metadataMode ?? 'embed')) {
      const cosines = await cosinesOf(model, variant, usable.slice(0, FIRST_SAMPLES), options.signal)
      const rest = usable.slice(FIRST_SAMPLES)
      if (rest.length > 0 && isMatch(scoreOf(variant, cosines)))
        cosines.push(...(await cosinesOf(model, variant, rest, options.signal)))
      const score = scoreOf(variant, cosines)
      if (!best || isBetter(score, best)) best = score
      // one sample that differs may be the one long text, which the next variant cuts
      if (best.minimum >= SAME_WAY_COSINE) break
    }
  } catch (error) {
    if (isCancelled(error) || options.signal?.aborted) throw error
    return { verdict: 'cannot-tell', reason: 'model-failed', error: toErrorShape(error) }
  }
  if (!best || !isMatch(best))
    return { verdict: 'wrong-model', reason: 'other-vectors', ...(best && { score: best }) }
  const { documentPrefix } = best.variant
  // queries leave no trace: they are taken to be what goes with such documents
  const queryPrefix =
    documentPrefix === model.identity.documentPrefix
      ? model.identity.queryPrefix
      : queryPrefixBeside(documentPrefix)
  return { verdict: 'verified', identity: { ...model.identity, ...best.variant, queryPrefix }, score: best }
}

function isBetter(a: FingerprintScore, b: FingerprintScore): boolean {
  if (isMatch(a) !== isMatch(b)) return isMatch(a)
  const [partA, partB] = [a.matching / a.samples, b.matching / b.samples]
  return partA === partB ? a.median > b.median : partA > partB
}

function isMatch(score: FingerprintScore): boolean {
  return score.median >= VERIFIED_COSINE && score.matching >= score.samples * MATCHING_PART
}

async function cosinesOf(
  model: EmbedModel,
  variant: FingerprintVariant,
  samples: readonly FingerprintSample[],
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const { metadataMode, ...settings } = variant
  const varied = model.vary?.(settings) ?? model
  const texts = samples.map((sample) => (metadataMode === 'embed' ? sample.embedText : sample.plainText))
  const vectors = await varied.embedDocuments(texts, { signal, urgent: true })
  return samples.map((sample, i) => cosine(sample.vector, vectors[i]!))
}

function scoreOf(variant: FingerprintVariant, cosines: readonly number[]): FingerprintScore {
  const sorted = cosines.toSorted((a, b) => a - b)
  return {
    variant,
    samples: sorted.length,
    matching: sorted.filter((value) => value >= VERIFIED_COSINE).length,
    median: sorted[Math.floor((sorted.length - 1) / 2)]!,
    minimum: sorted[0]!,
  }
}

/** The likeliest first: as the model is, then what sentence-transformers and LlamaIndex do, then other prefixes. */
function variantsFor(
  model: EmbedModel,
  samples: readonly FingerprintSample[],
  likelyMode: NodeTextMode,
): FingerprintVariant[] {
  const { identity } = model
  const some = (test: (sample: FingerprintSample) => boolean): boolean => samples.some(test)
  const otherMode: NodeTextMode = likelyMode === 'embed' ? 'none' : 'embed'
  const modes = some((sample) => sample.embedText !== sample.plainText)
    ? [likelyMode, otherMode]
    : [likelyMode]
  // a text with no more characters than the window has tokens is never cut
  const long = identity.longText !== 'provider' && some((s) => s.embedText.length > model.maximumTokens - 2)
  const longTexts: EmbedModelIdentity['longText'][] =
    model.vary && long
      ? [identity.longText, identity.longText === 'cut' ? 'mean-of-windows' : 'cut']
      : [identity.longText]
  const prefixes = model.vary
    ? [...new Set([identity.documentPrefix, ...documentPrefixes])]
    : [identity.documentPrefix]
  // local tokenizers take a line break for a space, or were trained on it: only servers see a difference
  const lineBreaks: EmbedModelIdentity['lineBreaks'][] =
    model.vary && identity.pooling === 'provider' && some((sample) => sample.embedText.includes('\n'))
      ? [identity.lineBreaks, identity.lineBreaks === 'kept' ? 'as-spaces' : 'kept']
      : [identity.lineBreaks]
  return prefixes.flatMap((documentPrefix) =>
    lineBreaks.flatMap((lineBreaks) =>
      longTexts.flatMap((longText) =>
        modes.map((metadataMode) => ({ metadataMode, documentPrefix, longText, lineBreaks })),
      ),
    ),
  )
}
