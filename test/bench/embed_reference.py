"""The bundled model under Python's onnxruntime and tokenizers, as sentence-transformers would run it: texts sorted by
length, batches of 32, padded, mean pooling, normalised. Reads one JSON line of texts, answers with seconds, again and again."""

import json
import sys
import time

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

folder, threads = sys.argv[1], int(sys.argv[2])
tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
tokenizer.enable_truncation(256)
tokenizer.no_padding()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options, providers=["CPUExecutionProvider"])


def embed(texts: list[str]) -> np.ndarray:
    vectors = np.empty((len(texts), 384), np.float32)
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))
    for start in range(0, len(order), 32):
        places = order[start : start + 32]
        width = max(len(encoded[i]) for i in places)
        ids = np.zeros((len(places), width), np.int64)
        mask = np.zeros_like(ids)
        for row, i in enumerate(places):
            ids[row, : len(encoded[i])] = encoded[i]
            mask[row, : len(encoded[i])] = 1
        (hidden,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        vectors[places] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return vectors


for line in sys.stdin:
    texts = json.loads(line)
    start = time.perf_counter()
    vectors = embed(texts)
    print(json.dumps({"seconds": time.perf_counter() - start, "first": vectors[0].tolist()}), flush=True)
