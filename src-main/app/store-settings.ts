/** `vectorStore` of `stackroom.json`, of a folder whose vectors are in another store. Never a password or a key. */
import { z } from 'zod'
import { storeMetricSchema } from '#contract'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import type { CollectionPlace } from '#engine/stores/store-kinds.ts'

export const storeSettingsSchema = z.looseObject({
  kind: z.string(),
  /** Without the collection. */
  address: z.string(),
  collection: z.string(),
  tenant: z.string().optional(),
  database: z.string().optional(),
  /** Of a collection that was made for this index. */
  metric: storeMetricSchema.optional(),
})

export function storeSettings(
  { kind, address, collection, tenant, database }: CollectionPlace,
  metric?: z.infer<typeof storeMetricSchema>,
): StackroomSettings['vectorStore'] {
  return {
    kind,
    address,
    collection,
    ...(tenant !== null && { tenant }),
    ...(database !== null && { database }),
    ...(metric && { metric }),
  }
}
