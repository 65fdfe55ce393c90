/**
 * The language of the search box and of `stackroom search`:
 *
 *     type:pdf path:docs/ after:2025-01 before:2026 author:"Ada Lovelace" page_label:>=3 "exact phrase" begin* -word
 *
 * Nothing that is typed is an error: what means nothing here is words. A key that is none of the language's and none of the
 * metadata's is part of a word (`std::move`, `http://…`). A backslash takes a quote, a colon or a leading minus for what it is.
 */
import type { MetadataFilter, MetadataFilters } from './metadata-filters.ts'
import { dateFilter, isBegunDate, metadataFilter, pathFilter, typeFilter } from './search-query-filters.ts'

export interface QueryPart {
  readonly kind: 'word' | 'phrase' | 'filter'
  /** Where it stands in the query, with its minus and quotes, in UTF-16 code units. */
  readonly start: number
  readonly end: number
  /** The word, the phrase or the filter's value, without quotes and backslashes. */
  readonly text: string
  /** Whether what matches it is left out. */
  readonly excluded: boolean
  /** A word that ends with a star: the beginning of a word. */
  readonly prefix: boolean
  /** Of a filter, as the metadata or the language has it; else null. */
  readonly key: string | null
  /** False for a filter without a value yet (`type:`, `after:20`): it is passed over. */
  readonly complete: boolean
}

export interface ParsedQuery {
  /** In the order of the query, next to each other or with white space between them. */
  readonly parts: readonly QueryPart[]
  /** What is meant, for the embed model: words and phrases without what is excluded. Empty: there are filters only, or nothing. */
  readonly text: string
  /** What a node has to match; null: nothing. Of `type:` it lets more pass, see `types`. */
  readonly filters: MetadataFilters | null
  /** Endings of file names, without the dot, in lower case: one of `only` (when there is any), none of `not`. */
  readonly types: { readonly only: readonly string[]; readonly not: readonly string[] }
}

export interface ParseQueryOptions {
  /** Keys of the metadata, which may be filtered by as well. */
  readonly keys?: readonly string[] | undefined
  /** Words only. */
  readonly literal?: boolean | undefined
}

/** Keys of the language itself. */
export const queryKeys = ['type', 'path', 'after', 'before'] as const
type QueryKey = (typeof queryKeys)[number]

export function parseQuery(
  query: string,
  { keys = [], literal = false }: ParseQueryOptions = {},
): ParsedQuery {
  const parts = literal ? literalParts(query) : new QueryReader(query, keys).parts()
  const filters = parts.filter(({ kind, complete }) => kind === 'filter' && complete)
  const ofTypes = filters.filter(({ key }) => key === 'type')
  return {
    parts,
    text: textOf(query, parts),
    filters: filtersOf(filters),
    types: {
      only: ofTypes.flatMap(({ excluded, text }) => (excluded ? [] : [endingOf(text)])),
      not: ofTypes.flatMap(({ excluded, text }) => (excluded ? [endingOf(text)] : [])),
    },
  }
}

/** The query without one of its parts, for a chip that is taken away. */
export function withoutPart(query: string, { start, end }: Pick<QueryPart, 'start' | 'end'>): string {
  return [query.slice(0, start).trimEnd(), query.slice(end).trimStart()]
    .filter((text) => text !== '')
    .join(' ')
}

/** A value as it has to be written after a key. */
export function quotedValue(value: string): string {
  return /[\s"“”„]/.test(value) || value === '' ? `"${value.replaceAll('"', '\\"')}"` : value
}

export interface QueryCompletion {
  /** What of the query a choice replaces. */
  readonly start: number
  readonly end: number
  /** Whole parts, as they are put into the query: `type:`, `type:pdf`. */
  readonly options: readonly string[]
}

/** What could be meant at the cursor; `keys` are those of `search.keys`. Null: nothing. */
export function completeQuery(
  query: string,
  cursor: number,
  keys: readonly { readonly key: string; readonly values: readonly string[] }[],
): QueryCompletion | null {
  const names = [...new Set([...queryKeys, ...keys.map(({ key }) => key)])]
  const { parts } = parseQuery(query, { keys: names })
  const part = parts.find(({ start, end }) => start < cursor && cursor <= end)
  if (!part || part.kind === 'phrase') return null
  const minus = query[part.start] === '-' ? '-' : ''
  const fold = (text: string): string => text.toLowerCase()
  if (part.kind === 'word') {
    const typed = fold(part.text)
    const options = names.filter((name) => fold(name).startsWith(typed)).map((name) => `${minus}${name}:`)
    return options.length === 0 || /\s/.test(part.text) ? null : { start: part.start, end: part.end, options }
  }
  const typed = fold(part.text)
  const values = keys.find(({ key }) => key === part.key)?.values ?? []
  const fitting = values.filter((value) => fold(value).includes(typed) && fold(value) !== typed)
  const begin = fitting.filter((value) => fold(value).startsWith(typed))
  const options = [...new Set([...begin, ...fitting])].map(
    (value) => `${minus}${part.key}:${quotedValue(value)}`,
  )
  return options.length === 0 ? null : { start: part.start, end: part.end, options }
}

const openingQuotes = '"“„'
const closingQuotes: Readonly<Record<string, string>> = { '"': '"', '“': '”', '„': '“”' }

class QueryReader {
  readonly #query: string
  readonly #keys: readonly string[]
  #at = 0

  constructor(query: string, keys: readonly string[]) {
    this.#query = query
    this.#keys = keys
  }

  parts(): QueryPart[] {
    const parts: QueryPart[] = []
    while (this.#skipSpace()) parts.push(...this.#part())
    // There is nothing that they could be left out of.
    const nothingElse = parts.every(({ kind, excluded }) => excluded && kind !== 'filter')
    return nothingElse ? parts.map((part) => ({ ...part, excluded: false })) : parts
  }

  /** Whether there is more. */
  #skipSpace(): boolean {
    while (this.#at < this.#query.length && isSpace(this.#query[this.#at])) this.#at++
    return this.#at < this.#query.length
  }

  #part(): QueryPart[] {
    const start = this.#at
    const next = this.#query[start + 1]
    const excluded = this.#query[start] === '-' && next !== undefined && !isSpace(next) && next !== '-'
    if (excluded) this.#at++
    const base = { start, excluded, prefix: false, key: null, complete: true }
    const phrase = this.#quoted()
    if (phrase !== null) {
      const isFilled = phrase.trim() !== ''
      return isFilled ? [{ ...base, kind: 'phrase', end: this.#at, text: phrase }] : []
    }
    const filter = this.#filter(start, excluded)
    if (filter) return [filter]
    const raw = this.#untilSpace()
    const text = unescaped(raw)
    const prefix = /[\p{L}\p{N}]\*$/u.test(text)
    return [{ ...base, kind: 'word', end: this.#at, text: prefix ? text.slice(0, -1) : text, prefix }]
  }

  /** Null, and nothing is read, where no quotation begins or it does not end. */
  #quoted(): string | null {
    const opening = this.#query[this.#at] ?? ''
    if (opening === '' || !openingQuotes.includes(opening)) return null
    const closing = closingQuotes[opening] ?? opening
    let text = ''
    for (let at = this.#at + 1; at < this.#query.length; at++) {
      const letter = this.#query[at]!
      if (letter === '\\' && this.#query[at + 1] === '"') {
        text += '"'
        at++
      } else if (closing.includes(letter)) {
        this.#at = at + 1
        return text
      } else text += letter
    }
    return null
  }

  #filter(start: number, excluded: boolean): QueryPart | null {
    const found = /^([^\s:"“„\\]+):(?!:|\/\/)/.exec(this.#query.slice(this.#at, this.#at + 1000))
    const key = found?.[1] === undefined ? null : this.#keyOf(found[1])
    if (!found || key === null) return null
    const before = this.#at
    this.#at += found[0].length
    const quoted = this.#quoted()
    const text = quoted ?? unescaped(this.#untilSpace())
    const part = { kind: 'filter' as const, start, end: this.#at, text, excluded, prefix: false, key }
    if (text === '') return { ...part, complete: false }
    if ((key !== 'after' && key !== 'before') || dateFilter(key, text)) return { ...part, complete: true }
    if (isBegunDate(text)) return { ...part, complete: false }
    this.#at = before
    return null
  }

  #keyOf(name: string): string | null {
    if (this.#keys.includes(name)) return name
    const lower = name.toLowerCase()
    return [...queryKeys, ...this.#keys].find((key) => key.toLowerCase() === lower) ?? null
  }

  #untilSpace(): string {
    const start = this.#at
    while (this.#at < this.#query.length && !isSpace(this.#query[this.#at])) this.#at++
    return this.#query.slice(start, this.#at)
  }
}

function isSpace(letter: string | undefined): boolean {
  return letter !== undefined && /\s/.test(letter)
}

function unescaped(text: string): string {
  return text.replace(/^\\-/, '-').replace(/\\([":])/g, '$1')
}

function literalParts(query: string): QueryPart[] {
  return [...query.matchAll(/\S+/g)].map(({ 0: text, index }) => ({
    kind: 'word',
    start: index,
    end: index + text.length,
    text,
    excluded: false,
    prefix: false,
    key: null,
    complete: true,
  }))
}

/** As it was typed, where all of it is plain words. */
function textOf(query: string, parts: readonly QueryPart[]): string {
  const meant = parts.filter(({ kind, excluded }) => kind !== 'filter' && !excluded)
  const isPlain = parts.every(
    ({ kind, start, end, text }) => kind === 'word' && text === query.slice(start, end),
  )
  return isPlain && parts.length > 0 ? query.trim() : meant.map(({ text }) => text.trim()).join(' ')
}

/** One of several values of a key is enough, each key counts, and so does each date. */
function filtersOf(parts: readonly QueryPart[]): MetadataFilters | null {
  const wanted = Map.groupBy(
    parts.filter(({ excluded }) => !excluded),
    ({ key, start }) => (key === 'after' || key === 'before' ? `${key} ${start}` : key),
  )
  const filters: (MetadataFilter | MetadataFilters)[] = [...wanted.values()].map((ofKey) => {
    const [first, ...others] = ofKey.map(filterOf)
    return first && others.length === 0
      ? first
      : { condition: 'or', filters: [...(first ? [first] : []), ...others] }
  })
  const unwanted = parts.filter(({ excluded, key }) => excluded && key !== 'type').map(filterOf)
  if (unwanted.length > 0) filters.push({ condition: 'not', filters: unwanted })
  return filters.length === 0 ? null : { condition: 'and', filters }
}

function filterOf({ key, text }: QueryPart): MetadataFilter | MetadataFilters {
  if (key === null || !isQueryKey(key)) return metadataFilter(key ?? '', text)
  if (key === 'type') return typeFilter(endingOf(text))
  if (key === 'path') return pathFilter(text)
  return dateFilter(key, text) ?? { filters: [] }
}

function isQueryKey(key: string): key is QueryKey {
  return queryKeys.some((own) => own === key)
}

function endingOf(text: string): string {
  return text.replace(/^\*?\./, '').toLowerCase()
}
