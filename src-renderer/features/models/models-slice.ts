/** The embed models that can be chosen. */
import type { EmbedModelInfo } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'

export interface ModelsSlice {
  readonly models: readonly EmbedModelInfo[]
  readonly loadModels: () => Promise<void>
}

export const createModelsSlice: SliceCreator<ModelsSlice> = ({ client, set, get }) => ({
  models: [],
  async loadModels() {
    try {
      set({ models: await client.call('models.list', {}) })
    } catch (error) {
      get().notifyError(error)
    }
  },
})

/** A model's name for people; its id when it is not among those at hand. */
export function modelName(models: readonly EmbedModelInfo[], id: string): string {
  return models.find((model) => model.id === id)?.name ?? id
}
