"""What LlamaIndex makes of files and texts: documents, nodes, hashes and embed texts, as JSON.

stdin: {"files": [path], "texts": [{"id": …, "text": …, "metadata": {…}}], "chunk_size": n, "chunk_overlap": n}
"""

import json
import sys

from llama_index.core import SimpleDirectoryReader
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import Document, MetadataMode

job = json.load(sys.stdin)
# LlamaIndex prints warnings to stdout; the answer goes there alone.
answer_to, sys.stdout = sys.stdout, sys.stderr
documents = []
if job["files"]:
    documents = SimpleDirectoryReader(input_files=job["files"], filename_as_id=True).load_data()
for entry in job["texts"]:
    documents.append(Document(text=entry["text"], id_=entry["id"], metadata=entry["metadata"]))

splitter = SentenceSplitter(chunk_size=job["chunk_size"], chunk_overlap=job["chunk_overlap"])
answer = []
for document in documents:
    nodes = splitter.get_nodes_from_documents([document])
    answer.append(
        {
            "id": document.id_,
            "text": document.text,
            "metadata": document.metadata,
            "excluded_embed": document.excluded_embed_metadata_keys,
            "excluded_llm": document.excluded_llm_metadata_keys,
            "hash": document.hash,
            "nodes": [
                {
                    "node": node.to_dict(),
                    "hash": node.hash,
                    "embed_text": node.get_content(metadata_mode=MetadataMode.EMBED),
                }
                for node in nodes
            ],
        }
    )
json.dump(answer, answer_to)
