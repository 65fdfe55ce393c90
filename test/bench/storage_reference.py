"""The Python side of storage.ts, with LlamaIndex itself.

make <folder> <nodes> <dimensions> <tokenizer.json>   writes a storage folder, and the queries that both sides are asked
measure <folder>                                      one repetition in this process; prints one line of JSON
"""

import json
import random
import re
import resource
import sys
import time
from pathlib import Path

NODES_OF_A_DOCUMENT = 5


def make(folder: Path, count: int, dimensions: int, tokenizer: Path) -> None:
    import numpy
    from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
    from llama_index.core.schema import Document, NodeRelationship, TextNode

    vocabulary = json.loads(tokenizer.read_text("utf8"))["model"]["vocab"]
    words = [word for word in vocabulary if re.fullmatch("[a-z]{2,}", word)]
    dice = random.Random(1)
    numbers = numpy.random.default_rng(1)
    storage_context = StorageContext.from_defaults()
    index = VectorStoreIndex([], storage_context=storage_context, embed_model=MockEmbedding(dimensions))
    topics = numbers.standard_normal((500, dimensions))

    def unit(vectors):
        return (vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)).astype(numpy.float32)

    nodes = []
    for number in range(count // NODES_OF_A_DOCUMENT):
        path = f"/library/shelf {number % 97}/document {number}.txt"
        # One token each with the bundled model, five nodes of about 200.
        texts = [" ".join(dice.choices(words, k=dice.randint(150, 250))) for _ in range(NODES_OF_A_DOCUMENT)]
        metadata = {
            "file_path": path,
            "file_name": path.rsplit("/", 1)[1],
            "file_type": "text/plain",
            "file_size": sum(map(len, texts)),
            "creation_date": "2026-11-25",
            "last_modified_date": "2026-11-25",
        }
        document = Document(id_=path, text="\n".join(texts), metadata=metadata)
        topic = topics[number % len(topics)]
        vectors = unit(topic + numbers.standard_normal((NODES_OF_A_DOCUMENT, dimensions)))
        start = 0
        for position, text in enumerate(texts):
            node = TextNode(
                text=text,
                metadata=metadata,
                embedding=vectors[position].tolist(),
                start_char_idx=start,
                end_char_idx=start + len(text),
            )
            start += len(text) + 1
            node.relationships[NodeRelationship.SOURCE] = document.as_related_node_info()
            if position > 0:
                node.relationships[NodeRelationship.PREVIOUS] = nodes[-1].as_related_node_info()
                nodes[-1].relationships[NodeRelationship.NEXT] = node.as_related_node_info()
            nodes.append(node)
        storage_context.docstore.set_document_hash(document.id_, document.hash)
        if len(nodes) >= 2000:
            index.insert_nodes(nodes)
            nodes = []
    index.insert_nodes(nodes)
    storage_context.persist(str(folder))
    queries = unit(topics[:50] + 2 * numbers.standard_normal((50, dimensions)))
    (folder / "queries.json").write_text(json.dumps(queries.tolist()))


def measure(folder: Path) -> None:
    from llama_index.core import MockEmbedding, StorageContext, load_index_from_storage
    from llama_index.core.schema import NodeRelationship, QueryBundle, RelatedNodeInfo, TextNode

    queries = json.loads((folder / "queries.json").read_text())
    dimensions = len(queries[0])
    start = time.perf_counter()
    storage_context = StorageContext.from_defaults(persist_dir=str(folder))
    index = load_index_from_storage(storage_context, embed_model=MockEmbedding(dimensions))
    retriever = index.as_retriever(similarity_top_k=10)
    answer = retriever.retrieve(QueryBundle(query_str="", embedding=queries[0]))
    opened = time.perf_counter() - start
    peak = peak_kilobytes()

    searches = []
    for query in queries[1:6]:
        start = time.perf_counter()
        retriever.retrieve(QueryBundle(query_str="", embedding=query))
        searches.append(time.perf_counter() - start)

    source = RelatedNodeInfo(node_id="/library/new.txt")
    nodes = [
        TextNode(text=f"new {number}", embedding=query, relationships={NodeRelationship.SOURCE: source})
        for number, query in enumerate(queries[:NODES_OF_A_DOCUMENT])
    ]
    start = time.perf_counter()
    index.insert_nodes(nodes)
    inserted = time.perf_counter() - start
    start = time.perf_counter()
    storage_context.persist(str(folder))
    persisted = time.perf_counter() - start
    print(
        json.dumps(
            {
                "openMs": opened * 1000,
                "peakKilobytes": peak,
                "searchMs": [seconds * 1000 for seconds in searches],
                "insertMs": [inserted * 1000],
                "persistMs": persisted * 1000,
                "answer": [{"nodeId": hit.node.node_id, "score": hit.score} for hit in answer],
            }
        )
    )


def peak_kilobytes() -> int:
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s*(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder, count, dimensions, tokenizer]:
            make(Path(folder), int(count), int(dimensions), Path(tokenizer))
        case ["measure", folder]:
            measure(Path(folder))
        case _:
            sys.exit(__doc__)
