/** A map of bounded size that forgets what was used least recently. */
export class LruMap<Key, Value> {
  readonly #entries = new Map<Key, Value>()
  readonly #maximum: number

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#maximum) this.#entries.delete(this.#entries.keys().next().value!)
  }
}
