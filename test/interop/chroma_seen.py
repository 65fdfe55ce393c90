"""Prints what Python's chromadb sees in a Chroma folder: every record with its vector, and the answers to two queries.

chroma_seen.py <folder> [--add N]     with --add, N records are added to each collection first
"""

import json
import sys

import chromadb

client = chromadb.PersistentClient(sys.argv[1], settings=chromadb.Settings(anonymized_telemetry=False))
add = int(sys.argv[3]) if len(sys.argv) > 3 else 0


def plain(vector):
    return None if vector is None else [float(number) for number in vector]


def answer(collection, dimension, where):
    if dimension is None:
        return []
    found = collection.query(query_embeddings=[[0.5] * dimension], n_results=5, where=where)
    return [[id, distance] for id, distance in zip(found["ids"][0], found["distances"][0])]


seen = {}
for listed in client.list_collections():
    # Chroma 0.6 lists names.
    collection = client.get_collection(listed if isinstance(listed, str) else listed.name)
    got = collection.get(include=["documents", "metadatas"])
    records = {}
    for place, id in enumerate(got["ids"]):
        try:
            vector = plain(collection.get(ids=[id], include=["embeddings"])["embeddings"][0])
        except Exception:
            vector = None
        records[id] = {
            "vector": vector,
            "document": got["documents"][place],
            "metadata": got["metadatas"][place],
        }
    dimension = next((len(record["vector"]) for record in records.values() if record["vector"]), None)
    if add and dimension:
        collection.add(
            ids=[f"added-{number}" for number in range(add)], embeddings=[[0.1] * dimension] * add
        )
    try:
        filtered = answer(collection, dimension, {"shelf": 2})
    except Exception as error:
        filtered = str(error)
    seen[collection.name] = {
        "metadata": collection.metadata,
        "records": records,
        "answer": answer(collection, dimension, None),
        "filtered": filtered,
    }
print(json.dumps(seen))
