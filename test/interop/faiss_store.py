"""FAISS indexes and LlamaIndex's folders with them.

    faiss_store.py indexes FOLDER       index files of every kind that is read, and what FAISS reconstructs from each
    faiss_store.py folder plain|map DIR a storage folder with a FAISS index, and the answers of its retriever
    faiss_store.py read FILE            what FAISS reads from a file
"""

import json
import sys

import faiss
import numpy as np
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.schema import NodeRelationship, QueryBundle, RelatedNodeInfo, TextNode
from llama_index.vector_stores.faiss import FaissMapVectorStore, FaissVectorStore

command = sys.argv[1]
random = np.random.default_rng(3)
vectors = random.standard_normal((300, 8)).astype("float32")
ids = np.arange(300, dtype="int64") * 7 + 5


def indexes(folder):
    made = {
        "flat-l2": faiss.IndexFlatL2(8),
        "flat-ip": faiss.IndexFlatIP(8),
        "ivf-flat": faiss.IndexIVFFlat(faiss.IndexFlatL2(8), 8, 7),
        "ivf-sparse": faiss.IndexIVFFlat(faiss.IndexFlatL2(8), 8, 200),
        "hnsw-flat": faiss.IndexHNSWFlat(8, 16),
        "sq8": faiss.IndexScalarQuantizer(8, faiss.ScalarQuantizer.QT_8bit),
        "sq8-uniform": faiss.IndexScalarQuantizer(8, faiss.ScalarQuantizer.QT_8bit_uniform),
    }
    seen = {}
    for name, index in made.items():
        index.train(vectors)
        index.add(vectors)
        if name == "ivf-flat":
            index.make_direct_map()
        faiss.write_index(index, f"{folder}/{name}")
        if name == "ivf-sparse":
            index.make_direct_map()
        seen[name] = index.reconstruct_n(0, 300).tolist()
    for name, index in (("idmap", faiss.IndexIDMap(faiss.IndexFlatL2(8))), ("idmap2", faiss.IndexIDMap2(faiss.IndexFlatIP(8)))):
        index.add_with_ids(vectors, ids)
        faiss.write_index(index, f"{folder}/{name}")
        seen[name] = vectors.tolist()
    return seen


def folder(kind, path):
    if kind == "map":
        store = FaissMapVectorStore(faiss.IndexIDMap2(faiss.IndexFlatL2(8)))
    else:
        store = FaissVectorStore(faiss.IndexFlatIP(8))
    nodes = []
    for i in range(40):
        source = RelatedNodeInfo(node_id=f"doc {i // 4}", node_type="4", hash="hash")
        relationships = {NodeRelationship.SOURCE: source}
        nodes.append(
            TextNode(id_=f"node {i}", text=f"text {i}", metadata={"i": i}, embedding=vectors[i].tolist(), relationships=relationships)
        )
    context = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex(nodes, storage_context=context, embed_model=MockEmbedding(embed_dim=8))
    if kind == "map":
        store.delete_nodes(["node 3", "node 7"])
    index.storage_context.persist(path)
    answers = []
    for i in range(100, 105):
        hits = index.as_retriever(similarity_top_k=5).retrieve(QueryBundle("q", embedding=vectors[i].tolist()))
        answers.append({"vector": vectors[i].tolist(), "hits": [[hit.node_id, float(hit.score), hit.text] for hit in hits]})
    return answers


def read(path):
    index = faiss.read_index(path)
    inner = faiss.downcast_index(index.index) if hasattr(index, "index") else index
    map_ids = faiss.vector_to_array(index.id_map).tolist() if hasattr(index, "id_map") else None
    return {"kind": type(index).__name__, "ids": map_ids, "metric": index.metric_type, "vectors": inner.reconstruct_n(0, index.ntotal).tolist()}


print(json.dumps({"indexes": indexes, "folder": folder, "read": read}[command](*sys.argv[2:])))
