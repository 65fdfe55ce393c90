/** Index structs and ref_doc_info are edited as bytes: what is not touched keeps its text. */
import { expect, test } from 'vitest'
import {
  changeStruct,
  checkStruct,
  nodesNamedBy,
  structTypeOf,
} from '#engine/storage/llamaindex/index-struct.ts'
import { elementsOf, membersOf, rebuild, utf8Of } from '#engine/storage/llamaindex/json-members.ts'
import { originalKey, pythonJsonString, storedKey } from '#engine/storage/llamaindex/python-json.ts'
import { changeRefDocInfo } from '#engine/storage/llamaindex/ref-doc-info.ts'

function changedData(data: string, changes: Record<string, boolean>): string {
  const value = Buffer.from(`{"__type__": "x", "__data__": ${data}}`)
  const wanted = Object.entries(changes).map(([nodeId, added]) => ({ nodeId, added }))
  return changeStruct(value, wanted).toString().slice('{"__type__": "x", "__data__": '.length, -1)
}

test('the spaces between members stay, and what is added stands as they do', () => {
  const object = Buffer.from('{\n  "a": 1,\n  "b": 2,\n  "c": [3, 3]\n}')
  const without = (...keys: string[]): string =>
    rebuild(object, membersOf(object) ?? [], ({ key }) => !keys.includes(key)).toString()
  expect(without()).toBe(object.toString())
  expect(without('a')).toBe('{\n  "b": 2,\n  "c": [3, 3]\n}')
  expect(without('b')).toBe('{\n  "a": 1,\n  "c": [3, 3]\n}')
  expect(without('b', 'c')).toBe('{\n  "a": 1\n}')
  expect(without('a', 'b', 'c')).toBe('{}')
  const added = rebuild(object, membersOf(object) ?? [], () => true, ['"d": 4', '"e": 5'])
  expect(added.toString()).toBe('{\n  "a": 1,\n  "b": 2,\n  "c": [3, 3],\n  "d": 4,\n  "e": 5\n}')
  expect(rebuild(Buffer.from('{ }'), [], () => true, ['"d": 4', '"e": 5']).toString()).toBe(
    '{"d": 4, "e": 5}',
  )
})

test('a value is put in another’s place, beside members that go', () => {
  const list = Buffer.from('[1,  2,   3]')
  const elements = elementsOf(list) ?? []
  expect(
    rebuild(list, elements, (element) => (element === elements[1] ? Buffer.from('"two"') : true)).toString(),
  ).toBe('[1,  "two",   3]')
  expect(rebuild(list, elements, (element) => element !== elements[0] && Buffer.from('x')).toString()).toBe(
    '[x,   x]',
  )
})

test('a vector index keeps the order of its nodes: those that come again go to the end', () => {
  const data = '{"nodes_dict": {"10": "10", "9": "9", "__proto__": "__proto__"}, "doc_id_dict": {}, "x": 1.0}'
  expect(changedData(data, { '8': true, '10': false })).toBe(
    '{"nodes_dict": {"9": "9", "__proto__": "__proto__", "8": "8"}, "doc_id_dict": {}, "x": 1.0}',
  )
  expect(changedData(data, { '9': true, absent: false })).toBe(data)
  const again = changeStruct(Buffer.from(`{"__type__": "vector_store", "__data__": ${data}}`), [
    { nodeId: '10', added: false },
    { nodeId: '10', added: true },
  ])
  expect([...(nodesNamedBy('vector_store', again) ?? [])]).toEqual(['9', '__proto__', '10'])
})

test('text inside text is written as it was: escaped, or as it is', () => {
  const struct = '{"nodes_dict": {"ü": "ü", "b": "b"}}'
  const raw = JSON.stringify({ __data__: struct, __type__: 'vector_store' })
  const removed = changeStruct(Buffer.from(raw), [{ nodeId: 'b', added: false }]).toString()
  expect(removed).toBe(JSON.stringify({ __data__: '{"nodes_dict": {"ü": "ü"}}', __type__: 'vector_store' }))
  const escaped = raw.replaceAll('ü', '\\u00fc')
  expect(changeStruct(Buffer.from(escaped), [{ nodeId: 'b', added: false }]).toString()).toBe(
    removed.replaceAll('ü', '\\u00fc'),
  )
  expect(structTypeOf(Buffer.from(raw))).toBe('vector_store')
})

test('the bytes of a text inside a text are those of the text; half a surrogate pair stays an escape', () => {
  const texts = [
    '',
    'a',
    '"\\/\b\f\n\r\t',
    'ü😀\u2028\u0000\u007f',
    '\ud83d\ude00\ud83d',
    '\udc00\ud83d',
    '\\ud83d',
  ]
  const utf8 = (json: string): string => {
    const bytes = Buffer.from(`[${json}]`)
    return utf8Of(bytes, elementsOf(bytes)![0]!).toString()
  }
  for (const text of texts)
    for (const print of [JSON.stringify, pythonJsonString])
      expect(utf8(print(text))).toBe(
        text.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`),
      )
  expect(utf8('"\\/\\u00FC\\uD83D\\uDE00\\uD83D"')).toBe('/ü😀\\uD83D')
})

test.each([
  ['vector_store', '{"nodes_dict": {"1": "1"}, "doc_id_dict": {"d": ["1"]}}', true],
  ['vector_store', '{"nodes_dict": {"1": "1"}, "doc_id_dict": null}', true],
  ['vector_store', '{}', true],
  ['vector_store', '{"nodes_dict": ["1"]}', false],
  ['vector_store', '{"nodes_dict": {}, "nodes_dict": "x"}', false],
  ['vector_store', '{"nodes_dict": {}, "doc_id_dict": {"d": "1"}}', false],
  ['vector_store', '["nodes_dict"]', false],
  ['vector_store', '{"nodes_dict": {"1": }}', false],
  ['list', '{"nodes": ["1"]}', true],
  ['list', '{"nodes": {"1": "1"}}', false],
  ['keyword_table', '{"table": {"a": ["1"]}}', true],
  ['keyword_table', '{"table": {"a": {"1": 1}}}', false],
  ['document_summary', '{"summary_id_to_node_ids": {"s": []}, "doc_id_to_summary_id": {}}', true],
  ['document_summary', '{"summary_id_to_node_ids": {"s": "1"}}', false],
  ['document_summary', '{"summary_id_to_node_ids": {}, "doc_id_to_summary_id": []}', false],
])('an index (%s) of %s can be changed: %s', (type, data, isTaken) => {
  for (const inside of [data, JSON.stringify(data)]) {
    const value = Buffer.from(`{"__type__": "${type}", "__data__": ${inside}}`)
    const check = (): void => checkStruct(value)
    if (isTaken) {
      check()
      expect(changeStruct(value, [])).toBe(value)
    } else expect(check).toThrow('an index in it cannot be read')
  }
})

test('a keyword goes with its last node, a summary with its nodes or its document', () => {
  expect(changedData('{"table": {"a": ["1", "2"], "b": ["2"], "2": ["1"], "c": []}}', { '2': false })).toBe(
    '{"table": {"a": ["1"], "2": ["1"], "c": []}}',
  )
  const summaries =
    '{"summary_id_to_node_ids": {"s": ["1", "2"], "t": ["3"]}, "node_id_to_summary_id": {"1": "s", "2": "s", "3": "t"}, "doc_id_to_summary_id": {"d": "s", "e": "t"}}'
  expect(changedData(summaries, { '1': false })).toBe(
    '{"summary_id_to_node_ids": {"s": ["2"], "t": ["3"]}, "node_id_to_summary_id": {"2": "s", "3": "t"}, "doc_id_to_summary_id": {"d": "s", "e": "t"}}',
  )
  const without =
    '{"summary_id_to_node_ids": {"t": ["3"]}, "node_id_to_summary_id": {"3": "t"}, "doc_id_to_summary_id": {"e": "t"}}'
  expect(changedData(summaries, { '1': false, '2': false })).toBe(without)
  expect(changedData(summaries, { s: false, '1': false })).toBe(without)
})

test('a list loses every mention of a node', () => {
  expect(changedData('{"nodes": ["1", "2", "1", "3"]}', { '1': false })).toBe('{"nodes": ["2", "3"]}')
})

test('ref_doc_info gets nodes once, keeps its metadata’s text, and has its old names replaced', () => {
  const change = (text: string | null, add: string[], remove: string[] = []): string =>
    changeRefDocInfo(text === null ? null : Buffer.from(text), {
      add,
      remove: new Set(remove),
      metadata: { pages: 2 },
    }).toString()
  expect(change(null, ['a', 'a'])).toBe('{"node_ids": ["a"], "metadata": {"pages": 2}}')
  expect(change('{"node_ids": ["a"], "metadata": {"n": 1.0}, "x": 1e5}', ['a', 'ü'])).toBe(
    '{"node_ids": ["a", "\\u00fc"], "metadata": {"n": 1.0}, "x": 1e5}',
  )
  expect(change('{"doc_ids": ["a", "b"], "extra_info": {"n": 2.50}}', ['c'], ['a'])).toBe(
    '{"node_ids": ["b", "c"], "metadata": {"n": 2.50}}',
  )
})

test('a key is stored and comes back, whatever is in it', () => {
  for (const key of ['', 'a', '\ud83d', 'x\udc00y', '\u0000', '\u0000"a"', '\u0000"\\ud83d"', '🐝'])
    expect(originalKey(storedKey(key))).toBe(key)
  expect(new Set(['\ud83d', '\ufffd', '\u0000"\\ud83d"'].map(storedKey)).size).toBe(3)
})
