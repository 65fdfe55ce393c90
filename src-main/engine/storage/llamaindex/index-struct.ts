/**
 * Index structs of index_store.json. The nodes_dict of a vector index names every node, in one huge string inside
 * `__data__`; it is edited as bytes, so that what is not touched keeps its text and its order.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { pythonJson, pythonJsonString } from './python-json.ts'
import { skipString, skipValue } from './json-scanner.ts'

/** Structs of vector indexes: what inserts go into. */
export const vectorStructTypes: readonly string[] = ['vector_store', 'dict', 'multimodal']

export interface StructChange {
  readonly nodeId: string
  readonly added: boolean
}

/** Null when it is not an index struct. LlamaIndexTS has the type inside, Python beside the data. */
export function structTypeOf(value: Buffer): string | null {
  const members = membersOf(value, 0)
  for (const name of ['__type__', 'type']) {
    const member = members?.find((candidate) => candidate.key === name)
    if (!member || value[member.start] !== 0x22) continue
    return z.string().safeParse(JSON.parse(value.toString('utf8', member.start, member.end))).data ?? null
  }
  return null
}

export function newVectorStruct(indexId: string = randomUUID()): {
  indexId: string
  type: string
  value: string
} {
  const struct = { index_id: indexId, summary: null, nodes_dict: {}, doc_id_dict: {}, embeddings_dict: {} }
  const value = pythonJson({ __type__: 'vector_store', __data__: pythonJson(struct) })
  return { indexId, type: 'vector_store', value }
}

/** As `IndexDict.add_node` and `IndexDict.delete`, `IndexList.add_node` and its removal. Throws `damaged-file`. */
export function changeStruct(value: Buffer, changes: readonly StructChange[]): Buffer {
  const data = membersOf(value, 0)?.find(({ key }) => key === '__data__')
  if (!data) throw unreadable()
  const isText = value[data.start] === 0x22
  const inner = isText
    ? Buffer.from(z.string().parse(JSON.parse(value.toString('utf8', data.start, data.end))))
    : value.subarray(data.start, data.end)
  const changed = changeData(inner, changes)
  const text = isText ? Buffer.from(pythonJsonString(changed.toString('utf8'))) : changed
  return Buffer.concat([value.subarray(0, data.start), text, value.subarray(data.end)])
}

function changeData(data: Buffer, changes: readonly StructChange[]): Buffer {
  const members = membersOf(data, 0)
  const dict = members?.find(({ key }) => key === 'nodes_dict')
  if (dict) return splice(data, dict, changeDict(data.subarray(dict.start, dict.end), changes))
  const list = members?.find(({ key }) => key === 'nodes')
  if (list) return splice(data, list, changeList(data.subarray(list.start, list.end), changes))
  throw unreadable()
}

function splice(data: Buffer, { start, end }: Member, middle: Buffer): Buffer {
  return Buffer.concat([data.subarray(0, start), middle, data.subarray(end)])
}

/** What the changes come to: a key that was removed and added again goes to the end. */
function netChanges(changes: readonly StructChange[]): { removed: Set<string>; added: Set<string> } {
  const removed = new Set<string>()
  const added = new Set<string>()
  for (const change of changes) {
    if (change.added) added.add(change.nodeId)
    else {
      removed.add(change.nodeId)
      added.delete(change.nodeId)
    }
  }
  return { removed, added }
}

function changeDict(dict: Buffer, changes: readonly StructChange[]): Buffer {
  const { removed, added } = netChanges(changes)
  const members = membersOf(dict, 0)
  if (!members) throw unreadable()
  const kept: string[] = []
  let runStart = -1
  let runEnd = -1
  const endRun = (): void => {
    if (runStart >= 0) kept.push(dict.toString('utf8', runStart, runEnd))
    runStart = -1
  }
  for (const { key, keyStart, end } of members) {
    if (removed.has(key)) {
      endRun()
      continue
    }
    added.delete(key)
    if (runStart < 0) runStart = keyStart
    runEnd = end
  }
  endRun()
  for (const nodeId of added) kept.push(`${pythonJsonString(nodeId)}: ${pythonJsonString(nodeId)}`)
  return Buffer.from(`{${kept.join(', ')}}`)
}

function changeList(list: Buffer, changes: readonly StructChange[]): Buffer {
  const { removed } = netChanges(changes)
  const nodes = z.array(z.string()).parse(JSON.parse(list.toString('utf8')))
  // Inserts go into the vector index; of a list only what is gone is taken out.
  return Buffer.from(pythonJson(nodes.filter((nodeId) => !removed.has(nodeId))))
}

export interface Member {
  readonly key: string
  readonly keyStart: number
  readonly start: number
  readonly end: number
}

/** The members of the object that begins at `start`; null when it is none. */
export function membersOf(bytes: Buffer, start: number): Member[] | null {
  let position = skipSpace(bytes, start)
  if (bytes[position] !== 0x7b) return null
  const members: Member[] = []
  position = skipSpace(bytes, position + 1)
  while (bytes[position] === 0x22) {
    const keyStart = position
    const keyEnd = skipString(bytes, position)
    if (keyEnd < 0) return null
    position = skipSpace(bytes, keyEnd)
    if (bytes[position] !== 0x3a) return null
    const valueStart = skipSpace(bytes, position + 1)
    const end = skipValue(bytes, valueStart)
    if (end <= valueStart) return null
    members.push({ key: keyOf(bytes, keyStart, keyEnd), keyStart, start: valueStart, end })
    position = skipSpace(bytes, end)
    if (bytes[position] !== 0x2c) break
    position = skipSpace(bytes, position + 1)
  }
  return bytes[position] === 0x7d ? members : null
}

function keyOf(bytes: Buffer, start: number, end: number): string {
  const plain = bytes.toString('utf8', start + 1, end - 1)
  return plain.includes('\\') ? String(JSON.parse(`"${plain}"`)) : plain
}

function skipSpace(bytes: Buffer, position: number): number {
  while (
    bytes[position] === 0x20 ||
    bytes[position] === 0x0a ||
    bytes[position] === 0x0d ||
    bytes[position] === 0x09
  )
    position++
  return position
}

function unreadable(): StackroomError {
  return new StackroomError('damaged-file', 'index_store.json is damaged: an index in it cannot be read.', {
    hint: 'Restore the file from a backup, or index the documents again.',
  })
}
