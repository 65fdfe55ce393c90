/**
 * JSON text as a tree that keeps what JSON.parse loses: number texts, key order, keys that are there twice. Written apart
 * from the engine's own readers, so that it can judge them.
 */

export interface Member {
  /** With its quotes. */
  key: string
  value: Tree
}
export type Tree =
  | { kind: 'object'; members: Member[] }
  | { kind: 'list'; items: Tree[] }
  /** A scalar's text, or any other that is to be written as it is. */
  | { kind: 'text'; text: string }

/** Of valid JSON only, NaN and Infinity included. */
export function parseTree(text: string): Tree {
  const token = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\[^])*")|([^\s{}[\],:"]+))/y
  const next = (): string => {
    const match = token.exec(text)
    if (!match) throw new SyntaxError(`no JSON at ${token.lastIndex}`)
    return match[1] ?? match[2] ?? match[3]!
  }
  const value = (first: string): Tree => {
    if (first === '{') {
      const members: Member[] = []
      for (let key = next(); key !== '}'; key = next()) {
        if (key === ',') continue
        next()
        members.push({ key, value: value(next()) })
      }
      return { kind: 'object', members }
    }
    if (first === '[') {
      const items: Tree[] = []
      for (let item = next(); item !== ']'; item = next()) if (item !== ',') items.push(value(item))
      return { kind: 'list', items }
    }
    return { kind: 'text', text: first }
  }
  return value(next())
}

export function printTree(tree: Tree): string {
  if (tree.kind === 'text') return tree.text
  if (tree.kind === 'list') return `[${tree.items.map(printTree).join(', ')}]`
  return `{${tree.members.map(({ key, value }) => `${key}: ${printTree(value)}`).join(', ')}}`
}

/** What `json.load` of Python reads, with null for NaN and Infinity; undefined when it refuses. */
export function parseAsPython(bytes: Buffer): unknown {
  let text: string
  try {
    // Takes a byte order mark away, as Python does.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
  try {
    return JSON.parse(text)
  } catch {
    try {
      return JSON.parse(
        text.replace(/("(?:[^"\\]|\\[^])*")|-?Infinity|NaN/g, (_, quoted?: string) => quoted ?? 'null'),
      )
    } catch {
      return undefined
    }
  }
}

/** Every object and list in the tree, and itself. Without recursion: trees may be nested deeper than the stack goes. */
export function* branchesOf(tree: Tree): Generator<Extract<Tree, { kind: 'object' | 'list' }>> {
  const waiting = [tree]
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (next.kind === 'text') continue
    yield next
    const inside = next.kind === 'list' ? next.items : next.members.map(({ value }) => value)
    for (let index = inside.length - 1; index >= 0; index--) waiting.push(inside[index]!)
  }
}
