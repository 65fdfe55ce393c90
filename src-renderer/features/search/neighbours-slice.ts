/** Hits that are unfolded in the list: their whole text, and what stands before and after it in the document. */
import { isCancelled, type CommandOutput, type ErrorShape, type SearchHit } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'

export interface Unfolded {
  /** Null while they are being read. */
  readonly neighbours: CommandOutput<'search.neighbours'> | null
  readonly error: ErrorShape | null
}

export interface NeighboursSlice {
  /** By node id. */
  readonly unfolded: Readonly<Record<string, Unfolded>>
  readonly unfoldHit: (knowledgeBaseId: string, hit: SearchHit) => Promise<void>
  readonly foldHit: (nodeId: string) => void
  readonly foldAll: () => void
}

export const createNeighboursSlice: SliceCreator<NeighboursSlice> = ({ client, set, get }) => {
  let reading = new AbortController()

  const show = (nodeId: string, unfolded: Unfolded): void =>
    set((state) => ({ unfolded: { ...state.unfolded, [nodeId]: unfolded } }))

  return {
    unfolded: {},
    async unfoldHit(knowledgeBaseId, { nodeId }) {
      if (get().unfolded[nodeId] !== undefined) return
      const { signal } = reading
      show(nodeId, { neighbours: null, error: null })
      try {
        const neighbours = await client.call('search.neighbours', { knowledgeBaseId, nodeId }, { signal })
        // folded again meanwhile, or of a search that is gone
        if (!signal.aborted && get().unfolded[nodeId] !== undefined) show(nodeId, { neighbours, error: null })
      } catch (error) {
        if (signal.aborted || isCancelled(error)) return
        show(nodeId, { neighbours: null, error: describeError(error) })
      }
    },
    foldHit(nodeId) {
      set(({ unfolded }) => ({
        unfolded: Object.fromEntries(Object.entries(unfolded).filter(([other]) => other !== nodeId)),
      }))
    },
    foldAll() {
      reading.abort()
      reading = new AbortController()
      if (Object.keys(get().unfolded).length > 0) set({ unfolded: {} })
    },
  }
}
