/**
 * Reads the pickles that Chroma writes beside its HNSW files: dicts of texts and whole numbers, as Python's pickle (protocols 2
 * to 5) and Rust's serde_pickle print them. Nothing is ever called: a class is only a name here, its object only its state.
 */

export type PickleValue =
  null | boolean | number | string | Uint8Array | PickleDict | PickleTuple | PickleClass | PickleObject

export class PickleDict extends Map<PickleValue, PickleValue> {}

export class PickleTuple {
  readonly items: readonly PickleValue[]

  constructor(items: readonly PickleValue[]) {
    this.items = items
  }
}

export class PickleClass {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

export class PickleObject {
  readonly className: string
  state: PickleValue = null

  constructor(className: string) {
    this.className = className
  }
}

export interface ReadPickle {
  /** Null where the pickle is damaged. */
  readonly value: PickleValue
  /** Every dict, in the order in which they begin; of a damaged pickle with what came before the damage. */
  readonly dicts: readonly PickleDict[]
  /** Why it could not be read to its end, and where. */
  readonly damage: { readonly reason: string; readonly offset: number } | null
}

export function readPickle(bytes: Uint8Array): ReadPickle {
  const reader = new PickleReader(bytes)
  try {
    return { value: reader.read(), dicts: reader.dicts, damage: null }
  } catch (error) {
    if (!(error instanceof PickleDamage)) throw error
    reader.closeOpenDicts()
    return { value: null, dicts: reader.dicts, damage: { reason: error.message, offset: reader.offset } }
  }
}

class PickleDamage extends Error {}

const mark = Symbol('mark')
type StackItem = PickleValue | typeof mark

class PickleReader {
  readonly dicts: PickleDict[] = []
  offset = 0
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #stack: StackItem[] = []
  readonly #memo = new Map<number, PickleValue>()
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  read(): PickleValue {
    for (;;) {
      const start = this.offset
      const code = this.#byte()
      if (code === 0x2e) return this.#pop()
      const step = steps.get(code)
      if (step === undefined) {
        this.offset = start
        throw new PickleDamage(`the byte ${code} is no step of a pickle that Chroma writes`)
      }
      step(this)
    }
  }

  /** What a cut-off pickle had begun: pairs that are whole go to their dicts, from the innermost outwards. */
  closeOpenDicts(): void {
    while (this.#stack.includes(mark)) {
      const items = this.#stack.splice(this.#stack.lastIndexOf(mark)).slice(1)
      const dict = this.#stack.at(-1)
      if (!(dict instanceof PickleDict)) continue
      for (let index = 0; index + 1 < items.length; index += 2) {
        const key = items[index]
        const value = items[index + 1]
        if (key === undefined || value === undefined || key === mark || value === mark) break
        dict.set(key, value)
      }
    }
  }

  push(item: StackItem): void {
    this.#stack.push(item)
  }

  pushDict(): void {
    const dict = new PickleDict()
    this.dicts.push(dict)
    this.push(dict)
  }

  pushTuple(count: number): void {
    const items = Array.from({ length: count }, () => this.#pop())
    this.push(new PickleTuple(items.reverse()))
  }

  pushTupleFromMark(): void {
    this.push(new PickleTuple(this.#popToMark()))
  }

  setItems(): void {
    const items = this.#popToMark()
    if (items.length % 2 !== 0) throw new PickleDamage('a key has no value')
    const dict = this.#dict()
    for (let index = 0; index < items.length; index += 2)
      dict.set(items[index] ?? null, items[index + 1] ?? null)
  }

  setItem(): void {
    const value = this.#pop()
    const key = this.#pop()
    this.#dict().set(key, value)
  }

  nameClass(): void {
    const name = this.#pop()
    const module = this.#pop()
    if (typeof name !== 'string' || typeof module !== 'string') throw new PickleDamage('a class has no name')
    this.push(new PickleClass(`${module}.${name}`))
  }

  makeObject(): void {
    this.#pop()
    const named = this.#pop()
    if (!(named instanceof PickleClass)) throw new PickleDamage('an object has no class')
    this.push(new PickleObject(named.name))
  }

  build(): void {
    const state = this.#pop()
    const object = this.#top()
    if (!(object instanceof PickleObject)) throw new PickleDamage('a state belongs to no object')
    object.state = state
  }

  remember(place: number): void {
    this.#memo.set(place, this.#top())
  }

  memoize(): void {
    this.remember(this.#memo.size)
  }

  recall(place: number): void {
    const value = this.#memo.get(place)
    if (value === undefined) throw new PickleDamage('it refers to what was never there')
    this.push(value)
  }

  uint(size: 1 | 2 | 4): number {
    const at = this.#skip(size)
    if (size === 1) return this.#view.getUint8(at)
    return size === 2 ? this.#view.getUint16(at, true) : this.#view.getUint32(at, true)
  }

  int32(): number {
    return this.#view.getInt32(this.#skip(4), true)
  }

  length64(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true))
  }

  float(): number {
    return this.#view.getFloat64(this.#skip(8), false)
  }

  /** Two's complement, least significant byte first. */
  long(size: number): number {
    const at = this.#skip(size)
    let value = 0n
    for (let index = size - 1; index >= 0; index--)
      value = (value << 8n) | BigInt(this.#view.getUint8(at + index))
    return Number(BigInt.asIntN(size * 8, value))
  }

  text(length: number): string {
    const at = this.#skip(length)
    try {
      return this.#decoder.decode(this.#bytes.subarray(at, at + length))
    } catch {
      this.offset = at
      throw new PickleDamage('a text is not UTF-8')
    }
  }

  bytes(length: number): Uint8Array {
    const at = this.#skip(length)
    return this.#bytes.slice(at, at + length)
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.offset)
    if (end < 0) throw new PickleDamage('it is cut off')
    const text = this.text(end - this.offset)
    this.offset++
    return text
  }

  #byte(): number {
    return this.uint(1)
  }

  #skip(size: number): number {
    const at = this.offset
    if (at + size > this.#bytes.length) throw new PickleDamage('it is cut off')
    this.offset += size
    return at
  }

  #top(): PickleValue {
    const item = this.#stack.at(-1)
    if (item === undefined || item === mark) throw new PickleDamage('a step has nothing to work on')
    return item
  }

  #pop(): PickleValue {
    const item = this.#top()
    this.#stack.pop()
    return item
  }

  #popToMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(mark)
    if (at < 0) throw new PickleDamage('a step has nothing to work on')
    return this.#stack.splice(at).filter((item) => item !== mark)
  }

  #dict(): PickleDict {
    const dict = this.#top()
    if (!(dict instanceof PickleDict)) throw new PickleDamage('an item belongs to no dict')
    return dict
  }
}

/** By the step's byte; the names are those of Python's pickletools. */
const steps: ReadonlyMap<number, (reader: PickleReader) => void> = new Map([
  /* PROTO */ [0x80, (reader) => void reader.uint(1)],
  /* FRAME */ [0x95, (reader) => void reader.length64()],
  /* MARK */ [0x28, (reader) => reader.push(mark)],
  /* NONE */ [0x4e, (reader) => reader.push(null)],
  /* NEWTRUE */ [0x88, (reader) => reader.push(true)],
  /* NEWFALSE */ [0x89, (reader) => reader.push(false)],
  /* BININT1 */ [0x4b, (reader) => reader.push(reader.uint(1))],
  /* BININT2 */ [0x4d, (reader) => reader.push(reader.uint(2))],
  /* BININT */ [0x4a, (reader) => reader.push(reader.int32())],
  /* LONG1 */ [0x8a, (reader) => reader.push(reader.long(reader.uint(1)))],
  /* BINFLOAT */ [0x47, (reader) => reader.push(reader.float())],
  /* SHORT_BINUNICODE */ [0x8c, (reader) => reader.push(reader.text(reader.uint(1)))],
  /* BINUNICODE */ [0x58, (reader) => reader.push(reader.text(reader.uint(4)))],
  /* BINUNICODE8 */ [0x8d, (reader) => reader.push(reader.text(reader.length64()))],
  /* SHORT_BINBYTES */ [0x43, (reader) => reader.push(reader.bytes(reader.uint(1)))],
  /* BINBYTES */ [0x42, (reader) => reader.push(reader.bytes(reader.uint(4)))],
  /* EMPTY_DICT */ [0x7d, (reader) => reader.pushDict()],
  /* SETITEM */ [0x73, (reader) => reader.setItem()],
  /* SETITEMS */ [0x75, (reader) => reader.setItems()],
  /* EMPTY_TUPLE */ [0x29, (reader) => reader.pushTuple(0)],
  /* TUPLE1 */ [0x85, (reader) => reader.pushTuple(1)],
  /* TUPLE2 */ [0x86, (reader) => reader.pushTuple(2)],
  /* TUPLE3 */ [0x87, (reader) => reader.pushTuple(3)],
  /* TUPLE */ [0x74, (reader) => reader.pushTupleFromMark()],
  /* GLOBAL */ [0x63, (reader) => reader.push(new PickleClass(`${reader.line()}.${reader.line()}`))],
  /* STACK_GLOBAL */ [0x93, (reader) => reader.nameClass()],
  /* NEWOBJ */ [0x81, (reader) => reader.makeObject()],
  /* BUILD */ [0x62, (reader) => reader.build()],
  /* MEMOIZE */ [0x94, (reader) => reader.memoize()],
  /* BINPUT */ [0x71, (reader) => reader.remember(reader.uint(1))],
  /* LONG_BINPUT */ [0x72, (reader) => reader.remember(reader.uint(4))],
  /* BINGET */ [0x68, (reader) => reader.recall(reader.uint(1))],
  /* LONG_BINGET */ [0x6a, (reader) => reader.recall(reader.uint(4))],
])
