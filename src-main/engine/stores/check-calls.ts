/** What no vector store takes, looked for before it is asked. */
import { StackroomError } from '#contract'
import { hasFilter } from './metadata-filters.ts'
import type { NodeSelection, NodeWithVector, VectorStoreQuery } from './vector-store.ts'

/** Throws `dimension-mismatch` and `invalid-vector`. Answers with the length of the vectors. */
export function checkVectors(nodes: readonly NodeWithVector[], dimensions: number | null): number | null {
  const expected = dimensions ?? nodes[0]?.vector.length ?? null
  for (const { node, vector } of nodes) {
    if (vector.length !== expected)
      throw mismatch(`The vector of node ${node.id_}`, vector.length, expected ?? 0)
    if (vector.length === 0 || !vector.every(Number.isFinite))
      throw new StackroomError('invalid-vector', `The vector of node ${node.id_} is not made of numbers.`)
  }
  return expected
}

/** Throws `dimension-mismatch`, `invalid-vector` and `invalid-input`. */
export function checkQuery({ vector, topK }: VectorStoreQuery, dimensions: number | null): void {
  if (!Number.isInteger(topK) || topK < 1)
    throw new StackroomError(
      'invalid-input',
      `The similarity top k is ${topK}: it must be a whole number, 1 at least.`,
    )
  if (!vector.every(Number.isFinite))
    throw new StackroomError('invalid-vector', 'The query vector is not made of numbers.')
  if (dimensions !== null && vector.length !== dimensions)
    throw mismatch('The query', vector.length, dimensions)
}

/** What is to be deleted must be said: neither ids nor filters would be all nodes. Throws `invalid-input`. */
export function checkDeletion({ nodeIds, filters }: NodeSelection): void {
  if (nodeIds || (filters && hasFilter(filters))) return
  throw new StackroomError('invalid-input', 'Neither node ids nor filters say which nodes to delete.')
}

function mismatch(what: string, length: number, dimensions: number): StackroomError {
  return new StackroomError(
    'dimension-mismatch',
    `${what} has ${length} dimensions, the index has ${dimensions}.`,
    { hint: 'Use the embed model that the index was built with.' },
  )
}
