/** Which id has which label in an HNSW segment: `index_metadata.pickle`, by Python (a PersistentData object) or Rust (a dict). */
import { PickleDict, PickleObject, readPickle, type PickleValue } from './read-pickle.ts'

export interface HnswIds {
  readonly dimension: number | null
  /** The last change that the files have, where Chroma (before 0.5.6) kept it here. */
  readonly maxSeqId: number | null
  readonly labels: ReadonlyMap<string, number>
  readonly damage: { readonly reason: string; readonly offset: number } | null
}

const emptyIds: HnswIds = { dimension: null, maxSeqId: null, labels: new Map(), damage: null }

export function readHnswIds(bytes: Uint8Array): HnswIds {
  const { value, dicts, damage } = readPickle(bytes)
  const whole = value instanceof PickleObject ? value.state : value
  // Of a cut-off pickle the outermost dict, with the pairs that it got.
  const state = whole instanceof PickleDict ? whole : dicts.find((dict) => dict.has('id_to_label'))
  if (!state?.has('id_to_label'))
    return {
      ...emptyIds,
      damage: damage ?? { reason: 'it does not say which id has which label', offset: 0 },
    }
  const disagree = disagreement(state.get('id_to_label'), state.get('label_to_id'))
  return {
    dimension: wholeNumber(state.get('dimensionality')),
    maxSeqId: wholeNumber(state.get('max_seq_id')),
    labels: labelsOf(state.get('id_to_label'), state.get('label_to_id')),
    damage: damage ?? disagree,
  }
}

/** A pair in either dict is enough; they say the same twice. */
function labelsOf(byId: PickleValue | undefined, byLabel: PickleValue | undefined): Map<string, number> {
  const labels = new Map<string, number>()
  if (byLabel instanceof PickleDict)
    for (const [label, id] of byLabel)
      if (typeof id === 'string' && typeof label === 'number') labels.set(id, label)
  if (byId instanceof PickleDict)
    for (const [id, label] of byId)
      if (typeof id === 'string' && typeof label === 'number') labels.set(id, label)
  return labels
}

function disagreement(
  byId: PickleValue | undefined,
  byLabel: PickleValue | undefined,
): { reason: string; offset: number } | null {
  if (!(byId instanceof PickleDict) || !(byLabel instanceof PickleDict)) return null
  for (const [id, label] of byId)
    if (byLabel.get(label) !== id) return { reason: 'its two lists of labels disagree', offset: 0 }
  return null
}

function wholeNumber(value: PickleValue | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null
}
