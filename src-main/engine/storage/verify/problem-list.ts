/** The problems found so far: all are counted, of each kind the first few thousand are kept. */
import type { FolderProblem, ProblemCode, ProblemSeverity } from '#contract'

const keptOfEachCode = 5000

const severityOf: Readonly<Record<ProblemCode, ProblemSeverity>> = {
  'missing-file': 'error',
  'damaged-file': 'error',
  'unsupported-file': 'error',
  'unreadable-entry': 'error',
  'duplicate-key': 'error',
  'leftover-file': 'warning',
  'unfinished-persist': 'warning',
  'node-without-vector': 'error',
  'node-not-indexed': 'warning',
  'vector-without-node': 'error',
  'mixed-dimensions': 'error',
  'not-finite-vector': 'error',
  'zero-vector': 'error',
  'duplicate-content': 'note',
  'relationship-target-missing': 'error',
  'relationship-not-mutual': 'error',
  'ref-doc-info-missing': 'error',
  'ref-doc-info-lacks-node': 'error',
  'ref-doc-info-names-missing-node': 'error',
  'ref-doc-info-names-node-twice': 'warning',
  'ref-doc-info-without-nodes': 'warning',
  'ref-doc-id-disagrees': 'error',
  'doc-hash-missing': 'error',
  'doc-hash-without-node': 'note',
  'hash-mismatch': 'error',
  'no-index': 'error',
  'index-lacks-vector': 'error',
  'index-names-missing-node': 'error',
  'vector-details-missing': 'error',
  'vector-details-without-vector': 'warning',
  'working-store-damaged': 'error',
  'working-store-disagrees': 'error',
  'working-store-unchecked': 'note',
  'not-persisted': 'note',
  'changed-by-another-program': 'note',
  'both-sides-changed': 'error',
  'wrong-model': 'error',
  'damaged-database': 'error',
  'damaged-database-index': 'error',
  'unsupported-version': 'error',
  'damaged-segment': 'error',
  'missing-segment': 'error',
  'record-without-vector': 'error',
  'vector-without-record': 'error',
}

export interface NewProblem {
  readonly code: ProblemCode
  readonly message: string
  readonly file?: string | undefined
  readonly section?: string | undefined
  readonly key?: string | undefined
  readonly offset?: number | undefined
  /** Where it is not the usual one of its code. */
  readonly severity?: ProblemSeverity
  readonly repairable: boolean
}

export class ProblemList {
  readonly #kept: FolderProblem[] = []
  readonly #counts = new Map<ProblemCode, number>()
  readonly #severities = { error: 0, warning: 0, note: 0 }

  add({ code, message, file, section, key, offset, severity, repairable }: NewProblem): void {
    const count = (this.#counts.get(code) ?? 0) + 1
    const weight = severity ?? severityOf[code]
    this.#counts.set(code, count)
    this.#severities[weight]++
    if (count > keptOfEachCode) return
    this.#kept.push({
      severity: weight,
      code,
      message,
      file: file ?? null,
      section: section ?? null,
      key: key ?? null,
      offset: offset ?? null,
      repairable,
    })
  }

  count(severity: ProblemSeverity): number {
    return this.#severities[severity]
  }

  has(code: ProblemCode): boolean {
    return this.#counts.has(code)
  }

  get counts(): Partial<Record<ProblemCode, number>> {
    return Object.fromEntries(this.#counts)
  }

  /** Errors first, else in the order in which they were found. */
  get list(): FolderProblem[] {
    const order: readonly ProblemSeverity[] = ['error', 'warning', 'note']
    return order.flatMap((severity) => this.#kept.filter((problem) => problem.severity === severity))
  }

  get isTruncated(): boolean {
    return [...this.#counts.values()].some((count) => count > keptOfEachCode)
  }
}
