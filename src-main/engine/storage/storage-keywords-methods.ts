/** What the storage worker that keeps the keyword index of a folder answers. */
import { setTimeout as pause } from 'node:timers/promises'
import type { SearchKey } from '#contract'
import type { WorkerCallContext } from '#platform/worker-server.ts'
import { explainStoreError } from './damaged-store.ts'
import { KeywordFollower } from './keyword-follower.ts'
import type { KeywordProgress, KeywordQuery } from './keyword-search.ts'
import type { ScoredNode } from './storage-folder.ts'
import type { OpenedFolder } from './storage-writer.ts'

export type StorageKeywordsMethods = ReturnType<typeof storageKeywordsMethods>

export interface PreparedKeywords extends KeywordProgress {
  /** The last change that the index has. */
  readonly taken: number
}

export function storageKeywordsMethods({ persistDir, workingFolder }: OpenedFolder) {
  let follower: KeywordFollower | undefined
  /** Whether somebody waits for the index. */
  let isUrgent = false
  function following<Value>(work: (follower: KeywordFollower) => Value): Value {
    try {
      follower ??= new KeywordFollower(workingFolder)
      return work(follower)
    } catch (error) {
      throw explainStoreError(error, persistDir, workingFolder)
    }
  }
  return {
    hurry(_: null): void {
      isUrgent = true
    },
    /** Searches come in between the steps. */
    prepare: async (_: null, context: WorkerCallContext): Promise<PreparedKeywords> => {
      for (;;) {
        const started = performance.now()
        const state = following((open) => open.step())
        context.progress(state)
        if (state.ready) {
          isUrgent = false
          return { ...state, taken: following((open) => open.taken) }
        }
        // Who searches by meaning meanwhile has the machine for half of the time.
        await pause(isUrgent ? 0 : performance.now() - started)
        context.signal.throwIfAborted()
      }
    },
    query: (query: KeywordQuery): ScoredNode[] | null => following((open) => open.query(query)),
    keys: (_: null): SearchKey[] => following((open) => open.keys()),
    close(_: null): void {
      follower?.[Symbol.dispose]()
      follower = undefined
    },
  }
}
