/** `stackroom copy` through Chroma and PostgreSQL and back, of 20,000 nodes, and what Python reads at the end. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CommandLine } from '../integration/run-command.ts'
import { python, startWholePostgres, type WholePostgres } from './whole-postgres.ts'

const run = promisify(execFile)
let server: WholePostgres
let home: string
let command: CommandLine

beforeAll(async () => {
  server = await startWholePostgres('secret')
  home = await mkdtemp(join(tmpdir(), 'stackroom-copy-'))
  command = new CommandLine(home, { PGPASSWORD: server.password })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(home, { recursive: true, force: true })
})

/** LlamaIndex's own folder of nodes with numbers of both kinds, and vectors all over the sphere. */
const writing = `
import sys
import numpy as np
from llama_index.core import Document, MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
folder, count = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(7)
vectors = random.standard_normal((count, 64)).astype("float32")
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
nodes = []
for i in range(count):
    source = RelatedNodeInfo(node_id=f"/books/{i // 20}.txt", node_type="4", hash=f"hash {i // 20}")
    metadata = {"index": i, "whole": float(i), "title": f"Größe {i}", "tags": ["a", str(i % 7)], "none": None}
    nodes.append(TextNode(id_=f"node-{i}", text=f"Text {i}: 🐋 'quoted' \\\\ \\n", metadata=metadata, embedding=vectors[i].tolist(),
        start_char_idx=i, end_char_idx=i + 9, excluded_llm_metadata_keys=["index"], relationships={NodeRelationship.SOURCE: source}))
index = VectorStoreIndex(nodes, embed_model=MockEmbedding(embed_dim=64))
index.storage_context.persist(folder)
`

/** Everything that LlamaIndex makes of a folder, and its answers. */
const reading = `
import hashlib, json, sys
import numpy as np
from llama_index.core import MockEmbedding, StorageContext, load_index_from_storage
from llama_index.core.schema import QueryBundle
context = StorageContext.from_defaults(persist_dir=sys.argv[1])
index = load_index_from_storage(context, embed_model=MockEmbedding(embed_dim=64))
nodes = {id_: [repr(node), node.hash, node.to_dict()] for id_, node in sorted(context.docstore.docs.items())}
stored = index.vector_store.data
random = np.random.default_rng(8)
answers = []
for _ in range(20):
    hits = index.as_retriever(similarity_top_k=10).retrieve(QueryBundle("q", embedding=random.standard_normal(64).tolist()))
    answers.append([[hit.node_id, hit.score] for hit in hits])
digest = lambda value: hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
print(json.dumps({
    "count": len(nodes), "nodes": digest(nodes), "answers": answers,
    "vectors": digest(stored.embedding_dict), "documents": digest(stored.text_id_to_ref_doc_id),
    "metadata": [stored.metadata_dict[f"node-{i}"] for i in range(0, len(nodes), 100)],
    "refs": {key: [sorted(info.node_ids), info.metadata] for key, info in context.docstore.get_all_ref_doc_info().items()},
    "hashes": digest([context.docstore.get_document_hash(id_) for id_ in nodes]),
    "indexed": digest(sorted(index.index_struct.nodes_dict.items())),
}))
`

async function inPython(code: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await run(python, ['-c', code, ...args], { maxBuffer: 1 << 30 })
  return stdout === '' ? null : (JSON.parse(stdout) as unknown)
}

async function copy(from: string, to: string): Promise<unknown> {
  const { code, stdout, stderr } = await command.run('copy', from, '--to', to, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

test('20,000 nodes of a folder that Python wrote, through Chroma and PostgreSQL: Python reads the last folder as the first', async () => {
  const first = join(home, 'first')
  await inPython(writing, first, '20000')
  const files = ['docstore.json', 'default__vector_store.json', 'index_store.json']
  const before = await Promise.all(files.map((name) => readFile(join(first, name))))
  const places = [
    first,
    `chroma:${join(home, 'chroma')}?collection=copied`,
    `postgres://127.0.0.1:${server.port}/postgres?user=postgres&collection=copied`,
    join(home, 'last'),
  ]
  for (const [index, to] of places.entries()) {
    const from = places[index - 1]
    if (from === undefined) continue
    expect(await copy(from, to)).toMatchObject({
      ...{ nodes: 20_000, alreadyThere: 0 },
      check: { nodes: 20_000, vectors: 200, questions: 20 },
    })
  }
  expect(await inPython(reading, join(home, 'last'))).toEqual(await inPython(reading, first))
  const after = await Promise.all(files.map((name) => readFile(join(first, name))))
  expect(after.every((bytes, index) => bytes.equals(before[index]!))).toBe(true)
})

test('what cannot be copied there is refused before anything is made', async () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await command.run('copy', ...args)
    expect(code).not.toBe(0)
    return stderr
  }
  const small = join(home, 'small')
  await inPython(writing, small, '20')
  expect(await refused(small, '--to', small)).toMatch(/source and the target/)
  await writeFile(join(home, 'file.txt'), 'text')
  expect(await refused(small, '--to', home)).toMatch(/not empty/)
  expect(await refused(small, '--to', `postgres://127.0.0.1:${server.port}/postgres?user=postgres`)).toMatch(
    /which collection/,
  )
  expect(await refused(join(home, 'nothing'), '--to', join(home, 'new'))).toMatch(/no|not/)
})
