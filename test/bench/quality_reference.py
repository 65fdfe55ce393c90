"""The same questions put to LlamaIndex's default retriever, over the same folder and with the same query vectors.

quality_reference.py <persist dir> <questions.json: [{"question", "vector"}]> <top k>: the ref doc ids of each answer.
"""

import json
import sys

from llama_index.core import MockEmbedding, QueryBundle, Settings, StorageContext, load_index_from_storage

persist_dir, path, top_k = sys.argv[1:]
questions = json.load(open(path))
Settings.embed_model = MockEmbedding(embed_dim=len(questions[0]["vector"]))
Settings.llm = None
index = load_index_from_storage(StorageContext.from_defaults(persist_dir=persist_dir))
retriever = index.as_retriever(similarity_top_k=int(top_k))
answers = []
for each in questions:
    nodes = retriever.retrieve(QueryBundle(each["question"], embedding=each["vector"]))
    answers.append([node.node.ref_doc_id for node in nodes])
json.dump(answers, open(path + ".answers", "w"))
