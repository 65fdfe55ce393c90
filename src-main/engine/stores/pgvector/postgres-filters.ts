/**
 * LlamaIndex's MetadataFilters in SQL, over `metadata_` as jsonb. PGVectorStore itself builds texts out of keys and values and
 * compares texts; here they are parameters, and a number is not a text, as in LlamaIndex's SimpleVectorStore.
 */
import {
  filterOperators,
  type FilterOperator,
  type FilterValue,
  type MetadataFilter,
  type MetadataFilters,
} from '../metadata-filters.ts'

/** What is lower case in one language is not in another, and servers differ. */
export const nativeOperators: readonly FilterOperator[] = filterOperators.filter(
  (operator) => operator !== 'text_match_insensitive',
)

/** Keeps a value for the statement; answers with the name of its place, as `$3`. */
export type Parameter = (value: unknown) => string

/** Null: what PostgreSQL cannot say. */
export function filtersSql(
  { filters, condition = 'and' }: MetadataFilters,
  parameter: Parameter,
): string | null {
  if (filters.length === 0) return 'TRUE'
  const parts: string[] = []
  for (const filter of filters) {
    const part = 'filters' in filter ? filtersSql(filter, parameter) : filterSql(filter, parameter)
    if (part === null) return null
    parts.push(`(${part})`)
  }
  if (condition === 'not') return `NOT (${parts.join(' OR ')})`
  return parts.join(condition === 'or' ? ' OR ' : ' AND ')
}

/** jsonb has neither NUL nor half surrogate pairs, nor numbers that are none. */
function isStorable(value: FilterValue): boolean {
  if (Array.isArray(value)) return (value as readonly (string | number)[]).every(isStorable)
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  return typeof value !== 'number' || Number.isFinite(value)
}

function filterSql({ key, value, operator = '==' }: MetadataFilter, parameter: Parameter): string | null {
  if (!isStorable(key) || !isStorable(value) || !nativeOperators.includes(operator)) return null
  const found = `(metadata_::jsonb -> ${parameter(key)}::text)`
  const isThere = `COALESCE(jsonb_typeof(${found}), 'null') <> 'null'`
  switch (operator) {
    case 'is_empty':
      return `COALESCE(${found}, 'null') IN ('null', '""', '[]')`
    case '==':
      return equals(found, value, parameter)
    case '!=':
      return `NOT (${equals(found, value, parameter)})`
    case 'in':
    case 'nin': {
      // A part of a text: rare, and not what the operator is for.
      if (typeof value === 'string') return null
      const items = listOf(value).map((item) => JSON.stringify(item))
      const isIn = `COALESCE(${found} = ANY(${parameter(items)}::jsonb[]), FALSE)`
      return operator === 'in' ? isIn : `NOT ${isIn}`
    }
    case '>':
    case '<':
    case '>=':
    case '<=':
      return compares(found, operator, value, parameter)
    case 'contains':
      return contains(found, value, parameter)
    case 'any':
      return anyOf(listOf(value).map((item) => contains(found, item, parameter)))
    case 'all':
      return [isThere, ...listOf(value).map((item) => contains(found, item, parameter))].join(' AND ')
    case 'text_match':
      return typeof value === 'string' ? isPart(found, value, parameter) : 'FALSE'
    case 'text_match_insensitive':
      return null
  }
}

function equals(found: string, value: FilterValue, parameter: Parameter): string {
  // Nothing equals null or a list, as nothing does in a comparison of metadata that are there.
  if (value === null || typeof value === 'object') return 'FALSE'
  return `COALESCE(${found} = ${parameter(JSON.stringify(value))}::jsonb, FALSE)`
}

function compares(found: string, operator: string, value: FilterValue, parameter: Parameter): string {
  if (typeof value === 'number')
    return `CASE jsonb_typeof(${found}) WHEN 'number' THEN ${found}::numeric ${operator} ${parameter(String(value))}::numeric ELSE FALSE END`
  if (typeof value === 'string')
    return `CASE jsonb_typeof(${found}) WHEN 'string' THEN (${found} #>> '{}') COLLATE "C" ${operator} ${parameter(value)}::text ELSE FALSE END`
  return 'FALSE'
}

/** Python's `value in found`: an item of a list, or a part of a text. */
function contains(found: string, value: FilterValue, parameter: Parameter): string {
  if (value !== null && typeof value === 'object') return 'FALSE'
  const isItem = `COALESCE(jsonb_typeof(${found}) = 'array' AND ${found} @> ${parameter(JSON.stringify(value))}::jsonb, FALSE)`
  return typeof value === 'string' ? `(${isItem} OR ${isPart(found, value, parameter)})` : isItem
}

function isPart(found: string, value: string, parameter: Parameter): string {
  return `CASE jsonb_typeof(${found}) WHEN 'string' THEN position(${parameter(value)}::text IN ${found} #>> '{}') > 0 ELSE FALSE END`
}

function anyOf(parts: readonly string[]): string {
  return parts.length === 0 ? 'FALSE' : parts.join(' OR ')
}

function listOf(value: FilterValue): readonly (string | number)[] {
  return Array.isArray(value) ? (value as readonly (string | number)[]) : []
}
