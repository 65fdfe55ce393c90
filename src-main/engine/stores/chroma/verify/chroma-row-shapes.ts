/** Tells rows of Chroma's tables from one another by their values, for pages that no tree leads to any more. */
import type { SqliteRow } from './sqlite-pages.ts'
import type { SqliteValue } from './sqlite-record.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const date = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/

type Test = (value: SqliteValue) => boolean

const isNull: Test = (value) => value === null
const isText: Test = (value) => typeof value === 'string'
const isUuid: Test = (value) => typeof value === 'string' && uuid.test(value)
const isDate: Test = (value) => typeof value === 'string' && date.test(value)
const isTopic: Test = (value) => typeof value === 'string' && value.startsWith('persistent://')
const isSegmentType: Test = (value) => typeof value === 'string' && value.startsWith('urn:chroma:')
const isNumber: Test = (value) => typeof value === 'number'
const isBytes: Test = (value) => value instanceof Uint8Array
const or =
  (...tests: readonly Test[]): Test =>
  (value) =>
    tests.some((test) => test(value))
const scalars = [or(isText, isNull), or(isNumber, isNull), or(isNumber, isNull), or(isNumber, isNull)]

/** Columns in the order of the file. One that is a number of its row is NULL there; later ones may be missing. */
const shapes = {
  embeddings_queue: [
    isNull,
    isDate,
    isNumber,
    isTopic,
    isText,
    or(isBytes, isNull),
    or(isText, isNull),
    or(isText, isNull),
  ],
  embeddings: [isNull, isUuid, isText, or(isNumber, isBytes), isDate],
  embedding_metadata: [isNumber, isText, ...scalars],
  segments: [isUuid, isSegmentType, isText, isUuid],
  /** Up to sysdb 4, that is Chroma 0.4. */
  segments_with_topic: [isUuid, isSegmentType, isText, isTopic, isUuid],
  collections_with_topic: [isUuid, isText, isTopic, or(isNumber, isNull), isText],
  max_seq_id: [isUuid, or(isNumber, isBytes)],
  collections: [isUuid, isText, or(isNumber, isNull), isText, or(isText, isNull), or(isText, isNull)],
  collection_metadata: [isUuid, isText, ...scalars],
  databases: [isUuid, isText, isText],
  tenants: [isText],
  embeddings_queue_config: [
    isNull,
    (value) => typeof value === 'string' && value.includes('"automatically_purge"'),
  ],
  embedding_fulltext_search_content: [isNull, isText],
} as const satisfies Readonly<Record<string, readonly Test[]>>

type Shape = keyof typeof shapes
export type LostTable = Shape | 'embedding_metadata_array'

/** Columns that later versions added: rows from before lack them. */
const optional: Readonly<Partial<Record<Shape, number>>> = {
  embedding_metadata: 1,
  collection_metadata: 1,
  collections: 2,
}

/** The table that all of the rows can be of. */
export function looksLike(rows: readonly SqliteRow[]): LostTable | undefined {
  const names: readonly Shape[] = [
    'embeddings_queue',
    'embeddings',
    'segments',
    'segments_with_topic',
    'collections_with_topic',
    'max_seq_id',
    'collections',
    'collection_metadata',
    'databases',
    'tenants',
    'embedding_metadata',
    'embeddings_queue_config',
    'embedding_fulltext_search_content',
  ]
  const name = names.find((each) => rows.every(({ values }) => fits(values, each)))
  return name === 'embedding_metadata' && hasLists(rows) ? 'embedding_metadata_array' : name
}

/** Lists have a row for each item, in a table of the same columns; of what is no list each key is there once. */
function hasLists(rows: readonly SqliteRow[]): boolean {
  const keys = new Set(rows.map(({ values: [id, key] }) => JSON.stringify([id, key])))
  return keys.size < rows.length
}

function fits(values: readonly SqliteValue[], name: Shape): boolean {
  const tests: readonly Test[] = shapes[name]
  const fewest = tests.length - (optional[name] ?? 0)
  return (
    values.length <= tests.length &&
    values.length >= fewest &&
    values.every((value, index) => tests[index]?.(value) === true)
  )
}
