/** The verdict on a knowledge base's model in words: for its header, for a message, for a row of the choice. */
import type { ErrorCode, KnowledgeBase, ModelCandidate, ModelCheck, ModelScore } from '#contract'
import { formatCount, formatCounted } from '../../ui/format.ts'

const cosine = new Intl.NumberFormat(undefined, { minimumFractionDigits: 4, maximumFractionDigits: 4 })

/** Never rounded up to a 1 that it is not. */
export function formatCosine(value: number): string {
  return cosine.format(Math.trunc(value * 10_000) / 10_000)
}

/** “8 of 8 nodes come out the same (median cosine 0.9999, lowest 0.9998).” */
export function scoreSentence(score: ModelScore): string {
  const { samples, matching, median, minimum } = score
  const numbers = `median cosine ${formatCosine(median)}, lowest ${formatCosine(minimum)}`
  return `${matching} of ${formatCounted(samples, 'node', 'nodes')} come out the same (${numbers}).`
}

/** How the texts were embedded when they came out the same; null where there is nothing special about it. */
export function waySentence({ metadata, documentPrefix, longText }: ModelScore): string | null {
  const ways = [
    metadata ? null : 'without the nodes’ metadata',
    documentPrefix === '' ? null : `with “${documentPrefix}” before each text`,
    longText === 'cut' ? 'with long texts cut at the model’s window' : null,
  ].filter((way) => way !== null)
  return ways.length === 0 ? null : `They were embedded ${ways.join(', ')}.`
}

export function candidateSentence({ verdict, reason, score, error }: ModelCandidate): string {
  if (verdict === 'verified') return score === null ? 'It made these vectors.' : scoreSentence(score)
  if (reason === 'other-vectors' && score !== null)
    return `Another model made these vectors: ${scoreSentence(score)}`
  return reason === null ? 'Not compared yet.' : reasonSentence(reason, null, error?.message)
}

/** Why the verdict is not “verified”. */
export function reasonSentence(
  reason: NonNullable<ModelCheck['reason']>,
  dimensions: number | null,
  failure: string | undefined,
): string {
  switch (reason) {
    case 'other-dimensions':
      return 'Its vectors have another length.'
    case 'other-vectors':
      return 'Another model made these vectors.'
    case 'no-text':
      return 'The folder keeps no text that could be embedded again and compared.'
    case 'no-vectors':
      return 'There are no vectors yet to compare with.'
    case 'model-failed':
      return failure ?? 'The model did not answer.'
    case 'consent-required':
      return 'To compare, some text of this folder would have to be sent away.'
    case 'no-candidate':
      return dimensions === null
        ? 'No model at hand fits.'
        : `No model at hand makes vectors with ${formatCount(dimensions)} dimensions.`
  }
}

export interface VerdictFact {
  readonly look: 'good' | 'unknown' | 'bad'
  readonly text: string
}

/** For the header. `name` is the model's, null when there is none. */
export function verdictFact(
  { modelVerdict }: KnowledgeBase,
  check: ModelCheck | null,
  name: string | null,
): VerdictFact {
  const verdict = check?.verdict ?? modelVerdict
  if (verdict === 'verified') {
    const score = check?.score ?? null
    const proof = score === null ? '' : ` (cosine ${formatCosine(score.median)})`
    return { look: 'good', text: `Verified: ${name ?? 'its model'}${proof}` }
  }
  if (verdict === 'wrong-model')
    return { look: 'bad', text: name === null ? 'Wrong model' : `Wrong model: not ${name}` }
  if (name === null) return { look: 'unknown', text: 'No model chosen' }
  return {
    look: 'unknown',
    text: verdict === 'cannot-tell' ? `${name}: cannot tell` : `${name}: not checked yet`,
  }
}

/** What went wrong is about the model: it is mended by choosing another one, not by trying again. */
export function isAboutModel(code: ErrorCode): boolean {
  return ['wrong-model', 'dimension-mismatch', 'no-such-model', 'consent-required'].includes(code)
}

/** What went wrong is about a server or its key: it is mended on the models page. */
export function isAboutServer(code: ErrorCode): boolean {
  return ['no-key', 'wrong-key', 'no-quota', 'server-down', 'server-error', 'model-unavailable'].includes(
    code,
  )
}
