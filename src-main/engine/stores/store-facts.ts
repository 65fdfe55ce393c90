/** What is counted in a vector store, remembered for a moment: a search asks for it more than once. */
import type { OpenedStore } from './store-kinds.ts'

/** Another program may add to it at any time. */
const goodForMs = 1000
/** Counting documents reads all records. */
const documentsGoodForMs = 10_000

interface Counted {
  readonly records: number
  readonly dimensions: number | null
}

export class StoreFacts {
  readonly #opened: OpenedStore
  #counted: { readonly at: number; readonly value: Promise<Counted> } | null = null
  #documents: {
    readonly at: number
    readonly records: number
    readonly value: Promise<number | null>
  } | null = null

  constructor(opened: OpenedStore) {
    this.#opened = opened
  }

  read(): Promise<Counted> {
    if (this.#counted && performance.now() - this.#counted.at < goodForMs) return this.#counted.value
    const value = this.#count()
    const counted = { at: performance.now(), value }
    this.#counted = counted
    value.catch(() => {
      if (this.#counted === counted) this.#counted = null
    })
    return value
  }

  /** Null: the store cannot say. */
  documents(records: number): Promise<number | null> {
    const known = this.#documents
    if (known && (known.records === records || performance.now() - known.at < documentsGoodForMs))
      return known.value
    const documents = { at: performance.now(), records, value: this.#opened.countDocuments() }
    this.#documents = documents
    documents.value.then(
      (count) => {
        if (count === null && this.#documents === documents) this.#documents = null
      },
      () => {
        if (this.#documents === documents) this.#documents = null
      },
    )
    return documents.value
  }

  /** It was changed just now. */
  forget(): void {
    this.#counted = null
  }

  async #count(): Promise<Counted> {
    const { store } = this.#opened
    const [records, dimensions] = await Promise.all([store.count(), store.dimensions()])
    return { records, dimensions }
  }
}
