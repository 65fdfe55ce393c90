"""Chroma folders beside the Stackroom command: what Python reads of its indexes, and collections that it is to open.

    chroma_collections.py read PERSIST_DIR CHROMA_FOLDER COLLECTION QUERY.json      the answers of LlamaIndex, as JSON
    chroma_collections.py insert PERSIST_DIR CHROMA_FOLDER COLLECTION NODE.json     a node more, by LlamaIndex
    chroma_collections.py write CHROMA_FOLDER RECORDS.json                          as chromadb and LangChain write them
    chroma_collections.py hold CHROMA_FOLDER                                        a client that stays open
"""

import json
import sys
import time

import chromadb
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.schema import QueryBundle, TextNode
from llama_index.vector_stores.chroma import ChromaVectorStore

command, *arguments = sys.argv[1:]
mock = MockEmbedding(embed_dim=384)


def given(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def hits(index, vector):
    found = index.as_retriever(similarity_top_k=2).retrieve(QueryBundle("question", embedding=vector))
    return [{"text": hit.text, "score": hit.score, "path": hit.metadata.get("file_path")} for hit in found]


def read(persist_dir, folder, name, path):
    vector = given(path)
    collection = chromadb.PersistentClient(folder).get_collection(name)
    store = ChromaVectorStore(chroma_collection=collection)
    context = StorageContext.from_defaults(persist_dir=persist_dir, vector_store=store)
    return {
        "fromVectorStore": hits(VectorStoreIndex.from_vector_store(store, embed_model=mock), vector),
        "fromStorage": hits(load_index_from_storage(context, embed_model=mock), vector),
        "documents": sorted(context.docstore.get_all_ref_doc_info()),
        "nodes": sorted(context.docstore.docs),
        "records": sorted(collection.get()["ids"]),
        "embeddingFunction": collection.configuration_json["embedding_function"]["name"],
    }


def insert(persist_dir, folder, name, path):
    node = given(path)
    store = ChromaVectorStore(chroma_collection=chromadb.PersistentClient(folder).get_or_create_collection(name))
    context = StorageContext.from_defaults(persist_dir=persist_dir, vector_store=store)
    index = load_index_from_storage(context, embed_model=mock)
    index.insert_nodes([TextNode(text=node["text"], embedding=node["vector"])])
    index.delete_ref_doc(node["deleted"])
    return {}


def write(folder, path):
    client = chromadb.PersistentClient(folder)
    records = given(path)
    plain = client.create_collection("plain")
    # LangChain's Chroma: no embedding function of the collection's own.
    chained = client.get_or_create_collection("langchain", embedding_function=None)
    for collection, metadata in ((plain, "plain"), (chained, "chained")):
        collection.upsert(
            ids=[record["id"] for record in records],
            documents=[record["text"] for record in records],
            embeddings=[record["vector"] for record in records],
            metadatas=[record[metadata] for record in records],
        )
    return {}


def hold(folder):
    client = chromadb.PersistentClient(folder)
    print(client.list_collections()[0].name, flush=True)
    while True:
        time.sleep(1)


commands = {"read": read, "insert": insert, "write": write, "hold": hold}
print(json.dumps(commands[command](*arguments)))
