/** What the tortured process is going to do, and what the folder must hold after each step of it: worked out beforehand. */
import type { DocumentWithVectors } from '#engine/storage/storage-folder.ts'
import { buildNodes } from '../integration/storage-documents.ts'

export const dimensions = 384

export type Operation =
  | { readonly kind: 'open' }
  | { readonly kind: 'create' }
  | {
      readonly kind: 'change'
      readonly insert: readonly PlannedDocument[]
      readonly remove: readonly string[]
    }
  | { readonly kind: 'persist' }
  | { readonly kind: 'resolve'; readonly keep: 'files' | 'stackroom' }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'close' }

export interface PlannedDocument {
  readonly id: string
  readonly texts: readonly string[]
}

/** Documents by id. Null: there is no index. */
export type State = ReadonlyMap<string, PlannedDocument> | null

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

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A plan of `count` random operations on a folder in the state of `start`. */
export function randomPlan(start: Start, count: number, random: () => number): Plan {
  const builder = new PlanBuilder(start)
  builder.add({ kind: start.state === null ? 'create' : 'open' })
  while (builder.length < count) builder.add(randomOperation(builder.state, random))
  builder.add({ kind: 'close' })
  return builder.plan
}

/** Each kind of operation, in the order in which a user would do them. */
export function fullPlan(start: Start): Plan {
  const builder = new PlanBuilder(start)
  builder.add({ kind: start.state === null ? 'create' : 'open' })
  const first = { id: '/notes/first.txt', texts: ['the first of two', 'the second of two'] }
  builder.add({ kind: 'change', insert: [first], remove: [] })
  builder.add({ kind: 'persist' })
  builder.add({ kind: 'change', insert: [{ id: first.id, texts: ['changed'] }], remove: [first.id] })
  builder.add({ kind: 'change', insert: [{ id: '/notes/ü 😀.txt', texts: ['other'] }], remove: [] })
  builder.add({ kind: 'persist' })
  builder.add({ kind: 'change', insert: [], remove: [first.id] })
  builder.add({ kind: 'reopen' })
  builder.add({ kind: 'persist' })
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

  get state(): NonNullable<State> {
    return this.#states.at(-1) ?? new Map<string, PlannedDocument>()
  }

  get plan(): Plan {
    return { operations: this.#operations, states: this.#states, persisted: this.#persisted }
  }

  add(operation: Operation): void {
    this.#operations.push(operation)
    const state = new Map(this.state)
    if (operation.kind === 'change') {
      for (const id of operation.remove) state.delete(id)
      for (const document of operation.insert) state.set(document.id, document)
    }
    this.#states.push(state)
    this.#persisted.push(operation.kind === 'persist' ? state : (this.#persisted.at(-1) ?? null))
  }
}

function randomOperation(state: NonNullable<State>, random: () => number): Operation {
  const ids = [...state.keys()]
  const some = (count: number): string[] =>
    ids.length === 0
      ? []
      : [...new Set(Array.from({ length: count }, () => ids[Math.floor(random() * ids.length)]!))]
  const choice = random()
  if (choice < 0.35) return { kind: 'persist' }
  if (choice < 0.4) return { kind: 'reopen' }
  if (choice < 0.55 && ids.length > 2) return { kind: 'change', insert: [], remove: some(2) }
  const replaced = choice < 0.75 ? some(2) : []
  const added =
    ids.length < 40 ? Array.from({ length: 1 + Math.floor(random() * 3) }, () => newId(random)) : []
  const insert = [...replaced, ...added].map((id) => ({ id, texts: newTexts(random) }))
  return { kind: 'change', insert, remove: replaced }
}

function newId(random: () => number): string {
  return `/documents/${Math.floor(random() * 1e9).toString(36)} “é”.txt`
}

function newTexts(random: () => number): string[] {
  const count = 1 + Math.floor(random() * 4)
  return Array.from({ length: count }, () => `text ${Math.floor(random() * 1e12).toString(36)}\n"\\ ☃`)
}

/** Of documents that were made, by their id and texts: making one takes a moment. */
const made = new Map<string, DocumentWithVectors>()

export function documentOf({ id, texts }: PlannedDocument): DocumentWithVectors {
  const key = JSON.stringify([id, texts])
  const document = made.get(key) ?? buildNodes(id, texts, dimensions)
  made.set(key, document)
  return document
}
