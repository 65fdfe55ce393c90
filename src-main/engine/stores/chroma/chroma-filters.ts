/** LlamaIndex's MetadataFilters in Chroma's filter language: `_to_chroma_filter` of LlamaIndex's integration. */
import type { FilterOperator, FilterValue, MetadataFilter, MetadataFilters } from '../metadata-filters.ts'
import type { Where } from './chroma-shapes.ts'

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
  if (Array.isArray(value) && value.some(Number.isInteger) && !value.every(Number.isInteger))
    return mixedNumbers(key, operator, value as readonly number[])
  return { [key]: { [name]: value } }
}

/** A list is of whole numbers or of others; JSON of JavaScript has no 1.0. */
function mixedNumbers(key: string, operator: FilterOperator, values: readonly number[]): Where {
  const name = operator === 'in' ? '$in' : '$nin'
  const whole = { [key]: { [name]: values.filter(Number.isInteger) } }
  const others = { [key]: { [name]: values.filter((value) => !Number.isInteger(value)) } }
  return { [operator === 'in' ? '$or' : '$and']: [whole, others] }
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
