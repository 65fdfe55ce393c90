/**
 * LlamaIndex's MetadataFilters, and whether a node's metadata match them: `build_metadata_filter_fn`, with filters in
 * filters as the type allows. What Python compares with an error (a number with a text) is no match here.
 */
import type { FilterValue, JsonValue, Metadata, MetadataFilter, MetadataFilters } from '#contract'

export { filterOperators } from '#contract'
export type { FilterOperator, FilterValue, MetadataFilter, MetadataFilters } from '#contract'

/** No filters at all match everything, whatever the condition. */
export function matchesFilters(metadata: Metadata, { filters, condition }: MetadataFilters): boolean {
  if (filters.length === 0) return true
  const matches = (filter: MetadataFilter | MetadataFilters): boolean =>
    'filters' in filter ? matchesFilters(metadata, filter) : matchesFilter(metadata, filter)
  if (condition === 'or') return filters.some(matches)
  if (condition === 'not') return !filters.some(matches)
  return filters.every(matches)
}

/** Whether there is anything that a node could fail to match. */
export function hasFilter({ filters }: MetadataFilters): boolean {
  return filters.some((filter) => !('filters' in filter) || hasFilter(filter))
}

function matchesFilter(metadata: Metadata, { key, value, operator = '==' }: MetadataFilter): boolean {
  const found = Object.hasOwn(metadata, key) ? (metadata[key] ?? null) : null
  if (operator === 'is_empty') return found === null || found === '' || isEmptyList(found)
  if (found === null) return operator === '!=' || operator === 'nin'
  switch (operator) {
    case '==':
      return found === value
    case '!=':
      return found !== value
    case '>':
      return comparison(found, value) > 0
    case '<':
      return comparison(found, value) < 0
    case '>=':
      return comparison(found, value) >= 0
    case '<=':
      return comparison(found, value) <= 0
    case 'in':
      return isIn(found, value)
    case 'nin':
      return !isIn(found, value)
    case 'contains':
      return isIn(value, found)
    case 'any':
      return listOf(value).some((item) => isIn(item, found))
    case 'all':
      return listOf(value).every((item) => isIn(item, found))
    case 'text_match':
      return typeof found === 'string' && typeof value === 'string' && found.includes(value)
    case 'text_match_insensitive':
      return (
        typeof found === 'string' &&
        typeof value === 'string' &&
        found.toLowerCase().includes(value.toLowerCase())
      )
  }
}

function isEmptyList(value: JsonValue): boolean {
  return Array.isArray(value) && value.length === 0
}

/** Below 0, 0 or above 0 for two numbers or two texts; else NaN, which is none of them. */
function comparison(found: JsonValue, value: FilterValue): number {
  if (typeof found === 'number' && typeof value === 'number') return found - value
  if (typeof found === 'string' && typeof value === 'string')
    return found < value ? -1 : found > value ? 1 : 0
  return Number.NaN
}

/** Python's `in`: an item of a list, or a part of a text. */
function isIn(value: unknown, container: unknown): boolean {
  if (Array.isArray(container)) return container.includes(value)
  return typeof container === 'string' && typeof value === 'string' && container.includes(value)
}

function listOf(value: FilterValue): readonly (string | number)[] {
  return Array.isArray(value) ? (value as readonly (string | number)[]) : []
}
