"""LlamaIndex's ChromaVectorStore on a Chroma folder: writes nodes, or answers queries; what it saw goes out as JSON.

    chroma_store.py write FOLDER COLLECTION NODES.json
    chroma_store.py read FOLDER COLLECTION QUERIES.json
    chroma_store.py delete FOLDER COLLECTION REF_DOC_IDS.json
"""

import json
import sys

import chromadb
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.schema import NodeRelationship, QueryBundle, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import MetadataFilters
from llama_index.vector_stores.chroma import ChromaVectorStore

command, folder, name, path = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    given = json.load(file)

client = chromadb.PersistentClient(folder)
collection = client.get_or_create_collection(name)
store = ChromaVectorStore(chroma_collection=collection)
mock = MockEmbedding(embed_dim=4)


def write():
    nodes = []
    for item in given:
        source = RelatedNodeInfo(node_id=item["refDocId"], node_type="4", hash="hash")
        nodes.append(
            TextNode(
                id_=item["id"],
                text=item["text"],
                metadata=item["metadata"],
                embedding=item["vector"],
                start_char_idx=3,
                end_char_idx=7,
                metadata_template="{key}: {value}",
                metadata_separator="\n",
                text_template="{metadata_str}\n\n{content}",
                relationships={NodeRelationship.SOURCE: source},
            )
        )
    context = StorageContext.from_defaults(vector_store=store)
    VectorStoreIndex(nodes, storage_context=context, embed_model=mock)


def read():
    index = VectorStoreIndex.from_vector_store(store, embed_model=mock)
    answers = []
    for query in given:
        filters = query.get("filters") and MetadataFilters.model_validate(query["filters"])
        retriever = index.as_retriever(similarity_top_k=query["topK"], filters=filters)
        hits = retriever.retrieve(QueryBundle("question", embedding=query["vector"]))
        answers.append(
            [{"nodeId": hit.node_id, "score": hit.score, "text": hit.text, "metadata": hit.metadata} for hit in hits]
        )
    return answers


def entries():
    found = collection.get(include=["metadatas", "documents", "embeddings"])
    rows = zip(found["ids"], found["metadatas"], found["documents"], found["embeddings"])
    return {
        id_: {"metadata": metadata, "document": document, "vector": [float(value) for value in vector]}
        for id_, metadata, document, vector in rows
    }


answers = None
if command == "write":
    write()
elif command == "delete":
    index = VectorStoreIndex.from_vector_store(store, embed_model=mock)
    for ref_doc_id in given:
        index.delete_ref_doc(ref_doc_id)
else:
    answers = read()
print(json.dumps({"answers": answers, "entries": entries(), "configuration": collection.configuration_json}))
