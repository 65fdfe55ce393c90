/** Notes what one entry of a store file says, and tells when it cannot be read. */
import type { ScanToken } from '../llamaindex/json-scanner.ts'
import { originalKey, parsePythonJson, storedKey } from '../llamaindex/python-json.ts'
import type { StoreFile } from '../llamaindex/store-files.ts'
import { parseVector, parseVectorInto } from '../llamaindex/vector-text.ts'
import { readRefDocInfo } from '../read-node.ts'
import type { FactSection, Facts } from './facts.ts'
import { readNodeFacts } from './node-facts.ts'
import type { ProblemList } from './problem-list.ts'
import { readStructFacts } from './struct-facts.ts'

export interface NoteEntryOptions {
  readonly facts: Facts
  readonly problems: ProblemList
  readonly file: StoreFile
  readonly section: FactSection
  readonly key: string
  readonly vectors: VectorParser
  readonly token: Extract<ScanToken, { kind: 'entry' }>
}

/** What is wrong with an entry that is not what its section holds. */
const expected: Readonly<Partial<Record<FactSection['role'], string>>> = {
  nodes: 'is no node',
  'node-metadata': 'has no hash that can be read',
  'ref-doc-info': 'is no list of nodes',
  'index-structs': 'is no index',
  embeddings: 'is no vector',
  'ref-doc-ids': 'is no id of a document',
  'vector-metadata': 'is no metadata',
}

/** An entry of these is left out or made anew; nodes and what nobody knows are left as they are. */
const mendable: readonly FactSection['role'][] = ['embeddings', 'index-structs']

export function noteEntry(options: NoteEntryOptions): void {
  const { facts, problems, section, key, token } = options
  if (note(options)) return
  const isJson = parse(token.value) !== undefined
  if (!isJson || section.role === 'index-structs') facts.broken.add(section.file)
  problems.add({
    code: 'unreadable-entry',
    message: `${originalKey(key)} in ${section.name} of ${section.file} ${expected[section.role] ?? 'cannot be read'}.`,
    file: section.file,
    section: section.name,
    key: originalKey(key),
    offset: token.keyStart,
    repairable: !isJson || mendable.includes(section.role),
  })
}

/** False when the entry is not what its section holds. */
function note(options: NoteEntryOptions): boolean {
  const { facts, file, section, key, token } = options
  const { value } = token
  switch (section.role) {
    case 'nodes':
      return noteNode(facts, section, key, value)
    case 'node-metadata':
      return noteHash(facts, section, key, value)
    case 'ref-doc-info':
      return noteDocument(facts, section, key, value)
    case 'index-structs':
      return noteStruct(facts, section, key, value)
    case 'embeddings':
      return noteVector(options)
    case 'ref-doc-ids': {
      const id = parse(value)
      if (typeof id !== 'string') return false
      facts.run('INSERT OR REPLACE INTO ref_doc_ids VALUES (?, ?, ?)', section.id, key, storedKey(id))
      return true
    }
    case 'vector-metadata':
      facts.run('INSERT OR REPLACE INTO vector_metadata VALUES (?, ?)', section.id, key)
      return value[0] === 0x7b && parse(value) !== undefined
    case 'other':
      if (file.role === 'property-graph-store' && section.name === 'nodes')
        facts.run('INSERT OR IGNORE INTO graph_nodes VALUES (?)', key)
      return parse(value) !== undefined
  }
}

function noteNode(facts: Facts, section: FactSection, key: string, value: Buffer): boolean {
  const node = readNodeFacts(value)
  if (!node) return false
  const source = node.relations.find(({ kind }) => kind === 1)?.target ?? null
  const hasChildren = node.relations.some(({ kind }) => kind === 5)
  if (facts.has('nodes', key)) facts.run('DELETE FROM relations WHERE node = ?', key)
  facts.run(
    'INSERT OR REPLACE INTO nodes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    key,
    section.id,
    Number(node.isDocument),
    Number(hasChildren),
    source === null ? null : storedKey(source),
    node.content,
    node.hashes[0] ?? null,
    node.hashes[1] ?? null,
    Number(node.mayDiffer),
  )
  for (const { kind, target } of node.relations)
    if (kind !== 1) facts.run('INSERT INTO relations VALUES (?, ?, ?)', key, kind, storedKey(target))
  return true
}

function noteHash(facts: Facts, section: FactSection, key: string, value: Buffer): boolean {
  const entry = parse(value)
  if (typeof entry !== 'object' || entry === null) return false
  const text = (...names: string[]): string | null => {
    for (const [name, found] of Object.entries(entry))
      if (names.includes(name) && typeof found === 'string') return found
    return null
  }
  const source = text('ref_doc_id', 'refDocId')
  facts.run(
    'INSERT OR REPLACE INTO hashes VALUES (?, ?, ?, ?)',
    key,
    section.id,
    text('doc_hash', 'docHash'),
    source === null ? null : storedKey(source),
  )
  return true
}

function noteDocument(facts: Facts, section: FactSection, key: string, value: Buffer): boolean {
  if (facts.has('documents', key)) facts.run('DELETE FROM listed WHERE document = ?', key)
  facts.run('INSERT OR REPLACE INTO documents VALUES (?, ?)', key, section.id)
  const entry = parse(value)
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return false
  const names: readonly string[] = ['node_ids', 'doc_ids', 'nodeIds']
  const list: unknown = Object.entries(entry).find(([name]) => names.includes(name))?.[1]
  if (list !== undefined && !(Array.isArray(list) && list.every((id) => typeof id === 'string'))) return false
  for (const [position, id] of readRefDocInfo(value.toString('utf8')).nodeIds.entries())
    facts.run('INSERT INTO listed VALUES (?, ?, ?)', key, storedKey(id), position)
  return true
}

function noteStruct(facts: Facts, section: FactSection, key: string, value: Buffer): boolean {
  const struct = readStructFacts(value)
  if (!struct) return false
  if (facts.has('structs', key)) facts.run('DELETE FROM named WHERE struct = ?', key)
  facts.run('INSERT OR REPLACE INTO structs VALUES (?, ?, ?)', key, section.id, struct.type)
  for (const { vector, node } of struct.named)
    facts.run(
      'INSERT INTO named VALUES (?, ?, ?)',
      key,
      vector === null ? null : storedKey(vector),
      storedKey(node),
    )
  return true
}

function noteVector({ facts, section, key, vectors, token: { value } }: NoteEntryOptions): boolean {
  const vector = vectors.parse(value)
  const isVector = vector !== null && vector.length > 0
  let sum = 0
  for (const number of vector ?? []) sum += number * number
  const state = !isVector ? 'unreadable' : !Number.isFinite(sum) ? 'not-finite' : sum === 0 ? 'zero' : 'good'
  facts.run('INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)', section.id, key, vector?.length ?? 0, state)
  return isVector
}

/** Reads vectors into one buffer, as most are of one length. */
export class VectorParser {
  #target = new Float32Array(0)

  /** Good until the next one is parsed. Null when it is no vector. */
  parse(value: Buffer): Float32Array | null {
    if (this.#target.length > 0 && parseVectorInto(value, this.#target)) return this.#target
    const vector = parseVector(value)
    if (vector && this.#target.length === 0) this.#target = new Float32Array(vector.length)
    return vector
  }
}

/** Undefined when it is no JSON of Python's. */
function parse(value: Buffer): unknown {
  try {
    return parsePythonJson(value.toString('utf8'))
  } catch {
    return undefined
  }
}
