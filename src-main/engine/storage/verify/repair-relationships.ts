/** Takes relationships out of nodes that lead to nodes which are not there; the rest of the node keeps its text. */
import {
  elementsOf,
  membersOf,
  rebuild,
  replaceValue,
  textOf,
  type Element,
} from '../llamaindex/json-members.ts'
import { storedKey } from '../llamaindex/python-json.ts'
import { kindOf } from './node-facts.ts'
import type { RepairWork } from './repair-entries.ts'

export function repairRelationships({ folder: { store }, facts, actions, sectionOf }: RepairWork): void {
  const rows = facts.rows(
    `SELECT DISTINCT section, node FROM relations JOIN nodes ON nodes.key = node
     WHERE NOT EXISTS (SELECT 1 FROM nodes AS other WHERE other.key = target)`,
  )
  const isThere = (id: string | null): boolean => id === null || facts.has('nodes', storedKey(id))
  for (const { section, node } of rows) {
    const at = facts.section(Number(section))
    const own = at && sectionOf(at)
    const before = own && store.bytes(own.id, String(node))
    if (!own || !before) continue
    const { value, removed } = withoutRelations(before, isThere)
    if (removed === 0) continue
    store.put(own, String(node), value)
    actions.count('relationship-target-missing', removed)
  }
}

function withoutRelations(
  node: Buffer,
  isThere: (id: string | null) => boolean,
): { value: Buffer; removed: number } {
  const data = membersOf(node)?.find(({ key }) => key === '__data__')
  const relationships = data && membersOf(node, data.start)?.find(({ key }) => key === 'relationships')
  const inside = relationships && node.subarray(relationships.start, relationships.end)
  const members = inside && membersOf(inside)
  if (!members) return { value: node, removed: 0 }
  let removed = 0
  const isKept = (bytes: Buffer, element: Element): boolean => {
    const kept = isThere(targetIn(bytes, element))
    if (!kept) removed++
    return kept
  }
  const changed = rebuild(inside, members, (member) => {
    // Where a node comes from is its document, which need not be kept.
    if (kindOf(member.key) === null || kindOf(member.key) === 1) return true
    const part = inside.subarray(member.start, member.end)
    const elements = elementsOf(part)
    return elements ? rebuild(part, elements, (element) => isKept(part, element)) : isKept(inside, member)
  })
  return { value: replaceValue(node, relationships, changed), removed }
}

/** The id that a relationship leads to; null when it is written in another way. */
function targetIn(bytes: Buffer, element: Element): string | null {
  const id = membersOf(bytes, element.start)?.find(({ key }) => key === 'node_id' || key === 'nodeId')
  return textOf(bytes, id ?? element)
}
