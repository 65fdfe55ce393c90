/** LlamaIndex's MetadataFilters in Chroma's filter language: `_to_chroma_filter` of LlamaIndex's integration. */
import type { FilterOperator, FilterValue, MetadataFilter, MetadataFilters } from '../metadata-filters.ts'
import type { Where } from './chroma-client.ts'

const operators: Readonly<Partial<Record<FilterOperator, string>>> = {
  '==': '$eq',
  '!=': '$ne',
  '>': '$gt',
  '<': '$lt',
  '>=': '$gte',
  '<=': '$lte',
  in: '$in',
  nin: '$nin',
}

export const nativeOperators = Object.keys(operators) as FilterOperator[]

/**
 * Undefined: no filter at all. Null: what Chroma cannot say, or would answer otherwise than LlamaIndex does elsewhere (its
 * integration refuses the first and sends the second).
 */
export function chromaWhere({ filters, condition = 'and' }: MetadataFilters): Where | undefined | null {
  const parts = filters.map((filter) => ('filters' in filter ? chromaWhere(filter) : wherePart(filter)))
  if (parts.includes(null) || (condition === 'not' && filters.length > 0)) return null
  // An empty group matches everything.
  if (condition === 'or' && parts.includes(undefined)) return undefined
  const known = parts.filter((part) => part !== undefined)
  if (known.length < 2) return known[0]
  return { [condition === 'or' ? '$or' : '$and']: known }
}

function wherePart({ key, value, operator = '==' }: MetadataFilter): Where | null {
  const name = operators[operator]
  if (name === undefined || !canCompare(operator, value)) return null
  return { [key]: { [name]: value } }
}

function canCompare(operator: FilterOperator, value: FilterValue): boolean {
  if (operator === 'in' || operator === 'nin') return isListOfOneType(value)
  // What is null in a node is an empty text in Chroma.
  if (operator === '==' || operator === '!=') return isScalar(value) && value !== ''
  return typeof value === 'number'
}

function isScalar(value: FilterValue): boolean {
  return value !== null && typeof value !== 'object'
}

function isListOfOneType(value: FilterValue): boolean {
  if (!Array.isArray(value) || value.length === 0) return false
  return value.every((item) => typeof item === typeof value[0] && item !== '')
}
