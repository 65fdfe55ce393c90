/** Which metadata keys the nodes of a folder have, and their most frequent values: for completion of a query. */
import { posix } from 'node:path'
import type { JsonValue, Metadata, SearchKey } from '#contract'
import { endingOf, pathOf } from '../file-types.ts'

const mostKeys = 100
const mostValues = 50
/** Text of a document that somebody put into its metadata is nothing to choose from. */
const longestValue = 200
/** Distinct values that are counted of a key. */
const mostCounted = 10_000

export function searchKeysOf(
  found: Iterable<{ readonly metadata: Metadata; readonly nodes: number }>,
): SearchKey[] {
  const counts = new Map<string, Map<string, number>>()
  const count = (key: string, value: string, nodes: number): void => {
    if (!counts.has(key) && counts.size < mostKeys) counts.set(key, new Map())
    const values = counts.get(key)
    if (!values || value === '' || value.length > longestValue) return
    if (values.has(value) || values.size < mostCounted) values.set(value, (values.get(value) ?? 0) + nodes)
  }
  for (const { metadata, nodes } of found) {
    const path = pathOf(metadata)
    if (path !== null) {
      const ending = endingOf(path)
      if (ending !== '') count('type', ending, nodes)
      count('path', `${posix.basename(posix.dirname(path.replaceAll('\\', '/')))}/`, nodes)
    }
    for (const [key, value] of Object.entries(metadata))
      for (const item of Array.isArray(value) ? value : [value]) {
        const text = textOf(item)
        if (text !== null) count(key, text, nodes)
      }
  }
  return [...counts].map(([key, values]) => ({
    key,
    values: [...values]
      .sort((a, b) => b[1] - a[1])
      .slice(0, mostValues)
      .map(([value]) => value),
  }))
}

function textOf(value: JsonValue): string | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : null
}
