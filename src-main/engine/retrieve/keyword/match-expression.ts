/**
 * What FTS5 is asked for the terms of a query. How many rows may be scored is bounded: the rarest terms say which nodes are
 * looked at, and words that are everywhere only add to the score of those. Where the terms have fewer rows together, which
 * is so in every small index, nothing is left out.
 */
import { isBeginning, type QueryTerm } from './query-terms.ts'
import { stem } from './stem.ts'

/** Some 20 ms. */
const mostRows = 20_000

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
  const byRows = optional.toSorted((a, b) => a.rows - b.rows)
  const [rarest] = byRows
  if (required.length === 0 && rarest && rarest.rows > mostRows && rarest.rows > rows / 2)
    return { expression: rarest.expression, ranked: false }
  let sum = 0
  const deciding =
    required.length > 0
      ? [...required]
      : byRows.filter((term, index) => (sum += term.rows) <= mostRows || index === 0)
  const others = optional.filter((term) => !deciding.includes(term))
  const decision = anyOf(deciding, required.length > 0 ? ' AND ' : ' OR ')
  if (others.length === 0) return { expression: decision, ranked: true }
  // Each term stands there twice, so that all weigh alike: bm25 is the sum over what stands there.
  return {
    expression: `(${decision}) AND (${anyOf([...deciding, ...others, ...others], ' OR ')})`,
    ranked: true,
  }
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
    resolve({ ...term, words: [part], match: 'stem', instead: [] }, statistics),
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
