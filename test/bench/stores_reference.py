"""The same entries as stores.ts, with Python's own client: stores_reference.py FOLDER ENTRIES.json"""

import json
import sys
import time

import chromadb
import numpy

folder, path = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    given = json.load(file)

vectors = numpy.array(given["vectors"], dtype=numpy.float32)
collection = chromadb.PersistentClient(folder).get_or_create_collection("bench")

begun = time.perf_counter()
step = given["inBatch"]
for start in range(0, len(vectors), step):
    part = slice(start, start + step)
    collection.add(
        ids=given["ids"][part],
        embeddings=vectors[part],
        documents=given["documents"][part],
        metadatas=given["metadatas"][part],
    )
add_seconds = time.perf_counter() - begun

query_ms = []
for question in given["questions"]:
    asked = time.perf_counter()
    collection.query(query_embeddings=[question], n_results=10)
    query_ms.append((time.perf_counter() - asked) * 1000)
print(json.dumps({"addSeconds": add_seconds, "queryMs": query_ms}))
