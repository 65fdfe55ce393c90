/**
 * What FTS5 is asked for the terms of a query. How much is scored is bounded: words that are everywhere say nothing beside
 * rarer ones, and where many nodes have the rarer ones, too, the rarest say which nodes are looked at, and the others only
 * add to the score of those. In an index of few nodes nothing is left out.
 */
import { isBeginning, type QueryTerm } from './query-terms.ts'
import { stem } from './stem.ts'

/** Rows that are scored, some 8 ms: unless the rarest word alone has more of them. */
const mostRows = 8000
/** A word is everywhere when a fifth of the nodes have it, and they are more than this. */
const leastEverywhere = 2000
/** More rows than these are not scored for words that are everywhere: the first ones are as good as any. */
const mostUnranked = 20_000

/** What the index knows of the terms. */
export interface TermStatistics {
  readonly rows: number
  /** Rows with this word or form of a word. */
  rowsWith(word: string): number
  /** Rows that match, counted up to `most`. */
  rowsMatching(expression: string, most: number): number
}

interface ResolvedTerm {
  readonly expression: string
  readonly rows: number
}

export interface MatchExpression {
  readonly expression: string
  /** Whether the order of the rows says anything: not for words that most of many rows have. */
  readonly ranked: boolean
}

/** Null: nothing matches. */
export function matchExpression(
  terms: readonly QueryTerm[],
  statistics: TermStatistics,
): MatchExpression | null {
  const wanted = terms.filter(({ excluded }) => !excluded)
  const required: ResolvedTerm[] = []
  const optional: ResolvedTerm[] = []
  for (const term of wanted) {
    const resolved = resolve(term, statistics)
    if (term.required && resolved.length === 0) return null
    ;(term.required ? required : optional).push(...resolved)
  }
  if (required.length + optional.length === 0) return null
  const { expression, ranked } = combine(required, optional, statistics)
  const excluded = terms.filter((term) => term.excluded).map(exactly)
  return {
    ranked,
    expression: excluded.length === 0 ? expression : `(${expression}) NOT (${excluded.join(' OR ')})`,
  }
}

function combine(
  required: readonly ResolvedTerm[],
  optional: readonly ResolvedTerm[],
  { rows }: TermStatistics,
): MatchExpression {
  const everywhere = Math.max(leastEverywhere, rows / 5)
  const byRows = optional.toSorted((a, b) => a.rows - b.rows)
  const rare = byRows.filter((term) => term.rows <= everywhere)
  if (required.length > 0) return scored(required, ' AND ', rare)
  const [rarest] = byRows
  if (rarest && rare.length === 0 && rarest.rows > mostUnranked)
    return { expression: rarest.expression, ranked: false }
  const telling = rare.length > 0 ? rare : byRows
  let sum = 0
  const deciding = telling.filter((term, index) => (sum += term.rows) <= mostRows || index === 0)
  return scored(deciding, ' OR ', telling.slice(deciding.length))
}

/** Each term stands there twice where any does, so that all weigh alike: bm25 is the sum over what stands there. */
function scored(
  deciding: readonly ResolvedTerm[],
  operator: ' AND ' | ' OR ',
  others: readonly ResolvedTerm[],
): MatchExpression {
  const decision = anyOf(deciding, operator)
  if (others.length === 0) return { expression: decision, ranked: true }
  const all = anyOf([...deciding, ...others, ...others], ' OR ')
  return { expression: `(${decision}) AND (${all})`, ranked: true }
}

function anyOf(terms: readonly ResolvedTerm[], operator: string): string {
  return terms.map(({ expression }) => expression).join(operator)
}

/** Empty: nothing has it, nor anything like it. */
function resolve(term: QueryTerm, statistics: TermStatistics): ResolvedTerm[] {
  const [word = ''] = term.words
  if (term.match === 'stem') {
    const form = stem(word)
    const rows = statistics.rowsWith(form)
    if (rows > 0) return [{ expression: quoted([form]), rows }]
  } else {
    const found = counted(exactly(term), statistics)
    if (found.length > 0) return found
  }
  if (isBeginning(term)) {
    const begun = counted(exactly({ ...term, match: 'prefix' }), statistics)
    if (begun.length > 0) return begun
  }
  return term.instead.flatMap((part) =>
    resolve({ ...term, words: [part], match: 'stem', begun: false, instead: [] }, statistics),
  )
}

function counted(expression: string, statistics: TermStatistics): ResolvedTerm[] {
  const rows = statistics.rowsMatching(expression, mostRows + 1)
  return rows > 0 ? [{ expression, rows }] : []
}

/** Not among the stems, where other words stand beside each other. */
function exactly({ words, match }: QueryTerm): string {
  return `{words source} : ${quoted(words)}${match === 'prefix' ? ' *' : ''}`
}

function quoted(words: readonly string[]): string {
  return `"${words.join(' ').replaceAll('"', '""')}"`
}
