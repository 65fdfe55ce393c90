/** Previous and next, parent and child: each leads to a node that is there and that leads back. */
import { addAt, shown, type CheckContext } from './check-context.ts'
import { relationNames, type RelationKind } from './node-facts.ts'

const back: Readonly<Record<number, RelationKind>> = { 2: 3, 3: 2, 4: 5, 5: 4 }

export function checkRelationships(context: CheckContext): void {
  if (!context.hasDocstore) return
  const { facts } = context
  const nowhere = facts.rows(
    `SELECT section, node, kind, target FROM relations JOIN nodes ON nodes.key = node
     WHERE NOT EXISTS (SELECT 1 FROM nodes AS other WHERE other.key = target) ORDER BY node, kind`,
  )
  for (const { section, node, kind, target } of nowhere)
    addAt(
      context,
      { section, key: node },
      {
        code: 'relationship-target-missing',
        message: `The ${nameOf(kind)} of node ${shown(node)} is ${shown(target)}, which is not in the docstore.`,
        repairable: true,
      },
    )
  for (const kind of [2, 3, 4, 5] as const) {
    const oneWay = facts.rows(
      `SELECT section, node, target FROM relations JOIN nodes ON nodes.key = node
       WHERE kind = ? AND EXISTS (SELECT 1 FROM nodes AS other WHERE other.key = target)
       AND NOT EXISTS (SELECT 1 FROM relations AS other WHERE other.node = relations.target AND other.kind = ? AND other.target = relations.node)
       ORDER BY node`,
      kind,
      back[kind],
    )
    for (const { section, node, target } of oneWay)
      addAt(
        context,
        { section, key: node },
        {
          code: 'relationship-not-mutual',
          message: `The ${relationNames[kind]} of node ${shown(node)} is ${shown(target)}, whose ${nameOf(back[kind])} is another or none.`,
          repairable: false,
        },
      )
  }
}

function nameOf(kind: unknown): string {
  return (relationNames as Readonly<Record<number, string>>)[Number(kind)] ?? 'relation'
}
