/**
 * Records with their vectors, also where Chroma's HNSW files lack some: it answers a call for those with an error, so that they
 * are looked for in halves.
 */
import { StackroomError } from '#contract'
import type { ChromaClient } from './chroma-client.ts'
import type { ChromaRecords, RecordRequest } from './chroma-shapes.ts'

/** A record without a vector has null for it. */
export async function getRecords(
  client: ChromaClient,
  collectionId: string,
  request: RecordRequest,
  signal?: AbortSignal,
): Promise<ChromaRecords> {
  try {
    return await client.get(collectionId, request, signal)
  } catch (error) {
    if (!request.include.includes('embeddings') || !isLackingVector(error)) throw error
  }
  const include = request.include.filter((part) => part !== 'embeddings')
  const records = await client.get(collectionId, { ...request, include }, signal)
  const vectors = new Map<string, number[] | null>()
  const lookFor = async (ids: readonly string[]): Promise<void> => {
    try {
      const found = await client.get(collectionId, { ids, include: ['embeddings'] }, signal)
      for (const [index, id] of found.ids.entries()) vectors.set(id, found.embeddings?.[index] ?? null)
    } catch (error) {
      if (!isLackingVector(error)) throw error
      if (ids.length === 1) return
      const half = Math.ceil(ids.length / 2)
      await lookFor(ids.slice(0, half))
      await lookFor(ids.slice(half))
    }
  }
  if (records.ids.length > 0) await lookFor(records.ids)
  return { ...records, embeddings: records.ids.map((id) => vectors.get(id) ?? null) }
}

function isLackingVector(error: unknown): boolean {
  return (
    error instanceof StackroomError && error.code === 'server-error' && /Error finding id/.test(error.message)
  )
}
