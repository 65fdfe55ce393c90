/** Nodes as other programs wrote them: numbers that JSON does not have, texts of megabytes, entries that are no nodes. */
import { expect, test } from 'vitest'
import { StackroomError } from '#contract'
import { parsePythonJson } from '#engine/storage/llamaindex/python-json.ts'
import { readNode } from '#engine/storage/read-node.ts'

test('NaN and Infinity outside of texts are read as null', () => {
  expect(parsePythonJson('{"a\\"NaN": [NaN, -Infinity, "NaN \\" Infinity", "x\\\\", Infinity]}')).toEqual({
    'a"NaN': [null, null, 'NaN " Infinity', 'x\\', null],
  })
  for (const text of ['-NaN', '{NaN}', '"NaN', 'NaNNaN', 'xNaN'])
    expect(() => parsePythonJson(text)).toThrow(SyntaxError)
})

test('a node with NaN in its metadata and a text of megabytes is read', () => {
  const text = 'a "line"\n'.repeat(1_000_000)
  const entry = `{"__data__": {"metadata": {"score": NaN}, "text": ${JSON.stringify(text)}}}`
  expect(readNode('n', entry, 'docstore.json')).toMatchObject({ text, metadata: { score: null } })
})

test('an entry that is no node is refused with its file and a readable name', () => {
  const refused = (nodeId: string): string => {
    try {
      readNode(nodeId, '[]', 'docstore.json')
      return 'read'
    } catch (error) {
      return error instanceof StackroomError ? error.message : String(error)
    }
  }
  expect(refused('n')).toBe('docstore.json is damaged: node n cannot be read.')
  expect(refused('n'.repeat(10_000)).length).toBeLessThan(300)
})
