"""What the newest LlamaIndex sees in persist dirs, and what it makes of them: the reference for storage-formats.test.ts.

Reads a list of tasks from the file it is given and prints a list of answers:
  create   makes an index of documents and persists it
  change   loads a persist dir, does one operation of an index and persists; answers with the documents it inserted
  compare  the files of two persist dirs, parsed, with the order of their keys; answers with what differs
  differ   everything that LlamaIndex sees in one persist dir and not, or otherwise, in another
  search   the best nodes for some vectors
"""

import contextlib
import hashlib
import json
import struct
import sys
from pathlib import Path

from llama_index.core import (
    Document,
    Settings,
    StorageContext,
    VectorStoreIndex,
    load_index_from_storage,
    load_indices_from_storage,
)
from llama_index.core.embeddings import BaseEmbedding, MultiModalEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import TokenTextSplitter
from llama_index.core.schema import MetadataMode, QueryBundle


class HashEmbedding(BaseEmbedding):
    """Numbers that float32 holds exactly."""

    def _get_text_embedding(self, text):
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        return [value / 32768 for value in struct.unpack("<8h", digest[:16])]

    def _get_query_embedding(self, query):
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query):
        return self._get_text_embedding(query)


class HashImageEmbedding(HashEmbedding, MultiModalEmbedding):
    def _get_image_embedding(self, image):
        return self._get_text_embedding(str(image))

    async def _aget_image_embedding(self, image):
        return self._get_text_embedding(str(image))


Settings.embed_model = HashEmbedding()
Settings.llm = MockLLM()


class Recorder(TokenTextSplitter):
    """Keeps what it cut, as what is inserted elsewhere has to be the very same."""

    def __call__(self, documents, **options):
        nodes = super().__call__(documents, **options)
        if documents:
            recorded.append((documents[0], nodes))
        return nodes


recorded = []


def splitter():
    return Recorder(chunk_size=24, chunk_overlap=4, tokenizer=str.split, id_func=lambda i, document: "%s#%d" % (document.node_id, i))


def as_inserted(document, nodes):
    return {
        "document": {
            "id": document.id_,
            "text": document.text,
            "metadata": document.metadata,
            "excludedEmbedMetadataKeys": document.excluded_embed_metadata_keys,
            "excludedLlmMetadataKeys": document.excluded_llm_metadata_keys,
            "hash": document.hash,
        },
        "nodes": [
            {"node": node.to_dict(), "hash": node.hash, "embedText": node.get_content(metadata_mode=MetadataMode.EMBED)}
            for node in nodes
        ],
        "vectors": [
            Settings.embed_model.get_text_embedding(node.get_content(metadata_mode=MetadataMode.EMBED)) for node in nodes
        ],
    }


def change(persist_dir, operation, index_id=None, ref_doc_id=None, documents=()):
    recorded.clear()
    storage_context = StorageContext.from_defaults(persist_dir=persist_dir)
    made = as_documents(documents)
    refreshed = None
    if operation == "delete-everywhere":
        forget_everywhere(storage_context, ref_doc_id)
    else:
        index = load_index_from_storage(
            storage_context, index_id=index_id, transformations=[splitter()], image_embed_model=HashImageEmbedding()
        )
        if operation == "insert":
            for document in made:
                index.insert(document)
        elif operation == "delete":
            index.delete_ref_doc(ref_doc_id, delete_from_docstore=True)
        elif operation == "delete-from-index":
            index.delete_ref_doc(ref_doc_id)
        elif operation == "update":
            for document in made:
                index.update_ref_doc(document)
        elif operation == "refresh":
            refreshed = index.refresh_ref_docs(made)
    storage_context.persist(persist_dir)
    return {
        "inserted": [as_inserted(document, nodes) for document, nodes in recorded],
        "refreshed": refreshed,
        "documents": [as_inserted(document, [])["document"] for document in made],
    }


def create(persist_dir, documents):
    recorded.clear()
    index = VectorStoreIndex.from_documents(as_documents(documents), transformations=[splitter()])
    index.storage_context.persist(persist_dir)
    return [as_inserted(document, nodes) for document, nodes in recorded]


def as_documents(documents):
    return [Document(text=item["text"], id_=item["id"], metadata=item["metadata"]) for item in documents]


def forget_everywhere(storage_context, ref_doc_id):
    """Each index forgets the document by its own means, as far as it has any."""
    indexes = {index.index_struct.get_type().value: index for index in load_indices_from_storage(storage_context)}
    docstore = storage_context.docstore
    summary_id = indexes["document_summary"].index_struct.doc_id_to_summary_id[ref_doc_id]
    node_ids = [node_id for node_id in docstore.get_ref_doc_info(ref_doc_id).node_ids if node_id != summary_id]
    indexes["list"].delete_nodes(node_ids)
    indexes["keyword_table"].delete_nodes(node_ids)
    indexes["document_summary"].delete_ref_doc(ref_doc_id)
    indexes["vector_store"].delete_nodes(node_ids)
    for node_id in node_ids:
        indexes["vector_store"].index_struct.delete(node_id)
    storage_context.index_store.add_index_struct(indexes["vector_store"].index_struct)
    docstore.delete_ref_doc(ref_doc_id)


def ordered(value):
    """Objects as lists of their members, in order; whether a number has a fraction counts, too."""
    if isinstance(value, dict):
        return ["object", [[key, ordered(item)] for key, item in value.items()]]
    if isinstance(value, list):
        return ["list", [ordered(item) for item in value]]
    return [type(value).__name__, value]


def sections(path, index_ids):
    data = json.loads(path.read_text("utf-8"))
    if path.name == "index_store.json":
        if not index_ids:
            data = json.loads(json.dumps(data).replace(next(iter(data["index_store/data"])), "the index"))
        for struct_dict in data["index_store/data"].values():
            struct_dict["__data__"] = json.loads(struct_dict["__data__"])
            # Python builds these from sets, which have no order; so are the triplets below.
            if "table" in struct_dict["__data__"]:
                table = struct_dict["__data__"]["table"]
                struct_dict["__data__"]["table"] = {key: sorted(nodes) for key, nodes in sorted(table.items())}
    elif path.name == "property_graph_store.json":
        data["triplets"] = sorted(data["triplets"])
    return data


def compare(ours, theirs, index_ids=True):
    names = {path.name for folder in (ours, theirs) for path in Path(folder).glob("*.json")} - {"stackroom.json"}
    differences = []
    for name in sorted(names):
        one, other = Path(ours) / name, Path(theirs) / name
        if not one.exists() or not other.exists():
            differences.append("%s is only in one of them" % name)
            continue
        one, other = sections(one, index_ids), sections(other, index_ids)
        # The order of the sections says nothing: Python makes them as they are first needed.
        for section in sorted(set(one) | set(other)):
            if ordered(one.get(section, {})) != ordered(other.get(section, {})):
                differences.append("%s %s: %s / %s" % (name, section, brief(one.get(section)), brief(other.get(section))))
    return differences


def brief(value):
    return json.dumps(value)[:2000]


def view(persist_dir):
    """Everything there is, by where it is."""
    storage_context = StorageContext.from_defaults(persist_dir=persist_dir)
    docstore = storage_context.docstore
    seen = {}
    for node_id, node in docstore.docs.items():
        seen["node", node_id] = node.to_dict()
        seen["stored hash", node_id] = docstore.get_document_hash(node_id)
    for key, metadata in docstore._kvstore.get_all(collection=docstore._metadata_collection).items():
        seen["hash", key] = metadata
    for ref_doc_id, info in (docstore.get_all_ref_doc_info() or {}).items():
        seen["ref_doc_info", ref_doc_id] = info.to_dict()
    for namespace, store in storage_context.vector_stores.items():
        for part in ("embedding_dict", "text_id_to_ref_doc_id", "metadata_dict"):
            for key, value in getattr(store.data, part).items():
                seen["vector store " + namespace, part, key] = value
    for index_struct in storage_context.index_store.index_structs():
        for name, value in json.loads(index_struct.to_json()).items():
            if isinstance(value, dict):
                for key, item in value.items():
                    seen["index " + index_struct.get_type().value, name, key] = sorted(item) if isinstance(item, list) else item
            else:
                seen["index " + index_struct.get_type().value, name] = value
    seen["graph",] = storage_context.graph_store.to_dict()
    if storage_context.property_graph_store:
        seen["property graph",] = json.loads(storage_context.property_graph_store.graph.model_dump_json())
    return seen


def differ(before, after):
    before, after = view(before), view(after)
    named = lambda keys: sorted(" | ".join(key) for key in keys)
    return {
        "added": named(set(after) - set(before)),
        "removed": named(set(before) - set(after)),
        "changed": named(key for key in set(before) & set(after) if before[key] != after[key]),
        # The order in which a dict has its keys is the order in which results of equal score come.
        "sameOrder": [key for key in before if key in after] == [key for key in after if key in before],
    }


def search(persist_dir, vectors, index_id=None):
    storage_context = StorageContext.from_defaults(persist_dir=persist_dir)
    retriever = load_index_from_storage(storage_context, index_id=index_id).as_retriever(similarity_top_k=5)
    found = [retriever.retrieve(QueryBundle(query_str="", embedding=vector)) for vector in vectors]
    return [
        [{"nodeId": hit.node.node_id, "score": float(hit.score), "text": hit.node.get_content()} for hit in hits] for hits in found
    ]


tasks = {"create": create, "change": change, "compare": compare, "differ": differ, "search": search}


def run(task, **options):
    try:
        return tasks[task](**options)
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}


# LlamaIndex prints things.
with contextlib.redirect_stdout(sys.stderr):
    answers = [run(**task) for task in json.load(open(sys.argv[1], encoding="utf-8"))]
json.dump(answers, sys.stdout)
