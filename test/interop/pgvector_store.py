"""LlamaIndex's PGVectorStore on a database: writes nodes, answers queries, deletes; what it saw goes out as JSON.

    pgvector_store.py PORT PASSWORD TABLE write|read|delete|words INPUT.json

INPUT: {"settings": {…keywords of PGVectorStore}, "given": nodes, queries, ref doc ids, or questions}
"""

import json
import sys
from urllib.parse import quote

import psycopg2
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.schema import NodeRelationship, QueryBundle, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import MetadataFilters, VectorStoreQuery, VectorStoreQueryMode
from llama_index.vector_stores.postgres import PGVectorStore

port, password, table, command, path = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    request = json.load(file)
given = request["given"]

store = PGVectorStore.from_params(
    host="127.0.0.1",
    port=port,
    user="postgres",
    # It is put into an address as it is.
    password=quote(password, safe=""),
    database="postgres",
    table_name=table,
    embed_dim=4,
    **request["settings"],
)
mock = MockEmbedding(embed_dim=4)


def write():
    nodes = [
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
            relationships={
                NodeRelationship.SOURCE: RelatedNodeInfo(node_id=item["refDocId"], node_type="4", hash="hash")
            },
        )
        for item in given
    ]
    VectorStoreIndex(nodes, storage_context=StorageContext.from_defaults(vector_store=store), embed_model=mock)


def answer(query):
    filters = query.get("filters") and MetadataFilters.model_validate(query["filters"])
    result = store.query(
        VectorStoreQuery(
            query_embedding=query["vector"],
            query_str=query.get("text"),
            similarity_top_k=query["topK"],
            mode=VectorStoreQueryMode(query.get("mode", "default")),
            mmr_threshold=query.get("mmrThreshold"),
            filters=filters,
        )
    )
    return [
        {"nodeId": id_, "score": score, "text": node.get_content(), "metadata": node.metadata}
        for id_, score, node in zip(result.ids, result.similarities, result.nodes)
    ]


def words(question):
    statement = store._build_sparse_query(question, 1)
    compiled = statement.compile().params
    return next(value for key, value in compiled.items() if key.startswith("to_tsquery") and value != "english")


def look(sql):
    with psycopg2.connect(host="127.0.0.1", port=port, user="postgres", password=password, dbname="postgres") as connection:
        with connection.cursor() as cursor:
            cursor.execute(sql, (f"data_{table}",))
            return cursor.fetchall()


answers = None
if command == "write":
    write()
elif command == "delete":
    for ref_doc_id in given:
        VectorStoreIndex.from_vector_store(store, embed_model=mock).delete_ref_doc(ref_doc_id)
elif command == "words":
    answers = [words(question) for question in given]
else:
    answers = [answer(query) for query in given]

columns = """SELECT column_name, ordinal_position, data_type, udt_name, is_nullable, column_default, generation_expression
    FROM information_schema.columns WHERE table_name = %s ORDER BY 2"""
shape = """SELECT format_type(atttypid, atttypmod) FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attname = 'embedding'"""
indexes = "SELECT indexdef FROM pg_indexes WHERE tablename = %s ORDER BY 1"
rows = {}
if command != "words":
    found = look(f"SELECT node_id, text, metadata_::text, embedding::text, %s FROM data_{table} ORDER BY id")
    rows = {row[0]: list(row[1:4]) for row in found}
print(
    json.dumps(
        {"answers": answers, "rows": rows, "columns": look(columns), "shape": look(shape), "indexes": look(indexes)}
    )
)
