/** The models that a server has, to put one on the list. */
import { isCancelled, type ErrorShape, type ServerModel } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'
import { describeError } from '../notices/notices-slice.ts'

export interface ModelPicker {
  readonly server: string
  /** Null while the server is asked. */
  readonly found: readonly ServerModel[] | null
  /** Why the server could not be asked. */
  readonly error: ErrorShape | null
  /** The model that is being added. */
  readonly adding: string | null
  /** Why a model could not be added. */
  readonly refusal: { readonly id: string; readonly error: ErrorShape } | null
}

export interface ModelPickerSlice {
  readonly modelPicker: ModelPicker | null
  /** `found`: what the server has just answered; otherwise it is asked. */
  readonly openModelPicker: (server: string, found?: readonly ServerModel[]) => void
  readonly listServerModels: () => Promise<void>
  /** Puts the model on the list and tries it. */
  readonly pickModel: (id: string) => Promise<void>
  readonly closeModelPicker: () => void
}

export const createModelPickerSlice: SliceCreator<ModelPickerSlice> = ({ client, set, get }) => {
  let asking = new AbortController()
  const update = (change: Partial<ModelPicker>): void =>
    set(({ modelPicker }) => (modelPicker === null ? {} : { modelPicker: { ...modelPicker, ...change } }))

  return {
    modelPicker: null,

    openModelPicker(server, found) {
      const modelPicker = { server, found: found ?? null, error: null, adding: null, refusal: null }
      set({ modelPicker })
      if (found === undefined) void get().listServerModels()
    },

    async listServerModels() {
      const server = get().modelPicker?.server
      if (server === undefined) return
      asking.abort()
      const { signal } = (asking = new AbortController())
      update({ found: null, error: null })
      try {
        const found = await client.call('models.ofServer', { server }, { signal })
        if (!signal.aborted) update({ found })
      } catch (error) {
        if (!signal.aborted && !isCancelled(error)) update({ found: [], error: describeError(error) })
      }
    },

    async pickModel(id) {
      update({ adding: id, refusal: null })
      try {
        get().receiveModel(await client.call('models.save', { id }))
        update({ adding: null })
        set({ newModelId: id })
        await get().testModel(id)
      } catch (error) {
        update({ adding: null, refusal: { id, error: describeError(error) } })
      }
    },

    closeModelPicker() {
      asking.abort()
      set({ modelPicker: null })
    },
  }
}
