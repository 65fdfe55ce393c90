/** What the metadata of each knowledge base can be filtered by: for chips, and for completion in the search box. */
import { isCancelled, type SearchKey } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'

export interface SearchKeysSlice {
  readonly searchKeys: Readonly<Record<string, readonly SearchKey[]>>
  readonly loadSearchKeys: (knowledgeBaseId: string) => Promise<void>
}

export const noKeys: readonly SearchKey[] = []

export const createSearchKeysSlice: SliceCreator<SearchKeysSlice> = ({ client, set }) => ({
  searchKeys: {},
  async loadSearchKeys(knowledgeBaseId) {
    try {
      const keys = await client.call('search.keys', { knowledgeBaseId })
      set(({ searchKeys }) => ({ searchKeys: { ...searchKeys, [knowledgeBaseId]: keys } }))
    } catch (error) {
      // a folder that cannot be opened says so itself; without its keys only the completion is missing
      if (!isCancelled(error)) describeError(error)
    }
  },
})
