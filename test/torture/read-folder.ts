/** The JSON files of a persist dir, read plainly as Python's json.load reads them, and what they should hold. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { documentOf, newVectorOf, vectorsIn, type State } from './plan.ts'

export const files = ['docstore.json', 'index_store.json', 'default__vector_store.json'] as const
export type File = (typeof files)[number]
type Sections = Record<string, Record<string, unknown>>

/** What each file says; null: it is not there. Throws when a file is no JSON. */
export type Contents = Readonly<Record<File, Sections | null>>

export function readFolder(persistDir: string): Contents {
  return Object.fromEntries(files.map((file) => [file, readFile(join(persistDir, file), file)])) as Record<
    File,
    Sections | null
  >
}

function readFile(path: string, file: File): Sections | null {
  if (!existsSync(path)) return null
  const sections = JSON.parse(readFileSync(path, 'utf8')) as Sections
  return file === 'index_store.json' ? { nodes: nodesOfIndex(sections) } : sections
}

/** The ids of indexes are random: what counts is which nodes the only one names. */
function nodesOfIndex(sections: Sections): Record<string, unknown> {
  const structs = Object.values(sections['index_store/data'] ?? {}) as { __data__: string }[]
  if (structs.length !== 1) throw new Error(`${structs.length} indexes in index_store.json`)
  return (JSON.parse(structs[0]!.__data__) as { nodes_dict: Record<string, unknown> }).nodes_dict
}

/** What the files hold for a state: what was there before the torture, and the documents. */
export function expectedContents(base: Contents | null, state: State): Contents {
  if (state === null)
    return { 'docstore.json': null, 'index_store.json': null, 'default__vector_store.json': null }
  const expected = structuredClone(base ?? emptyContents) as Record<File, Sections>
  const docstore = expected['docstore.json']
  const vectorStore = expected['default__vector_store.json']
  const nodesOf = expected['index_store.json']['nodes']!
  if (state.generation > 0)
    for (const nodeId of Object.keys(vectorStore['embedding_dict']!))
      vectorStore['embedding_dict']![nodeId] = [...newVectorOf(nodeId, state.generation)]
  for (const planned of state.documents.values()) {
    const { document, nodes } = documentOf(planned)
    const vectors = vectorsIn(state, planned)
    docstore['docstore/metadata']![document.id] = { doc_hash: document.hash }
    docstore['docstore/ref_doc_info']![document.id] = {
      node_ids: nodes.map(({ node }) => node.id_),
      metadata: document.metadata,
    }
    for (const [index, { node, hash }] of nodes.entries()) {
      docstore['docstore/data']![node.id_] = { __data__: node, __type__: '1' }
      docstore['docstore/metadata']![node.id_] = { doc_hash: hash, ref_doc_id: document.id }
      vectorStore['embedding_dict']![node.id_] = [...vectors[index]!]
      vectorStore['text_id_to_ref_doc_id']![node.id_] = document.id
      vectorStore['metadata_dict']![node.id_] = {
        ...node.metadata,
        _node_type: node.class_name,
        document_id: document.id,
        doc_id: document.id,
        ref_doc_id: document.id,
      }
      nodesOf[node.id_] = node.id_
    }
  }
  return expected
}

const emptyContents: Contents = {
  'docstore.json': { 'docstore/metadata': {}, 'docstore/ref_doc_info': {}, 'docstore/data': {} },
  'index_store.json': { nodes: {} },
  'default__vector_store.json': { embedding_dict: {}, text_id_to_ref_doc_id: {}, metadata_dict: {} },
}

export function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(withoutEmpty(one), withoutEmpty(other))
}

/** A section without entries and one that is not there are the same to Python. */
function withoutEmpty(contents: unknown): unknown {
  if (typeof contents !== 'object' || contents === null) return contents
  return Object.fromEntries(
    Object.entries(contents).map(([file, sections]) => [
      file,
      sections === null
        ? null
        : Object.fromEntries(
            Object.entries(sections as Sections).filter(([, entries]) => Object.keys(entries).length > 0),
          ),
    ]),
  )
}
