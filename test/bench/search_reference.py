"""The Python side of search.ts: search_reference.py FOLDER, with vectors.f32, queries.f32 and input.json in it.

Prints one line of JSON for each of what was asked: the nearest rows by float64 arithmetic, Chroma, LlamaIndex.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy

folder = Path(sys.argv[1])
given = json.loads((folder / "input.json").read_text("utf8"))
dimensions, top_k = given["dimensions"], given["topK"]
vectors = numpy.fromfile(folder / "vectors.f32", dtype=numpy.float32).reshape(-1, dimensions)
queries = numpy.fromfile(folder / "queries.f32", dtype=numpy.float32).reshape(-1, dimensions)


def say(name, **measured):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"name": name, "peakKilobytes": peak, **measured}), flush=True)


def ask(query, questions=queries):
    """What each query takes, in milliseconds, and its rows."""
    took, rows = [], []
    for question in questions:
        asked = time.perf_counter()
        rows.append(query(question))
        took.append((time.perf_counter() - asked) * 1000)
    return took, rows


def exact():
    # float32 finds the candidates, many more than are asked for; float64 orders them
    rows = []
    for question in queries:
        scores = vectors @ question
        near = numpy.argpartition(-scores, top_k * 4)[: top_k * 4]
        scores = vectors[near].astype(numpy.float64) @ question.astype(numpy.float64)
        rows.append([int(row) for row in near[numpy.argsort(-scores, kind="stable")][:top_k]])
    say("exact", rows=rows)


def chroma():
    import chromadb

    begun = time.perf_counter()
    client = chromadb.PersistentClient(str(folder / "chroma"))
    collection = client.create_collection(
        "bench", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
    )
    for start in range(0, len(vectors), 5000):
        part = vectors[start : start + 5000]
        collection.add(ids=[str(start + row) for row in range(len(part))], embeddings=part)
    build = time.perf_counter() - begun

    def query(question):
        answer = collection.query(query_embeddings=question[None, :], n_results=top_k, include=["distances"])
        return [int(row) for row in answer["ids"][0]]

    query(queries[0])
    took, rows = ask(query)
    say("chroma", buildSeconds=build, queryMs=took, rows=rows)


def llama_index():
    from llama_index.core.schema import TextNode
    from llama_index.core.vector_stores import SimpleVectorStore, VectorStoreQuery

    begun = time.perf_counter()
    store = SimpleVectorStore()
    store.add([TextNode(id_=str(row), embedding=vector.tolist()) for row, vector in enumerate(vectors)])
    build = time.perf_counter() - begun

    def query(question):
        answer = store.query(VectorStoreQuery(query_embedding=question.tolist(), similarity_top_k=top_k))
        return [int(row) for row in answer.ids]

    query(queries[0])
    took, rows = ask(query, queries[: given["llamaIndexQueries"]])
    say("llamaindex", buildSeconds=build, queryMs=took, rows=rows)


for name in given["peers"]:
    {"exact": exact, "chroma": chroma, "llamaindex": llama_index}[name]()
