/**
 * Was this index built with this model? Embeds stored nodes again and compares with their stored vectors, in the ways
 * in which programs make vectors: with and without metadata, with a prefix, cut at the model's window or not.
 */
import { isCancelled, toErrorShape, type ErrorShape } from '#contract'
import type { EmbedModel, EmbedModelIdentity } from './embed-model.ts'
import { documentPrefixes } from './prefixes.ts'
import { cosine, flawOf } from './vectors.ts'

export interface FingerprintSample {
  /** As `node.get_content(metadata_mode=MetadataMode.EMBED)`. */
  readonly embedText: string
  /** As `node.get_content(metadata_mode=MetadataMode.NONE)`. */
  readonly plainText: string
  readonly vector: Float32Array
}

/** One way of making a node's vector. */
export interface FingerprintVariant {
  readonly metadata: boolean
  readonly documentPrefix: string
  readonly longText: EmbedModelIdentity['longText']
  /** LlamaIndex's OpenAI classes turn line breaks into spaces before they send a text. */
  readonly lineBreaks: 'kept' | 'as-spaces'
}

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
      readonly identity: EmbedModelIdentity
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
/** Part of the samples that must match: a node that was edited by hand does not condemn a model. */
const MATCHING_PART = 0.75
/** Samples that an unlikely variant is tried with before it is tried with all. */
const FIRST_SAMPLES = 3

/** Five to ten samples are plenty. Throws only when cancelled. */
export async function verifyModel(
  model: EmbedModel,
  samples: readonly FingerprintSample[],
  options: { signal?: AbortSignal } = {},
): Promise<FingerprintVerdict> {
  const withVectors = samples.filter((sample) => sample.vector.length > 0 && flawOf(sample.vector) === null)
  if (withVectors.length === 0) return { verdict: 'cannot-tell', reason: 'no-vectors' }
  if (withVectors.some((sample) => sample.vector.length !== model.identity.dimensions))
    return { verdict: 'wrong-model', reason: 'other-dimensions' }
  const usable = withVectors.filter((sample) => sample.plainText.trim() !== '')
  if (usable.length === 0) return { verdict: 'cannot-tell', reason: 'no-text' }
  let best: FingerprintScore | undefined
  try {
    for (const variant of variantsFor(model, usable)) {
      let score = await scoreOf(model, variant, usable.slice(0, FIRST_SAMPLES), options.signal)
      if (isMatch(score) && usable.length > FIRST_SAMPLES)
        score = await scoreOf(model, variant, usable, options.signal)
      if (!best || isBetter(score, best)) best = score
      // one sample that differs may be the one long text, which the next variant cuts
      if (best.matching === best.samples) break
    }
  } catch (error) {
    if (isCancelled(error) || options.signal?.aborted) throw error
    return { verdict: 'cannot-tell', reason: 'model-failed', error: toErrorShape(error) }
  }
  if (!best || !isMatch(best))
    return { verdict: 'wrong-model', reason: 'other-vectors', ...(best && { score: best }) }
  const { documentPrefix, longText } = best.variant
  return { verdict: 'verified', identity: { ...model.identity, documentPrefix, longText }, score: best }
}

function isBetter(a: FingerprintScore, b: FingerprintScore): boolean {
  if (isMatch(a) !== isMatch(b)) return isMatch(a)
  const [partA, partB] = [a.matching / a.samples, b.matching / b.samples]
  return partA === partB ? a.median > b.median : partA > partB
}

function isMatch(score: FingerprintScore): boolean {
  return score.median >= VERIFIED_COSINE && score.matching >= score.samples * MATCHING_PART
}

async function scoreOf(
  model: EmbedModel,
  variant: FingerprintVariant,
  samples: readonly FingerprintSample[],
  signal: AbortSignal | undefined,
): Promise<FingerprintScore> {
  const { documentPrefix, longText } = variant
  const varied =
    documentPrefix === model.identity.documentPrefix && longText === model.identity.longText
      ? model
      : (model.vary?.({ documentPrefix, longText }) ?? model)
  const texts = samples.map((sample) => {
    const text = variant.metadata ? sample.embedText : sample.plainText
    return variant.lineBreaks === 'kept' ? text : text.replaceAll('\n', ' ')
  })
  const vectors = await varied.embedDocuments(texts, { signal, urgent: true })
  const cosines = samples.map((sample, i) => cosine(sample.vector, vectors[i]!)).sort((a, b) => a - b)
  return {
    variant,
    samples: samples.length,
    matching: cosines.filter((value) => value >= VERIFIED_COSINE).length,
    median: cosines[Math.floor((cosines.length - 1) / 2)]!,
    minimum: cosines[0]!,
  }
}

/** The likeliest first: as the model is, then what sentence-transformers and LlamaIndex do, then other prefixes. */
function variantsFor(model: EmbedModel, samples: readonly FingerprintSample[]): FingerprintVariant[] {
  const { identity } = model
  const some = (test: (sample: FingerprintSample) => boolean): boolean => samples.some(test)
  const metadata = some((sample) => sample.embedText !== sample.plainText) ? [true, false] : [true]
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
  const lineBreaks: FingerprintVariant['lineBreaks'][] =
    !model.offline && some((sample) => sample.embedText.includes('\n')) ? ['kept', 'as-spaces'] : ['kept']
  return prefixes.flatMap((documentPrefix) =>
    lineBreaks.flatMap((lineBreaks) =>
      longTexts.flatMap((longText) =>
        metadata.map((metadata) => ({ metadata, documentPrefix, longText, lineBreaks })),
      ),
    ),
  )
}
