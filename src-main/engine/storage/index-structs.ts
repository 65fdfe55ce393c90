/** The index structs of index_store.json: which indexes the folder holds. */
import { z } from 'zod'
import type { WorkingStore } from './working-store.ts'

const structTypeSchema = z.looseObject({ __type__: z.string() })

export function indexesOf(store: WorkingStore): { readonly id: string; readonly type: string }[] {
  return store
    .page(store.section('index_store.json', 'index_store/data'), 0, 1000)
    .flatMap(({ key, text }) => {
      if (key === null) return []
      const type =
        /^\{"__type__": "(\w+)"/.exec(text)?.[1] ??
        structTypeSchema.safeParse(JSON.parse(text)).data?.__type__
      return [{ id: key, type: type ?? 'unknown' }]
    })
}
