"""What SimpleDirectoryReader makes of files: for each path its documents, without nodes, as JSON. stdin: a list of paths."""

import json
import sys

from llama_index.core import SimpleDirectoryReader

paths = json.load(sys.stdin)
# Readers print to stdout; the answer goes there alone.
answer_to, sys.stdout = sys.stdout, sys.stderr
json.dump(
    {
        path: [
            {
                "id": document.id_,
                "text": document.text,
                "metadata": document.metadata,
                "excluded_embed": document.excluded_embed_metadata_keys,
                "excluded_llm": document.excluded_llm_metadata_keys,
                "hash": document.hash,
            }
            for document in SimpleDirectoryReader(input_files=[path], filename_as_id=True).load_data()
        ]
        for path in paths
    },
    answer_to,
)
