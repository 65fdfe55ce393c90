"""Makes a Chroma folder with what fixtures lack: a second tenant and database, uris, lists as metadata, settings of collections."""

import sys

import chromadb
from chromadb.config import Settings
from chromadb.utils import embedding_functions

folder = sys.argv[1]
settings = Settings(anonymized_telemetry=False, is_persistent=True, persist_directory=folder)
admin = chromadb.AdminClient(settings)
admin.create_tenant("library")
admin.create_database("branch", tenant="library")
branch = chromadb.PersistentClient(folder, settings=settings, tenant="library", database="branch")
branch.create_collection(
    "films",
    configuration={"hnsw": {"space": "ip", "max_neighbors": 24}},
    embedding_function=embedding_functions.HuggingFaceEmbeddingServer(url="http://127.0.0.1:1/embed"),
).add(
    ids=["a", "b"],
    embeddings=[[1, 0, 0], [0, 1, 0]],
    uris=["file:///a.png", "file:///b.png"],
    metadatas=[{"tags": ["one", "two"], "years": [1990, 1991]}, {"year": 2001}],
)
client = chromadb.PersistentClient(folder, settings=settings)
client.create_collection("films", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None).add(
    ids=["x"], embeddings=[[3, 4]], documents=["same name, another database"]
)
