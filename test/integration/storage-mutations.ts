/** What a disk, an editor, another program or an attacker may do to a storage folder, drawn from a seed. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { randomFrom } from '../random-from.ts'
import { branchesOf, parseTree, printTree, type Tree } from './storage-json-tree.ts'

export class Random {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = randomFrom(seed)
  }

  /** From 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit)
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('There is nothing to pick from.')
    return item
  }

  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000
  }
}

/** Changes the folder; says what it did. */
export type Mutation = (folder: string, random: Random) => string

type ByteMutation = (bytes: Buffer, random: Random) => Buffer

const tokens: readonly Buffer[] = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '\\',
    '\\u',
    '\\ud800',
    '\\x',
    "'",
    '//',
    '/*',
    '-',
    '.',
    '+1',
    '00',
    '-0',
    '1e999',
  ],
  ...[
    'NaN',
    '-Infinity',
    'nul',
    'None',
    'undefined',
    '"__proto__": 1, ',
    '{"__proto__": {"polluted": 1}}',
    '\u0000',
    '\n',
    '\t',
  ],
  ...[
    '\u0001',
    '\u2028',
    '\ufeff',
    '9'.repeat(400),
    '9'.repeat(5000),
    '1.'.padEnd(5000, '3'),
    '['.repeat(50_000),
    '{"a":'.repeat(5000),
  ],
  ...['"\\u0000"', '"', '\\"', 'é', '😀'],
]
  .map((text) => Buffer.from(text))
  .concat([
    Buffer.of(0xff),
    Buffer.of(0xc0, 0x80),
    Buffer.of(0xed, 0xa0, 0x80),
    Buffer.of(0xf5, 0x80, 0x80, 0x80),
    Buffer.of(0xe2, 0x82),
  ])

function replaceAt(bytes: Buffer, start: number, length: number, middle: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, start), middle, bytes.subarray(start + length)])
}

function rangeIn(bytes: Buffer, random: Random): readonly [number, number] {
  const start = random.below(bytes.length + 1)
  return [start, random.below(Math.min(bytes.length - start, random.chance(0.5) ? 8 : 4000) + 1)]
}

const byteMutations: Readonly<Record<string, ByteMutation>> = {
  'cut off': (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  'cut off near its end': (bytes, random) =>
    bytes.subarray(0, Math.max(0, bytes.length - 1 - random.below(40))),
  'cut out': (bytes, random) => replaceAt(bytes, ...rangeIn(bytes, random), Buffer.alloc(0)),
  'bits flipped': (bytes, random) => {
    const changed = Buffer.from(bytes)
    for (let count = 1 + random.below(4); count > 0 && changed.length > 0; count--) {
      const at = random.below(changed.length)
      changed[at] = changed[at]! ^ (1 << random.below(8))
    }
    return changed
  },
  noise: (bytes, random) => {
    const changed = Buffer.from(bytes)
    const [start, length] = rangeIn(bytes, random)
    for (let at = start; at < start + length; at++) changed[at] = random.below(256)
    return changed
  },
  zeros: (bytes, random) => {
    const [start, length] = rangeIn(bytes, random)
    return Buffer.from(bytes).fill(0, start, start + length)
  },
  'a token inserted': (bytes, random) =>
    replaceAt(bytes, random.below(bytes.length + 1), 0, random.pick(tokens)),
  'a token in the place of bytes': (bytes, random) =>
    replaceAt(bytes, random.below(bytes.length + 1), 1 + random.below(3), random.pick(tokens)),
  'a part there twice': (bytes, random) => {
    const [start, length] = rangeIn(bytes, random)
    return replaceAt(bytes, start, 0, bytes.subarray(start, start + length))
  },
  'a part elsewhere': (bytes, random) => {
    const [start, length] = rangeIn(bytes, random)
    return replaceAt(bytes, random.below(bytes.length + 1), 0, bytes.subarray(start, start + length))
  },
  'more behind the end': (bytes, random) => Buffer.concat([bytes, random.pick(tokens)]),
  'itself again': (bytes) => Buffer.concat([bytes, bytes]),
  'a byte order mark': (bytes) => Buffer.concat([Buffer.from('\ufeff'), bytes]),
  'UTF-16': (bytes, random) =>
    Buffer.from((random.chance(0.5) ? '\ufeff' : '') + bytes.toString(), 'utf16le'),
  'UTF-16, the other way round': (bytes, random) =>
    Buffer.from((random.chance(0.5) ? '\ufeff' : '') + bytes.toString(), 'utf16le').swap16(),
  'UTF-32': (bytes) =>
    Buffer.from(Uint32Array.from(bytes.toString().slice(0, 500), (unit) => unit.codePointAt(0)!).buffer),
  'another content': (_, random) =>
    Buffer.from(
      random.pick([
        '',
        ' ',
        '\n'.repeat(10_000),
        'null',
        '[]',
        '{}',
        '"x"',
        '0',
        '{"a": {}}',
        '\u0000'.repeat(500),
        '['.repeat(100_000),
      ]),
    ),
  'other white space': (bytes, random) =>
    Buffer.from(bytes.toString().replaceAll('": ', random.pick(['":', '" : ', '"\n:\t\r\n ', '":\u00a0']))),
}

function text(value: string): Tree {
  return { kind: 'text', text: value }
}

function nested(depth: number): Tree {
  return text('['.repeat(depth) + ']'.repeat(depth))
}

const hostileValues: readonly (() => Tree)[] = [
  ...[
    'null',
    'true',
    '0',
    '-1',
    '1.5',
    '1e308',
    '1e400',
    '-1e-400',
    'NaN',
    '-Infinity',
    '9007199254740993',
    '1e-46',
  ],
  ...[
    '""',
    '"x"',
    '"\\ud800"',
    '"\\u0000"',
    '"__proto__"',
    '[]',
    '{}',
    '[null]',
    '["x"]',
    '[[1.0, 2.0]]',
    '[1e39]',
  ],
  ...[
    '{"__proto__": {"polluted": true}}',
    '{"constructor": {"prototype": {"polluted": true}}}',
    '{"a": 1, "a": 2}',
  ],
  ...[
    '{"node_id": 1}',
    '{"node_id": null}',
    '[1, "2"]',
    '"{}"',
    '"{"',
    '"[]"',
    '"null"',
    `"${'x'.repeat(100_000)}"`,
  ],
  ...[`[${'0.1, '.repeat(5000)}0.1]`, '9'.repeat(4301), `-0.${'1'.repeat(5000)}`],
]
  .map((value) => () => text(value))
  .concat([40, 400, 498, 600, 20_000].map((depth) => () => nested(depth)))

const hostileKeys: readonly string[] = [
  ...[
    '"__proto__"',
    '"constructor"',
    '"prototype"',
    '""',
    '"\\ud800"',
    '"\\u0000"',
    '"\\u0000\\"x\\""',
    '"toString"',
    '" "',
  ],
  ...[
    '"__data__"',
    '"__type__"',
    '"node_ids"',
    '"nodes_dict"',
    '"\\ud83d\\ude00"',
    '"é"',
    `"${'k'.repeat(70_000)}"`,
    '"..\\/..\\/x"',
    '"1"',
  ],
]

/** Changes one place of the tree; the tree itself is given back, or what stands in its place. */
function changeTree(tree: Tree, random: Random): string {
  const branch = random.pick(
    [...branchesOf(tree)].filter((each) => childCount(each) > 0).concat(tree.kind === 'text' ? [] : [tree]),
  )
  const count = childCount(branch)
  if (count === 0) {
    if (branch.kind === 'object')
      branch.members.push({ key: random.pick(hostileKeys), value: random.pick(hostileValues)() })
    else branch.items.push(random.pick(hostileValues)())
    return 'something in an empty value'
  }
  const at = random.below(count)
  const inner = innerTree(childAt(branch, at))
  if (inner && random.chance(0.7)) {
    const what = changeTree(inner, random)
    setChild(branch, at, text(JSON.stringify(printTree(inner))))
    return `inside a text: ${what}`
  }
  const changes: Readonly<Record<string, () => void>> = {
    'another value': () => setChild(branch, at, random.pick(hostileValues)()),
    'a value gone': () =>
      void (branch.kind === 'object' ? branch.members.splice(at, 1) : branch.items.splice(at, 1)),
    'a value of elsewhere': () => {
      const other = random.pick([...branchesOf(tree)].filter((each) => childCount(each) > 0))
      setChild(branch, at, structuredClone(childAt(other, random.below(childCount(other)))))
    },
    'a value wrapped': () => {
      const value = childAt(branch, at)
      setChild(
        branch,
        at,
        random.chance(0.5)
          ? { kind: 'list', items: [value] }
          : { kind: 'object', members: [{ key: '"x"', value }] },
      )
    },
    'two values swapped': () => {
      const other = random.below(count)
      const value = childAt(branch, at)
      setChild(branch, at, childAt(branch, other))
      setChild(branch, other, value)
    },
    'another key': () => {
      if (branch.kind === 'object')
        branch.members[at]!.key = random.pick([...hostileKeys, ...branch.members.map(({ key }) => key)])
      else branch.items.push(...structuredClone(branch.items.slice(at)))
    },
    'a key there twice': () => {
      if (branch.kind === 'list') branch.items.splice(at, 0, structuredClone(branch.items[at]!))
      else
        branch.members.splice(random.below(count + 1), 0, {
          key: branch.members[at]!.key,
          value: random.chance(0.5)
            ? random.pick(hostileValues)()
            : structuredClone(branch.members[random.below(count)]!.value),
        })
    },
    'one more member': () => {
      const value = random.pick(hostileValues)()
      if (branch.kind === 'list') branch.items.splice(at, 0, value)
      else branch.members.splice(at, 0, { key: random.pick(hostileKeys), value })
    },
    'another number': () =>
      setChild(branch, at, text(String(random.pick([0, 1, -1, 2 ** 31, 2 ** 53, 1e21, 0.1])))),
  }
  const what = random.pick(Object.keys(changes))
  changes[what]!()
  return what
}

function childCount(branch: Exclude<Tree, { kind: 'text' }>): number {
  return branch.kind === 'list' ? branch.items.length : branch.members.length
}

function childAt(branch: Exclude<Tree, { kind: 'text' }>, at: number): Tree {
  return branch.kind === 'list' ? branch.items[at]! : branch.members[at]!.value
}

function setChild(branch: Exclude<Tree, { kind: 'text' }>, at: number, value: Tree): void {
  if (branch.kind === 'list') branch.items[at] = value
  else branch.members[at]!.value = value
}

/** Index structs, and LlamaIndexTS' nodes, are JSON inside of a text. */
function innerTree(tree: Tree): Tree | null {
  if (tree.kind !== 'text' || !/^"\s*[{[]/.test(tree.text)) return null
  try {
    const inner = parseTree(String(JSON.parse(tree.text)))
    return inner.kind === 'text' ? null : inner
  } catch {
    return null
  }
}

export function jsonFilesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
    .map(({ name }) => name)
    .sort()
}

const changeBytes: Mutation = (folder, random) => {
  const name = random.pick(jsonFilesIn(folder))
  const what = random.pick(Object.keys(byteMutations))
  writeFileSync(join(folder, name), byteMutations[what]!(readFileSync(join(folder, name)), random))
  return `${name}: ${what}`
}

const changeStructure: Mutation = (folder, random) => {
  const name = random.pick(jsonFilesIn(folder))
  const path = join(folder, name)
  try {
    const tree = parseTree(readFileSync(path, 'utf8'))
    if (tree.kind === 'text') return changeBytes(folder, random)
    const what = Array.from({ length: random.pick([1, 1, 1, 2, 5]) }, () => changeTree(tree, random))
    writeFileSync(path, printTree(tree))
    return `${name}: ${what.join(', ')}`
  } catch (error) {
    // It is no JSON any more, or nested deeper than the stack goes.
    if (error instanceof SyntaxError || error instanceof RangeError) return changeBytes(folder, random)
    throw error
  }
}

const otherNames = [
  ...['vector_store.json', 'x__vector_store.json', '..__vector_store.json', 'doc_store.json'],
  ...['docstore.json', 'stackroom.json', 'property_graph_store.json'],
]

const changeFiles: Mutation = (folder, random) => {
  const name = random.pick(jsonFilesIn(folder))
  const path = join(folder, name)
  const changes: Readonly<Record<string, () => void>> = {
    gone: () => rmSync(path),
    'a folder': () => {
      rmSync(path)
      mkdirSync(path)
    },
    'a link to nowhere': () => {
      rmSync(path)
      symlinkSync(join(folder, 'nowhere'), path)
    },
    'a link to itself': () => {
      rmSync(path)
      symlinkSync(path, path)
    },
    'another file of the folder': () =>
      put(path, readFileSync(join(folder, random.pick(jsonFilesIn(folder))))),
    'under another name': () => put(join(folder, random.pick(otherNames)), readFileSync(path)),
  }
  const what = random.pick(Object.keys(changes))
  changes[what]!()
  return `${name}: ${what}`
}

/** The folder has one that the engine made. */
const changeWorkingFolder: Mutation = (folder, random) => {
  const working = join(folder, '.stackroom')
  const files = readdirSync(working, { withFileTypes: true }).filter((entry) => entry.isFile())
  const name = random.pick([
    ...files.map((entry) => entry.name),
    'commit.json',
    'lock.json',
    'lock.sqlite',
    'working.sqlite',
  ])
  const path = join(working, name)
  const bytes = statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path) : Buffer.alloc(0)
  const changes: Readonly<Record<string, () => void>> = {
    ...Object.fromEntries(
      Object.entries(byteMutations).map(([what, change]) => [what, () => put(path, change(bytes, random))]),
    ),
    gone: () => rmSync(path, { recursive: true, force: true }),
    empty: () => put(path, Buffer.alloc(0)),
    'cut off at a block': () =>
      writeFileSync(path, bytes.subarray(0, Math.floor(random.below(bytes.length + 1) / 4096) * 4096)),
    'noise in a block': () => {
      const changed = Buffer.from(bytes)
      const at = Math.floor(random.below(bytes.length + 1) / 4096) * 4096
      for (let byte = at; byte < Math.min(at + 4096, bytes.length); byte++) changed[byte] = random.below(256)
      put(path, changed)
    },
    longer: () => put(path, Buffer.concat([bytes, Buffer.alloc(1 + random.below(100_000))])),
    'a folder': () => {
      rmSync(path, { recursive: true, force: true })
      mkdirSync(path)
    },
    'another file of it': () => put(path, readFileSync(join(working, random.pick(files).name))),
  }
  const what = random.pick(Object.keys(changes))
  changes[what]!()
  return `.stackroom/${name}: ${what}`
}

function put(path: string, bytes: Buffer): void {
  rmSync(path, { recursive: true, force: true })
  writeFileSync(path, bytes)
}

/** What only somebody who knows the working store's tables can do. */
const changeWorkingRows: Mutation = (folder, random) => {
  const path = join(folder, '.stackroom', 'working.sqlite')
  try {
    const database = new Database(path, { fileMustExist: true })
    try {
      const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all()
      const table = String(random.pick(names))
      const columns = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table)
      const column = String(random.pick(columns))
      const value = random.pick([
        "''",
        "'x'",
        'NULL',
        '-1',
        '0',
        '1e300',
        "x'00ff'",
        '9223372036854775807',
        "'../../x'",
        "'{}'",
      ])
      const statement = random.pick([
        `UPDATE OR IGNORE "${table}" SET "${column}" = ${value}`,
        `DELETE FROM "${table}"`,
        `DROP TABLE "${table}"`,
        `ALTER TABLE "${table}" RENAME COLUMN "${column}" TO other`,
        `CREATE TRIGGER hostile AFTER INSERT ON "${table}" BEGIN DELETE FROM meta; END`,
        'PRAGMA user_version = 99',
      ])
      database.exec(statement)
      return statement
    } finally {
      database.close()
    }
  } catch (error) {
    return `working.sqlite left as it is: ${String(error)}`
  }
}

/** One to three changes; most folders get one, as a second one hides what the first one does. */
export function mutate(folder: string, random: Random): string[] {
  const hasWorkingFolder = existsSync(join(folder, '.stackroom'))
  return Array.from({ length: random.pick([1, 1, 1, 1, 2, 3]) }, () => {
    if (hasWorkingFolder && random.chance(0.8))
      return random.pick([changeWorkingFolder, changeWorkingFolder, changeWorkingRows])(folder, random)
    if (jsonFilesIn(folder).length === 0) return 'nothing'
    return random.pick([
      changeBytes,
      changeBytes,
      changeBytes,
      changeStructure,
      changeStructure,
      changeStructure,
      changeFiles,
    ])(folder, random)
  })
}
