/** Filters of a query in words: on chips, in the list of keys, in advice. */
import type { QueryPart } from '#contract'

const meanings: Readonly<Record<string, string>> = {
  type: 'type of file: pdf, md, html …',
  path: 'part of the path: docs/',
  after: 'changed on or after: 2025-01',
  before: 'changed before: 2026',
}

/** What a key of the query language filters by; `key` may end with its colon. */
export function keyMeaning(key: string): string {
  return meanings[key.replace(/^-|:$/g, '')] ?? 'metadata of the node'
}

export function partWords({ kind, key, text, excluded, prefix }: QueryPart): string {
  const not = excluded ? 'not ' : ''
  if (kind === 'phrase') return `${excluded ? 'without ' : ''}“${text}”`
  if (kind === 'word') return `${excluded ? 'without ' : ''}${text}${prefix ? '…' : ''}`
  return `${not}${filterWords(key ?? '', text)}`
}

function filterWords(key: string, text: string): string {
  switch (key) {
    case 'type':
      return `${text} files`
    case 'path':
      return `in ${text}`
    case 'after':
    case 'before':
      return `${key} ${text}`
    default:
      return `${key}: ${text}`
  }
}
