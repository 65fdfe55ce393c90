"""Reads each file that is named on standard input as LlamaIndex's stores do, and says whether Python took it."""

import json
import sys

for line in sys.stdin:
    try:
        with open(json.loads(line), "rb") as file:
            json.load(file)
        answer = {"error": None}
    except (ValueError, RecursionError, OSError) as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
