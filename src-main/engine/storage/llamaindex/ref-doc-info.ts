/** Entries of ref_doc_info as bytes: nodes come and go, and the metadata keep their text. */
import { elementsOf, membersOf, rebuild, textOf, type Element } from './json-members.ts'
import { pythonJson, pythonJsonString } from './python-json.ts'
import type { Metadata } from '#contract'

export interface RefDocInfoChange {
  readonly add?: readonly string[]
  readonly remove?: ReadonlySet<string>
  /** Taken when there are none yet. */
  readonly metadata?: Metadata
}

/** What they were called before 0.7; `_remove_legacy_info` renames them as soon as the entry is changed. */
const newNames: Readonly<Record<string, string>> = { doc_ids: 'node_ids', extra_info: 'metadata' }

/** As `RefDocInfo` and `KVDocumentStore` change it. Nothing, and what cannot be read, is a document without nodes. */
export function changeRefDocInfo(text: Buffer | null, change: RefDocInfoChange): Buffer {
  const { add = [], remove = new Set<string>(), metadata = {} } = change
  const members = (text && membersOf(text)) ?? []
  const parts = new Map<string, Buffer>()
  for (const { key, start, end } of members) {
    const name = Object.hasOwn(newNames, key) ? newNames[key]! : key
    parts.set(name, text!.subarray(start, end))
  }
  const ids = parts.get('node_ids') ?? Buffer.from('[]')
  const elements = elementsOf(ids) ?? []
  const known = new Set(elements.flatMap((element) => textOf(ids, element) ?? []))
  const added = [...new Set(add)].filter((nodeId) => !known.has(nodeId)).map(pythonJsonString)
  const isKept = (element: Element): boolean => {
    const nodeId = textOf(ids, element)
    return nodeId === null || !remove.has(nodeId)
  }
  parts.set('node_ids', rebuild(ids, elements, isKept, added))
  const before = parts.get('metadata')
  if (!before || !membersOf(before)?.length) parts.set('metadata', Buffer.from(pythonJson(metadata)))
  const texts = [...parts].map(([name, value]) => `${pythonJsonString(name)}: ${value.toString('utf8')}`)
  return Buffer.from(`{${texts.join(', ')}}`)
}
