/** `vectorStore` of `stackroom.json`, of a folder whose vectors are in another store. Never a password or a key. */
import { z } from 'zod'
import { StackroomError, storeMetricSchema } from '#contract'
import type { StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import type { CollectionPlace, StoreKinds } from '#engine/stores/store-kinds.ts'

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

/** The collection that the settings of an index name. Throws `unsupported-format` where they name none. */
export function storePlaceIn(settings: StackroomSettings | null, kinds: StoreKinds): CollectionPlace {
  const stored = storeSettingsSchema.safeParse(settings?.vectorStore)
  if (!stored.success)
    throw new StackroomError(
      'unsupported-format',
      'stackroom.json does not say where the vectors of this index are.',
      { hint: 'Its vectorStore needs an address and a collection.', cause: stored.error },
    )
  const { address, collection, tenant, database } = stored.data
  const place = kinds.parse(address)
  return {
    ...place,
    collection,
    tenant: tenant ?? place.tenant,
    database: database ?? place.database,
  }
}

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
