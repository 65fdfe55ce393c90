"""Loads each persist dir that is named on standard input with LlamaIndex, and prints what is in its stores."""

import json
import sys

from llama_index.core import StorageContext, load_index_from_storage
from llama_index.core.embeddings import MockEmbedding


def look(persist_dir: str) -> dict:
    storage_context = StorageContext.from_defaults(persist_dir=persist_dir)
    index = load_index_from_storage(storage_context, embed_model=MockEmbedding(embed_dim=384))
    docstore = storage_context.docstore
    vectors = storage_context.vector_store.data
    nodes = docstore.docs
    data = {}
    for node_id, node in nodes.items():
        # what the class adds when it loads is not in the file
        raw = docstore._kvstore.get(node_id, collection=docstore._node_collection)
        assert node.get_content() == raw["__data__"]["text"], node_id
        assert node_id in vectors.embedding_dict, node_id
        data[node_id] = raw
    hashes = {key: value for key, value in docstore._kvstore.get_all(collection=docstore._metadata_collection).items()}
    for node_id in nodes:
        assert docstore.get_document_hash(node_id) == hashes[node_id]["doc_hash"]
    ref_doc_info = {}
    for ref_doc_id, info in (docstore.get_all_ref_doc_info() or {}).items():
        assert all(node_id in nodes for node_id in info.node_ids), ref_doc_id
        ref_doc_info[ref_doc_id] = {"node_ids": info.node_ids, "metadata": info.metadata}
    return {
        "docstore.json": {"docstore/metadata": hashes, "docstore/ref_doc_info": ref_doc_info, "docstore/data": data},
        "index_store.json": {"nodes": index.index_struct.nodes_dict},
        "default__vector_store.json": {
            "embedding_dict": vectors.embedding_dict,
            "text_id_to_ref_doc_id": vectors.text_id_to_ref_doc_id,
            "metadata_dict": vectors.metadata_dict,
        },
    }


for line in sys.stdin:
    try:
        answer = {"contents": look(json.loads(line))}
    except Exception as error:  # the test says which folder it was
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
