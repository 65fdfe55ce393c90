"""What LlamaIndex makes of files and texts: documents, nodes, hashes and embed texts, as JSON.

stdin: {"files": [path], "texts": [{"id": …, "text": …, "metadata": {…}}],
        "parser": {"class": "SentenceSplitter", "options": {…}}}
The language of a text for CodeSplitter is in its metadata. A document that the parser refuses has null for nodes.
"""

import json
import sys

from llama_index.core import SimpleDirectoryReader, node_parser
from llama_index.core.schema import Document, MetadataMode

job = json.load(sys.stdin)
# LlamaIndex prints warnings to stdout; the answer goes there alone.
answer_to, sys.stdout = sys.stdout, sys.stderr
documents = []
if job["files"]:
    documents = SimpleDirectoryReader(input_files=job["files"], filename_as_id=True).load_data()
for entry in job["texts"]:
    documents.append(Document(text=entry["text"], id_=entry["id"], metadata=entry["metadata"]))

parsers = {}


def parser_for(document):
    """One of each language."""
    language = document.metadata.get("language") if job["parser"]["class"] == "CodeSplitter" else None
    if language not in parsers:
        options = dict(job["parser"]["options"])
        if language is not None:
            options["language"] = language
        parsers[language] = getattr(node_parser, job["parser"]["class"]).from_defaults(**options)
    return parsers[language]


def parse(document):
    try:
        return parser_for(document).get_nodes_from_documents([document])
    except Exception as error:
        print(f"{document.id_}: {error}", file=sys.stderr)
        return None


answer = []
for document in documents:
    nodes = parse(document)
    answer.append(
        {
            "id": document.id_,
            "text": document.text,
            "metadata": document.metadata,
            "excluded_embed": document.excluded_embed_metadata_keys,
            "excluded_llm": document.excluded_llm_metadata_keys,
            "hash": document.hash,
            "nodes": nodes
            and [
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
