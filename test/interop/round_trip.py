"""What Python LlamaIndex sees in a persist dir: node ids with texts and hashes, and the top 10 for given query vectors."""

import json
import sys

from llama_index.core import StorageContext, load_index_from_storage
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.schema import QueryBundle

persist_dir, queries_path = sys.argv[1], sys.argv[2]
queries = json.load(open(queries_path))
storage_context = StorageContext.from_defaults(persist_dir=persist_dir)
index = load_index_from_storage(storage_context, embed_model=MockEmbedding(embed_dim=384))
retriever = index.as_retriever(similarity_top_k=10)
docstore = storage_context.docstore

answers = []
for vector in queries:
    found = retriever.retrieve(QueryBundle(query_str="", embedding=vector))
    answers.append([{"nodeId": hit.node.node_id, "score": float(hit.score), "text": hit.node.get_content()} for hit in found])

json.dump(
    {
        "nodes": {node_id: node.get_content() for node_id, node in docstore.docs.items()},
        "hashesAgree": all(docstore.get_document_hash(node_id) == node.hash for node_id, node in docstore.docs.items()),
        "structNodes": sorted(index.index_struct.nodes_dict),
        "refDocs": sorted(docstore.get_all_ref_doc_info() or {}),
        "answers": answers,
    },
    sys.stdout,
)
