/** LlamaIndex's MetadataFilters, as `MetadataFilters.model_dump()` writes them, with filters in filters. */
import { z } from 'zod'

export const filterOperators = [
  '==',
  '>',
  '<',
  '!=',
  '>=',
  '<=',
  'in',
  'nin',
  'any',
  'all',
  'text_match',
  'text_match_insensitive',
  'contains',
  'is_empty',
] as const
/** `FilterOperator`. */
export type FilterOperator = (typeof filterOperators)[number]

export type FilterValue = string | number | boolean | null | readonly (string | number)[]

export interface MetadataFilter {
  readonly key: string
  readonly value: FilterValue
  /** Omitted: `==`. */
  readonly operator?: FilterOperator | undefined
}

export interface MetadataFilters {
  readonly filters: readonly (MetadataFilter | MetadataFilters)[]
  /** `FilterCondition`; `not`: none of the filters match. Omitted: `and`. */
  readonly condition?: 'and' | 'or' | 'not' | undefined
}

/** Nobody writes filters that deep; a schema that calls itself must end somewhere. */
const deepest = 32

const filterSchema = z.object({
  key: z.string().max(1000),
  value: z
    .union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.union([z.string(), z.number()]))])
    .default(null),
  operator: z.enum(filterOperators).optional(),
})

function filtersSchemaWithin(depth: number): z.ZodType<MetadataFilters> {
  const nested = depth < deepest ? [z.lazy(() => filtersSchemaWithin(depth + 1))] : []
  return z.object({
    filters: z.array(z.union([...nested, filterSchema])).max(1000),
    condition: z.enum(['and', 'or', 'not']).optional(),
  })
}

export const metadataFiltersSchema = filtersSchemaWithin(1)
