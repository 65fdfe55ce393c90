/** Compares a model with sampled nodes, past the cache: what it says today counts. */
import { StackroomError, toErrorShape } from '#contract'
import type { EmbedModel } from '#engine/embed/embed-model.ts'
import { verifyModel, type FingerprintOptions, type FingerprintScore } from '#engine/embed/fingerprint.ts'
import type { SampledNode } from '#engine/storage/sample-nodes.ts'
import type { Verdict } from './verdicts.ts'

export interface CompareOptions extends FingerprintOptions {
  /** Of the model's server; null for a model of this machine's. */
  readonly address: string | null
}

/** Throws only when cancelled. A model that cannot be opened is `model-failed`, one whose weights changed is wrong. */
export async function compareModel(
  open: () => Promise<EmbedModel>,
  samples: readonly SampledNode[],
  options: CompareOptions,
): Promise<Verdict> {
  const { signal, address } = options
  const checkedAt = new Date().toISOString()
  const nothing = { identity: null, score: null, error: null, checkedAt, address }
  let model: EmbedModel
  try {
    model = await open()
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof StackroomError)) throw error
    const isOther = error.code === 'wrong-model'
    return {
      ...nothing,
      verdict: isOther ? 'wrong-model' : 'cannot-tell',
      reason: isOther ? 'other-vectors' : 'model-failed',
      error: toErrorShape(error),
    }
  }
  const found = await verifyModel(model, samples, options)
  switch (found.verdict) {
    case 'verified':
      return {
        ...nothing,
        verdict: 'verified',
        reason: null,
        identity: found.identity,
        score: scoreOf(found.score),
      }
    case 'wrong-model':
      return {
        ...nothing,
        verdict: 'wrong-model',
        reason: found.reason,
        score: found.score ? scoreOf(found.score) : null,
      }
    case 'cannot-tell':
      return { ...nothing, verdict: 'cannot-tell', reason: found.reason, error: found.error ?? null }
  }
}

function scoreOf({ variant, samples, matching, median, minimum }: FingerprintScore): Verdict['score'] {
  const { metadataMode, documentPrefix, longText } = variant
  return { samples, matching, median, minimum, metadata: metadataMode === 'embed', documentPrefix, longText }
}
