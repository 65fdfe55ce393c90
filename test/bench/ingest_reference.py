"""Times of LlamaIndex's SimpleDirectoryReader and SentenceSplitter over a folder, without imports: JSON lines of seconds."""

import json
import sys
import time

from llama_index.core import SimpleDirectoryReader
from llama_index.core.node_parser import SentenceSplitter

folder, extensions, runs = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3])
SentenceSplitter().split_text("Loads the tokenizer. " * 2000)
for _ in range(runs):
    started = time.perf_counter()
    documents = SimpleDirectoryReader(folder, recursive=True, required_exts=extensions, filename_as_id=True).load_data()
    nodes = SentenceSplitter().get_nodes_from_documents(documents)
    print(json.dumps({"seconds": time.perf_counter() - started, "files": len(documents), "nodes": len(nodes)}), flush=True)
