/** What a repair did, counted, as sentences for whoever reads the report. */
import type { FolderRepair, ProblemCode } from '#contract'

type Sentence = (count: number) => string

const one = (count: number, single: string, several: string): string =>
  `${count} ${count === 1 ? single : several}`

const sentences = {
  'vector-without-node': (count) => `Removed ${one(count, 'vector', 'vectors')} without a node.`,
  'mixed-dimensions': (count) =>
    `Removed ${one(count, 'vector', 'vectors')} of another length than the rest.`,
  'not-finite-vector': (count) => `Removed ${one(count, 'vector', 'vectors')} with NaN or Infinity.`,
  'zero-vector': (count) => `Removed ${one(count, 'vector', 'vectors')} of zeros.`,
  'unreadable-entry': (count) => `Removed ${one(count, 'entry', 'entries')} that could not be read.`,
  'duplicate-key': (count) =>
    `Kept the last of ${one(count, 'key', 'keys')} that stood twice, as Python reads them.`,
  'relationship-target-missing': (count) =>
    `Removed ${one(count, 'relationship', 'relationships')} to nodes that are not there.`,
  'ref-doc-info-missing': (count) => `Made ref_doc_info anew for ${one(count, 'document', 'documents')}.`,
  'ref-doc-info-lacks-node': (count) => `Corrected ref_doc_info of ${one(count, 'document', 'documents')}.`,
  'ref-doc-info-names-missing-node': (count) =>
    `Removed ${one(count, 'document', 'documents')} of which no node is left from ref_doc_info, with the hash, so that a refresh inserts them again.`,
  'ref-doc-id-disagrees': (count) => `Corrected the document of ${one(count, 'entry', 'entries')}.`,
  'doc-hash-missing': (count) => `Computed the hash of ${one(count, 'node', 'nodes')}.`,
  'doc-hash-without-node': (count) => `Removed ${one(count, 'hash', 'hashes')} of nodes that are gone.`,
  'no-index': (count) => `Made an index that names ${one(count, 'vector', 'vectors')}.`,
  'index-lacks-vector': (count) => `Named ${one(count, 'vector', 'vectors')} in the index.`,
  'index-names-missing-node': (count) =>
    `Took ${one(count, 'node', 'nodes')} that are gone out of the indexes.`,
  'vector-details-missing': (count) => `Completed ${one(count, 'entry', 'entries')} beside the vectors.`,
  'vector-details-without-vector': (count) =>
    `Removed ${one(count, 'entry', 'entries')} of vectors that are gone.`,
  'leftover-file': (count) => `Removed ${one(count, 'leftover file', 'leftover files')}.`,
  'unfinished-persist': () => 'Finished a persist that was broken off.',
  'working-store-damaged': () => 'Set the damaged working store aside; it was made anew from the JSON files.',
  'working-store-disagrees': () => 'Brought the working store in line with the JSON files.',
} as const satisfies Partial<Record<ProblemCode, Sentence>>

type CountedCode = keyof typeof sentences

export class RepairActions {
  readonly #counts = new Map<CountedCode, number>()
  readonly #told: FolderRepair['actions'] = []

  count(code: CountedCode, times = 1): void {
    if (times > 0) this.#counts.set(code, (this.#counts.get(code) ?? 0) + times)
  }

  tell(code: ProblemCode, count: number, message: string): void {
    this.#told.push({ code, count, message })
  }

  get list(): FolderRepair['actions'] {
    const counted = [...this.#counts].map(([code, count]) => ({
      code,
      count,
      message: sentences[code](count),
    }))
    return [...this.#told, ...counted]
  }
}
