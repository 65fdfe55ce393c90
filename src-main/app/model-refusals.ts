/** Why a folder is not searched or added to with a model, in words that say what to do. */
import { StackroomError } from '#contract'
import { otherModelHint } from './models.ts'
import type { Verdict } from './verdicts.ts'

export function otherDimensions(id: string, ofModel: number, ofFolder: number): StackroomError {
  return new StackroomError(
    'dimension-mismatch',
    `The vectors of this folder have ${ofFolder} dimensions, but ${id} makes vectors with ${ofModel}.`,
    { hint: otherModelHint },
  )
}

/** @param said the model that a collection names */
export function noCandidate(dimensions: number, said: string | null = null): StackroomError {
  return new StackroomError(
    'dimension-mismatch',
    `The vectors of this folder have ${dimensions} dimensions, and no model at hand makes such vectors.`,
    {
      hint:
        said !== null
          ? `It says that ${said} made them: add that model, and its server if it is not there yet.`
          : 'Add the model that made them, or embed the folder again with a model that you have: its documents are not needed for that.',
    },
  )
}

/** @param unasked a model on a server that may have made them, but was not asked */
export function wrongModel(
  id: string,
  { score, error, reason }: Verdict,
  dimensions: number,
  unasked?: string,
): StackroomError {
  if (error) return StackroomError.fromShape(error)
  if (reason === 'other-dimensions')
    return new StackroomError(
      'dimension-mismatch',
      `The vectors of this folder have ${dimensions} dimensions; those of ${id} do not.`,
      { hint: otherModelHint },
    )
  const numbers = score
    ? ` Compared with ${score.samples} passages, ${score.matching} agree: cosine ${score.median.toFixed(3)} in the middle, where 0.99 is needed.`
    : ''
  return new StackroomError('wrong-model', `The vectors of this folder were not made by ${id}.${numbers}`, {
    hint: unasked
      ? `They may be of ${unasked}: checking that sends a few passages to its server, so it has to be allowed. Or embed the folder again with a model that you have.`
      : otherModelHint,
  })
}

export function cannotTell(id: string, { reason, error }: Verdict): StackroomError {
  if (error) return StackroomError.fromShape(error)
  const why = reason === 'no-text' ? 'its nodes have no text' : 'it has no vectors that could be compared'
  return new StackroomError(
    'wrong-model',
    `It cannot be told whether ${id} made the vectors of this folder: ${why}.`,
    { hint: 'If you know that it did, choose it; on the command line, name it with --model.' },
  )
}
