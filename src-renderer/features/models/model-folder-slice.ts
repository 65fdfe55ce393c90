/** From a dropped or chosen folder to a model on the list: copied where needed, looked into, added. */
import { isCancelled, type ErrorShape } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import type { DroppedItems } from '../../transport/dropped-items.ts'
import { uploadEntries, type UploadProgress } from '../../transport/upload.ts'
import { describeError } from '../notices/notices-slice.ts'

export type AddingFolder =
  | { readonly step: 'copying'; readonly progress: UploadProgress | null }
  | { readonly step: 'reading'; readonly path: string }
  | { readonly step: 'failed'; readonly error: ErrorShape }

export interface ModelFolderSlice {
  readonly addingFolder: AddingFolder | null
  readonly chooseModelFolder: () => Promise<void>
  /** Adds the model and shows it on the models page, or says there why it cannot be used. */
  readonly addModelFolder: (path: string) => Promise<void>
  readonly addDroppedModel: (items: DroppedItems) => Promise<void>
  /** Stops copying, or puts the reason away. */
  readonly closeModelFolder: () => void
}

export const createModelFolderSlice: SliceCreator<ModelFolderSlice> = ({ client, set, get }) => {
  let current = new AbortController()

  const begin = (addingFolder: AddingFolder): AbortSignal => {
    current.abort()
    current = new AbortController()
    get().showView('models')
    set({ addingFolder })
    return current.signal
  }
  const fail = (error: unknown, signal: AbortSignal): void => {
    if (signal.aborted || isCancelled(error)) return
    set({ addingFolder: { step: 'failed', error: describeError(error) } })
  }

  async function add(path: string, signal: AbortSignal): Promise<void> {
    set({ addingFolder: { step: 'reading', path } })
    const model = await client.call('models.addFolder', { path }, { signal })
    if (signal.aborted) return
    get().receiveModel(model)
    set({ addingFolder: null, newModelId: model.id })
    get().notify('done', `${model.name} was added.`)
  }

  return {
    addingFolder: null,

    async chooseModelFolder() {
      const [path] = (await get().choosePaths('model-folder')) ?? []
      if (path !== undefined) await get().addModelFolder(path)
    },

    async addModelFolder(path) {
      const signal = begin({ step: 'reading', path })
      try {
        await add(path, signal)
      } catch (error) {
        fail(error, signal)
      }
    },

    async addDroppedModel(items) {
      if (items.kind === 'paths') {
        const [path] = items.paths
        if (path !== undefined) await get().addModelFolder(path)
        return
      }
      if (items.entries.length === 0) return
      const signal = begin({ step: 'copying', progress: null })
      try {
        const path = await uploadEntries(client, items.entries, {
          signal,
          onProgress(progress) {
            if (!signal.aborted) set({ addingFolder: { step: 'copying', progress } })
          },
        })
        await add(path, signal)
      } catch (error) {
        fail(error, signal)
      }
    },

    closeModelFolder() {
      current.abort()
      set({ addingFolder: null })
    },
  }
}
