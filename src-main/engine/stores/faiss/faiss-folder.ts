/**
 * A storage folder of LlamaIndex whose vectors are in a FAISS index: FaissVectorStore writes it under the name of the simple
 * vector store's file, and the index store says which node each vector is of; FaissMapVectorStore says it in a file of its own.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { StackroomError } from '#contract'
import { explaining } from '#platform/file-errors.ts'
import { membersOf } from '#engine/storage/llamaindex/json-members.ts'
import { isFaissIndex } from '#engine/storage/foreign-vector-file.ts'
import type { FaissIndex } from './faiss-index.ts'
import { readFaissIndex } from './read-faiss-index.ts'

export interface FaissFolder {
  readonly index: FaissIndex
  /** Of each vector; null where nothing says which node it is of. */
  readonly nodeIds: readonly (string | null)[]
  /** The docstore's entries, as JSON text. */
  entryOf(nodeId: string): string | null
}

const indexFiles = ['default__vector_store.json', 'vector_store.json']
const idMapFile = 'id_map.json'
const docstoreFile = 'docstore.json'
const indexStoreFile = 'index_store.json'

const idMapSchema = z.object({ faiss_id_to_node_id_map: z.record(z.string(), z.string()) })
const indexStoreSchema = z.object({
  'index_store/data': z.record(z.string(), z.object({ __type__: z.string(), __data__: z.unknown() })),
})
const structSchema = z.object({ nodes_dict: z.record(z.string(), z.string()) })

/** Null: the folder has no FAISS index. */
export function faissIndexIn(folder: string): string | null {
  for (const name of indexFiles) {
    const path = join(folder, name)
    if (existsSync(path) && isFaissIndex(path)) return path
  }
  return null
}

/** Throws `not-a-storage-folder`, `damaged-file`, `unsupported-format`, `missing-file`. */
export function readFaissFolder(folder: string): FaissFolder {
  const path = faissIndexIn(folder)
  if (path === null)
    throw new StackroomError('not-a-storage-folder', `There is no FAISS index in ${folder}.`, {
      hint: 'Choose a folder that LlamaIndex wrote with FaissVectorStore or FaissMapVectorStore.',
    })
  const index = readFaissIndex(path)
  const nodes = nodeIdsIn(folder)
  return {
    index,
    nodeIds: index.ids.map((id) => nodes.get(String(id)) ?? null),
    entryOf: docstoreEntries(join(folder, docstoreFile)),
  }
}

function nodeIdsIn(folder: string): ReadonlyMap<string, string> {
  const ofMap = join(folder, idMapFile)
  if (existsSync(ofMap)) return new Map(Object.entries(parsed(ofMap, idMapSchema).faiss_id_to_node_id_map))
  const data = parsed(join(folder, indexStoreFile), indexStoreSchema)['index_store/data']
  const nodes = new Map<string, string>()
  for (const { __type__, __data__ } of Object.values(data)) {
    if (__type__ !== 'vector_store') continue
    const struct = structSchema.safeParse(typeof __data__ === 'string' ? JSON.parse(__data__) : __data__).data
    for (const [id, nodeId] of Object.entries(struct?.nodes_dict ?? {})) nodes.set(id, nodeId)
  }
  return nodes
}

function parsed<Schema extends z.ZodType>(path: string, schema: Schema): z.infer<Schema> {
  const text = explaining(path, () => readFileSync(path, 'utf8'))
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    throw new StackroomError('damaged-file', `${path} cannot be read.`, {
      hint: 'Load and persist the index once with the newest LlamaIndex, or restore the file from a backup.',
      cause: error,
    })
  }
}

/** Places only: an entry is made a text when it is asked for. */
function docstoreEntries(path: string): (nodeId: string) => string | null {
  if (!existsSync(path)) return () => null
  const bytes = explaining(path, () => readFileSync(path))
  const data = membersOf(bytes)?.find(({ key }) => key === 'docstore/data')
  const members = data ? membersOf(bytes, data.start) : []
  if (!members)
    throw new StackroomError('damaged-file', `${path} cannot be read.`, {
      hint: 'Restore the file from a backup.',
    })
  const places = new Map(members.map(({ key, start, end }) => [key, { start, end }]))
  return (nodeId) => {
    const place = places.get(nodeId)
    return place ? bytes.toString('utf8', place.start, place.end) : null
  }
}
