/**
 * LlamaIndex's JSONNodeParser: a node for the object, or for each element of the array. Each line of a node is one value,
 * with the keys that lead to it before it.
 */
import type { NodeSplit, SourceDocument } from '#engine/schema/node.ts'
import type { FileNodeParser } from './node-parser.ts'
import { parsePythonJson, type PythonJson } from './python-json.ts'

export class JSONNodeParser implements FileNodeParser {
  readonly className = 'JSONNodeParser'

  /** Null where LlamaIndex has no nodes (what is not JSON) or raises (a single value). */
  split({ text }: SourceDocument): NodeSplit[] | null {
    const value = parsePythonJson(text)
    if (value === null || typeof value === 'string') return null
    return (
      (Array.isArray(value) ? value : [value])
        .map((element) => [...lines(element, [])].join('\n').toWellFormed())
        // an empty object has nothing to search
        .filter((lines) => lines !== '')
        .map((text) => ({ text }))
    )
  }
}

/** `_depth_first_yield` */
function* lines(value: PythonJson, path: readonly string[]): Generator<string> {
  if (typeof value === 'string') yield [...path, value].join(' ')
  else if (Array.isArray(value)) for (const element of value) yield* lines(element, path)
  else for (const [key, element] of value) yield* lines(element, [...path, key])
}
