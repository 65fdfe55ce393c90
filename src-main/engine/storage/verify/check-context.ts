/** What every check is given: the facts, the list to add to, and what of the folder is known as a whole. */
import type { ProblemCode } from '#contract'
import { originalKey } from '../llamaindex/python-json.ts'
import type { SectionRole } from '../llamaindex/store-files.ts'
import type { Facts } from './facts.ts'
import type { NewProblem, ProblemList } from './problem-list.ts'

export interface CheckContext {
  readonly facts: Facts
  readonly problems: ProblemList
  /** Read to the end: what is not in them is nowhere. A damaged file would make everything that it lost a problem of its own. */
  readonly hasDocstore: boolean
  readonly hasIndexStore: boolean
  readonly hasVectors: boolean
  /** Whether the vectors are in these files, as far as the folder says. */
  readonly isSimpleStore: boolean
}

/** A key as it stands in the file. */
export function shown(key: unknown): string {
  return originalKey(String(key))
}

export interface Place {
  readonly section: unknown
  readonly key: unknown
}

export interface PlacedProblem extends Pick<NewProblem, 'message' | 'severity' | 'repairable'> {
  readonly code: ProblemCode
}

/** Adds a problem with the place of the entry that it is about. */
export function addAt(
  { facts, problems }: CheckContext,
  { section, key }: Place,
  problem: PlacedProblem,
): void {
  const at = typeof section === 'number' ? facts.section(section) : undefined
  problems.add({
    ...problem,
    file: at?.file,
    section: at?.name,
    key: shown(key),
    offset: at && facts.offsetOf(at.id, String(key)),
  })
}

/** The section that entries of this role are in, for places that are nowhere yet. */
export function sectionId({ facts }: CheckContext, role: SectionRole): number | undefined {
  return facts.ofRole(role)[0]?.id
}
