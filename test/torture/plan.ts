/** What the tortured process is going to do, and what the folder must hold after each step of it: worked out beforehand. */
import { createHash } from 'node:crypto'
import { stackroomSettingsSchema, type StackroomSettings } from '#engine/storage/stackroom-settings.ts'
import type { DocumentWithVectors } from '#engine/storage/storage-folder.ts'
import { buildNodes } from '../integration/storage-documents.ts'
import { settings } from '../integration/storage-settings.ts'
import { randomFrom } from '../random-from.ts'

export type Operation =
  | { readonly kind: 'open' }
  | { readonly kind: 'create' }
  | {
      readonly kind: 'change'
      readonly insert: readonly PlannedDocument[]
      readonly remove: readonly string[]
    }
  | { readonly kind: 'persist' }
  | { readonly kind: 'replace-vectors'; readonly generation: number }
  | { readonly kind: 'restore-vectors' | 'discard-old-vectors' }
  | { readonly kind: 'resolve'; readonly keep: 'files' | 'stackroom' }
  | { readonly kind: 'repair' }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'close' }

export interface PlannedDocument {
  readonly id: string
  readonly texts: readonly string[]
  /** Of the model that it was embedded with when it was inserted. */
  readonly generation: number
}

export interface Index {
  /** By id. */
  readonly documents: ReadonlyMap<string, PlannedDocument>
  /** Of the model of now: each replacement of the vectors makes another one. */
  readonly generation: number
  /** Of the model whose vectors are kept; null: none are. */
  readonly old: number | null
}

/** Null: there is no index. */
export type State = Index | null

export const emptyIndex: Index = { documents: new Map(), generation: 0, old: null }

export interface Plan {
  readonly operations: readonly Operation[]
  /** What the working store holds before the first and after each operation. */
  readonly states: readonly State[]
  /** What the JSON files hold; null: there are none. */
  readonly persisted: readonly State[]
}

export interface Start {
  readonly state: State
  readonly persisted: State
}

/** A plan of `count` random operations on a folder in the state of `start`. */
export function randomPlan(start: Start, count: number, random: () => number): Plan {
  const builder = new PlanBuilder(start)
  builder.add({ kind: start.state === null ? 'create' : 'open' })
  while (builder.length < count) builder.add(randomOperation(builder.state, random))
  builder.add({ kind: 'close' })
  return builder.plan
}

export type MakePlan = (start: Start) => Plan

const first = { id: '/notes/first.txt', texts: ['the first of two', 'the second of two'], generation: 0 }

/** Each kind of operation, in the order in which a user would do them. */
export function fullPlan(start: Start): Plan {
  const builder = new PlanBuilder(start)
  builder.add({ kind: start.state === null ? 'create' : 'open' })
  builder.add({ kind: 'change', insert: [first], remove: [] })
  builder.add({ kind: 'persist' })
  builder.add({ kind: 'change', insert: [{ ...first, texts: ['changed'] }], remove: [first.id] })
  const other = { id: '/notes/ü 😀.txt', texts: ['other'], generation: 0 }
  builder.add({ kind: 'change', insert: [other], remove: [] })
  builder.add({ kind: 'persist' })
  builder.add({ kind: 'change', insert: [], remove: [first.id] })
  builder.add({ kind: 'reopen' })
  builder.add({ kind: 'persist' })
  builder.add({ kind: 'close' })
  return builder.plan
}

/** Vectors that another model's take the place of, with a change that the files lack; put back, and thrown away. */
export function replacementPlan(start: Start): Plan {
  const builder = new PlanBuilder(start)
  builder.add({ kind: start.state === null ? 'create' : 'open' })
  builder.add({ kind: 'change', insert: [first], remove: [] })
  builder.add({ kind: 'replace-vectors', generation: 1 })
  builder.add({ kind: 'persist' })
  builder.add({ kind: 'restore-vectors' })
  builder.add({ kind: 'replace-vectors', generation: 1 })
  builder.add({ kind: 'discard-old-vectors' })
  builder.add({ kind: 'close' })
  return builder.plan
}

class PlanBuilder {
  readonly #operations: Operation[] = []
  readonly #states: State[]
  readonly #persisted: State[]

  constructor({ state, persisted }: Start) {
    this.#states = [state]
    this.#persisted = [persisted]
  }

  get length(): number {
    return this.#operations.length
  }

  get state(): Index {
    return this.#states.at(-1) ?? emptyIndex
  }

  get plan(): Plan {
    return { operations: this.#operations, states: this.#states, persisted: this.#persisted }
  }

  add(operation: Operation): void {
    const before = this.state
    this.#operations.push(operation)
    this.#states.push(stateAfter(before, operation))
    // Old vectors are kept as LlamaIndex's own file, which is brought up to date for it.
    const isPersisted = ['persist', 'replace-vectors', 'restore-vectors'].includes(operation.kind)
    this.#persisted.push(isPersisted ? before : (this.#persisted.at(-1) ?? null))
  }
}

function stateAfter(before: Index, operation: Operation): Index {
  if (operation.kind === 'replace-vectors')
    return { ...before, generation: operation.generation, old: before.old ?? before.generation }
  if (operation.kind === 'restore-vectors')
    return { ...before, generation: before.old ?? before.generation, old: null }
  if (operation.kind === 'discard-old-vectors') return { ...before, old: null }
  if (operation.kind !== 'change') return before
  const documents = new Map(before.documents)
  for (const id of operation.remove) documents.delete(id)
  for (const document of operation.insert) documents.set(document.id, document)
  return { ...before, documents }
}

function randomOperation({ documents, generation, old }: Index, random: () => number): Operation {
  const ids = [...documents.keys()]
  const some = (count: number): string[] =>
    ids.length === 0
      ? []
      : [...new Set(Array.from({ length: count }, () => ids[Math.floor(random() * ids.length)]!))]
  const choice = random()
  if (choice < 0.3) return { kind: 'persist' }
  if (choice < 0.35) return { kind: 'reopen' }
  if (choice < 0.45 && ids.length > 0) return { kind: 'replace-vectors', generation: generation + 1 }
  if (choice < 0.5 && old !== null) {
    const canRestore = [...documents.values()].every((document) => document.generation <= old)
    return { kind: canRestore ? 'restore-vectors' : 'discard-old-vectors' }
  }
  if (choice < 0.6 && ids.length > 2) return { kind: 'change', insert: [], remove: some(2) }
  const replaced = choice < 0.8 ? some(2) : []
  const added =
    ids.length < 40 ? Array.from({ length: 1 + Math.floor(random() * 3) }, () => newId(random)) : []
  const insert = [...replaced, ...added].map((id) => ({ id, texts: newTexts(random), generation }))
  return { kind: 'change', insert, remove: replaced }
}

function newId(random: () => number): string {
  return `/documents/${Math.floor(random() * 1e9).toString(36)} “é”.txt`
}

function newTexts(random: () => number): string[] {
  const count = 1 + Math.floor(random() * 4)
  return Array.from({ length: count }, () => `text ${Math.floor(random() * 1e12).toString(36)}\n"\\ ☃`)
}

/** Vectors of two models that follow each other must never be mixed. */
export function dimensionsOf(generation: number): number {
  return generation % 2 === 0 ? 384 : 256
}

/** What the model of a replacement makes of a node. */
export function newVectorOf(nodeId: string, generation: number): Float32Array {
  const random = randomFrom(createHash('sha256').update(`${generation} ${nodeId}`).digest().readUInt32LE(0))
  return Float32Array.from({ length: dimensionsOf(generation) }, () => random() - 0.5)
}

/** stackroom.json says which model the vectors are of. */
export function settingsOf(generation: number): StackroomSettings {
  if (generation === 0) return settings
  const identity = {
    id: 'test:model',
    dimensions: dimensionsOf(generation),
    pooling: 'mean',
    normalized: false,
    queryPrefix: '',
    documentPrefix: '',
    longText: 'cut',
    lineBreaks: 'kept',
    metadataMode: 'embed',
    revision: String(generation),
  }
  return stackroomSettingsSchema.parse({ ...settings, embedModel: identity })
}

/** Of documents that were made, by their id and texts: making one takes a moment. */
const made = new Map<string, DocumentWithVectors>()

export function documentOf({ id, texts, generation }: PlannedDocument): DocumentWithVectors {
  const dimensions = dimensionsOf(generation)
  const key = JSON.stringify([id, texts, dimensions])
  const document = made.get(key) ?? buildNodes(id, texts, dimensions)
  made.set(key, document)
  return document
}

/** The vectors that a document's nodes have in this state. */
export function vectorsIn({ generation }: Index, planned: PlannedDocument): readonly Float32Array[] {
  const { nodes, vectors } = documentOf(planned)
  if (planned.generation === generation) return vectors
  return nodes.map(({ node }) => newVectorOf(node.id_, generation))
}
