/** The embed models on the list: what each is, and what trying one showed. */
import {
  isCancelled,
  type CommandInput,
  type EmbedModelInfo,
  type ErrorShape,
  type ModelTest,
} from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'

/** What is being done with a model, and what came of it. */
export interface ModelTrial {
  readonly working: 'testing' | 'measuring' | null
  readonly test: ModelTest | null
  /** Why measuring failed. */
  readonly error: ErrorShape | null
}

export type ModelChanges = Omit<CommandInput<'models.save'>, 'id'>

export interface ModelsSlice {
  readonly models: readonly EmbedModelInfo[]
  readonly modelsState: 'loading' | 'ready' | 'failed'
  readonly modelsError: ErrorShape | null
  readonly trials: Readonly<Record<string, ModelTrial>>
  /** The model whose prefixes and lengths are being changed. */
  readonly editedModel: {
    readonly id: string
    readonly saving: boolean
    readonly error: ErrorShape | null
  } | null
  /** The model that was added last: the page goes to it. */
  readonly newModelId: string | null
  readonly loadModels: () => Promise<void>
  readonly receiveModel: (model: EmbedModelInfo) => void
  readonly testModel: (id: string) => Promise<void>
  readonly measureModel: (id: string, signal?: AbortSignal) => Promise<void>
  readonly editModel: (id: string | null) => void
  readonly changeModel: (id: string, changes: ModelChanges) => Promise<void>
  /** Takes it off the list. Deletes nothing on disk. */
  readonly removeModel: (id: string) => Promise<void>
}

const untried: ModelTrial = { working: null, test: null, error: null }

export const createModelsSlice: SliceCreator<ModelsSlice> = ({ client, set, get }) => {
  const update = (id: string, change: Partial<ModelTrial>): void => {
    set(({ trials }) => ({ trials: { ...trials, [id]: { ...(trials[id] ?? untried), ...change } } }))
  }

  return {
    models: [],
    modelsState: 'loading',
    modelsError: null,
    trials: {},
    editedModel: null,
    newModelId: null,

    async loadModels() {
      try {
        const models = await client.call('models.list', {})
        set({ models, modelsState: 'ready', modelsError: null })
      } catch (error) {
        set({ modelsState: 'failed', modelsError: describeError(error) })
      }
    },

    receiveModel(model) {
      set(({ models }) => ({
        models: models.some(({ id }) => id === model.id)
          ? models.map((other) => (other.id === model.id ? model : other))
          : [...models, model],
      }))
    },

    async testModel(id) {
      update(id, { working: 'testing', test: null, error: null })
      try {
        update(id, { working: null, test: await client.call('models.test', { id }) })
      } catch (error) {
        update(id, { working: null, error: isCancelled(error) ? null : describeError(error) })
      }
    },

    async measureModel(id, signal) {
      update(id, { working: 'measuring', error: null })
      try {
        get().receiveModel(
          await client.call('models.measure', { id }, signal === undefined ? {} : { signal }),
        )
        update(id, { working: null })
      } catch (error) {
        update(id, { working: null, error: isCancelled(error) ? null : describeError(error) })
      }
    },

    editModel: (id) => set({ editedModel: id === null ? null : { id, saving: false, error: null } }),

    async changeModel(id, changes) {
      set({ editedModel: { id, saving: true, error: null } })
      try {
        get().receiveModel(await client.call('models.save', { id, ...changes }))
        set({ editedModel: null })
      } catch (error) {
        set({ editedModel: { id, saving: false, error: describeError(error) } })
      }
    },

    async removeModel(id) {
      try {
        await client.call('models.remove', { id })
        set(({ models, trials }) => ({
          models: models.filter((model) => model.id !== id),
          trials: Object.fromEntries(Object.entries(trials).filter(([tried]) => tried !== id)),
        }))
      } catch (error) {
        get().notifyError(error)
      }
    },
  }
}

/** A model's name for people; its id when it is not among those at hand. */
export function modelName(models: readonly EmbedModelInfo[], id: string): string {
  return models.find((model) => model.id === id)?.name ?? id
}
