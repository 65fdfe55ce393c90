/**
 * Index structs of index_store.json, which name the nodes of each index. They may be one huge string inside `__data__`, and
 * are edited as bytes, so that what is not touched keeps its text and its order.
 */
import { isAscii } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { StackroomError } from '#contract'
import {
  elementsOf,
  membersOf,
  rebuild,
  replaceValue,
  textOf,
  utf8Of,
  walkElements,
  walkMembers,
  type Element,
  type Member,
} from './json-members.ts'
import { checkWhole, JsonFault } from './json-check.ts'
import { pythonJson, pythonJsonString } from './python-json.ts'

export { membersOf, type Member } from './json-members.ts'

/** Structs of vector indexes: what inserts go into. */
export const vectorStructTypes: readonly string[] = ['vector_store', 'multimodal', 'dict', 'simple_dict']

/**
 * Structs that can be made to forget nodes as the index's own `delete_nodes` does it. Python cannot delete from trees and
 * knowledge graphs; the struct of a property graph names no nodes.
 */
export const forgettingStructTypes: readonly string[] = [
  ...vectorStructTypes,
  'list',
  'keyword_table',
  'document_summary',
]

export interface StructChange {
  /** For a document summary index also the ref doc ids that are gone. */
  readonly nodeId: string
  readonly added: boolean
}

/** Null when it is not an index struct. LlamaIndexTS has the type inside, Python beside the data. */
export function structTypeOf(value: Buffer): string | null {
  const members = membersOf(value)
  for (const name of ['__type__', 'type']) {
    const member = members?.findLast(({ key }) => key === name)
    if (member) return textOf(value, member)
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

/** LlamaIndexTS has everything beside the type. */
export function hasData(value: Buffer): boolean {
  return membersOf(value)?.some(({ key }) => key === '__data__' || key === '__type__') ?? false
}

/** What an index struct holds, as JSON text, and how to put another one in its place. Throws `damaged-file`. */
function dataOf(value: Buffer): { data: Buffer; withData: (data: Buffer) => Buffer } {
  const member = membersOf(value)?.findLast(({ key }) => key === '__data__')
  if (!member) throw unreadable()
  if (value[member.start] !== 0x22)
    return {
      data: value.subarray(member.start, member.end),
      withData: (data) => replaceValue(value, member, data),
    }
  // As it was written: with everything escaped that is not ASCII, or as it is.
  const print = isAscii(value.subarray(member.start, member.end)) ? pythonJsonString : JSON.stringify
  return {
    data: utf8Of(value, member),
    withData: (data) => replaceValue(value, member, Buffer.from(print(data.toString('utf8')))),
  }
}

/** As the `add_node` and `delete` of each struct in Python. Throws `damaged-file`. */
export function changeStruct(value: Buffer, changes: readonly StructChange[]): Buffer {
  const { removed, added } = netChanges(changes)
  const { data, withData } = dataOf(value)
  const changed = changeData(data, removed, added)
  return changed.equals(data) ? value : withData(changed)
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

/** Each type of struct has members of its own, which say what is to be done. */
function changeData(data: Buffer, removed: ReadonlySet<string>, added: ReadonlySet<string>): Buffer {
  const members = membersOf(data)
  if (!members) throw unreadable()
  // Of a key that is there twice Python has the last.
  const part = (name: string): Member | undefined => members.findLast(({ key }) => key === name)
  const nodesDict = part('nodes_dict')
  if (nodesDict) {
    // What the nodes of each document were, before 0.7.
    const ofDocuments = part('doc_id_dict')
    return rebuild(data, members, (member) => {
      if (member === nodesDict) return changeDict(sliceOf(data, member), removed, added)
      if (member !== ofDocuments || membersOf(data, member.start) === null) return true
      return withoutNested(sliceOf(data, member), removed).part
    })
  }
  const nodes = part('nodes')
  if (nodes) return replaceValue(data, nodes, withoutElements(sliceOf(data, nodes), removed))
  const table = part('table')
  if (table) return replaceValue(data, table, withoutNested(sliceOf(data, table), removed).part)
  if (part('summary_id_to_node_ids')) return changeSummaries(data, members, removed)
  if (added.size === 0) return data
  // What is missing is empty to Python.
  const dict = changeDict(Buffer.from('{}'), removed, added)
  return rebuild(data, members, () => true, [`"nodes_dict": ${dict.toString()}`])
}

/** Whether Python could load the struct, and it could be changed. Throws `damaged-file`. */
export function checkStruct(value: Buffer): void {
  const { data } = dataOf(value)
  try {
    checkWhole(data)
  } catch (error) {
    if (error instanceof JsonFault) throw unreadable()
    throw error
  }
  requireShape(data)
}

/** What `changeData` takes, for data that are JSON. Makes nothing of the nodes: there may be millions. */
function requireShape(data: Buffer): void {
  const members = membersOf(data)
  const part = (name: string): Member | undefined => members?.findLast(({ key }) => key === name)
  const isObject = (member: Member): boolean => data[member.start] === 0x7b
  const isOfLists = (member: Member): boolean => {
    let are = true
    return (
      walkMembers(data, member.start, (_, __, start) => {
        are &&= data[start] === 0x5b
      }) && are
    )
  }
  const isSummaryPart = (member: Member): boolean => {
    if (member.key === 'summary_id_to_node_ids') return isOfLists(member)
    return !['node_id_to_summary_id', 'doc_id_to_summary_id'].includes(member.key) || isObject(member)
  }
  const nodesDict = part('nodes_dict')
  const ofDocuments = part('doc_id_dict')
  const nodes = part('nodes')
  const table = part('table')
  const isOfShape = (): boolean => {
    if (nodesDict)
      return isObject(nodesDict) && (!ofDocuments || !isObject(ofDocuments) || isOfLists(ofDocuments))
    if (nodes) return data[nodes.start] === 0x5b
    if (table) return isOfLists(table)
    return !part('summary_id_to_node_ids') || (members ?? []).every(isSummaryPart)
  }
  if (!members || !isOfShape()) throw unreadable()
}

/** `IndexDict`, of vector indexes. */
function changeDict(dict: Buffer, removed: ReadonlySet<string>, added: ReadonlySet<string>): Buffer {
  const members = membersOf(dict)
  if (!members) throw unreadable()
  const missing = new Set(added)
  for (const { key } of members) if (!removed.has(key)) missing.delete(key)
  const texts = [...missing].map((nodeId) => `${pythonJsonString(nodeId)}: ${pythonJsonString(nodeId)}`)
  return rebuild(dict, members, ({ key }) => !removed.has(key), texts)
}

/** `IndexDocumentSummary.delete_nodes` and, for a summary that is gone or has no nodes any more, `delete`. */
function changeSummaries(data: Buffer, members: readonly Member[], removed: ReadonlySet<string>): Buffer {
  const lists = members.find(({ key }) => key === 'summary_id_to_node_ids')
  if (!lists) throw unreadable()
  const nested = withoutNested(sliceOf(data, lists), removed, (summaryId) => removed.has(summaryId))
  const isGone = (id: string | null): boolean => id !== null && (removed.has(id) || nested.gone.has(id))
  return rebuild(data, members, (member) => {
    if (member === lists) return nested.part
    if (member.key !== 'node_id_to_summary_id' && member.key !== 'doc_id_to_summary_id') return true
    const dict = sliceOf(data, member)
    const pairs = membersOf(dict)
    if (!pairs) throw unreadable()
    return rebuild(dict, pairs, (pair) => !isGone(pair.key) && !isGone(textOf(dict, pair)))
  })
}

/** `IndexList`, of summary indexes. */
function withoutElements(list: Buffer, removed: ReadonlySet<string>): Buffer {
  const elements = elementsOf(list)
  if (!elements) throw unreadable()
  const isRemoved = (element: Element): boolean => {
    const text = textOf(list, element)
    return text !== null && removed.has(text)
  }
  return elements.some(isRemoved) ? rebuild(list, elements, (element) => !isRemoved(element)) : list
}

/** `KeywordTable`, and the lists of summaries: a key goes with the last of its nodes. */
function withoutNested(
  table: Buffer,
  removed: ReadonlySet<string>,
  isKeyGone: (key: string) => boolean = () => false,
): { part: Buffer; gone: Set<string> } {
  const members = membersOf(table)
  if (!members) throw unreadable()
  const gone = new Set<string>()
  const part = rebuild(table, members, (member) => {
    const list = sliceOf(table, member)
    const kept = withoutElements(list, removed)
    if (!isKeyGone(member.key) && (kept === list || elementsOf(kept)?.length !== 0))
      return kept === list || kept
    gone.add(member.key)
    return false
  })
  return { part, gone }
}

/** The ids of the nodes that a struct of this type names; null when it names none or cannot be read. */
export function nodesNamedBy(type: string, value: Buffer): Set<string> | null {
  const found = namingMember[vectorStructTypes.includes(type) ? 'vector_store' : type]
  // LlamaIndexTS has whole nodes in its structs.
  if (!found || !membersOf(value)?.some(({ key }) => key === '__data__')) return null
  const { data } = dataOf(value)
  const member = membersOf(data)?.findLast(({ key }) => key === found.name)
  if (!member) return null
  const names = new Set<string>()
  const add = (start: number, end: number): void => {
    const name = textOf(data, { start, end })
    if (name !== null) names.add(name)
  }
  if (found.shape === 'list') walkElements(data, member.start, add)
  else
    walkMembers(data, member.start, (keyStart, keyEnd, start, end) => {
      if (found.shape === 'dict') return add(start, end)
      if (type === 'document_summary') add(keyStart, keyEnd)
      walkElements(data, start, add)
    })
  return names
}

/** Where each type names its nodes: in a list, as the values of a dict, or in a dict of lists. */
const namingMember: Readonly<Record<string, { name: string; shape: 'list' | 'dict' | 'lists' } | undefined>> =
  {
    vector_store: { name: 'nodes_dict', shape: 'dict' },
    list: { name: 'nodes', shape: 'list' },
    tree: { name: 'all_nodes', shape: 'dict' },
    keyword_table: { name: 'table', shape: 'lists' },
    kg: { name: 'table', shape: 'lists' },
    document_summary: { name: 'summary_id_to_node_ids', shape: 'lists' },
  }

function sliceOf(bytes: Buffer, { start, end }: Element): Buffer {
  return bytes.subarray(start, end)
}

function unreadable(): StackroomError {
  return new StackroomError('damaged-file', 'index_store.json is damaged: an index in it cannot be read.', {
    hint: 'Restore the file from a backup, or index the documents again.',
  })
}
