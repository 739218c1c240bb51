"""The process of a runner in Python: the same conversation as serve.mjs. Arguments: kind, net, batch, threads."""
import json
import os
import sys
import time

KIND, NET = sys.argv[1:3]
BATCH, THREADS = int(sys.argv[3]), int(sys.argv[4])
FLAVOUR = sys.argv[5] if len(sys.argv) > 5 else ""
MODELS = os.path.join(os.environ.get("KERATIN_PEERS", "."), "models")

MOST, LEAST = 20_000, 3
# Milliseconds a call may take for it to be repeated until there are LEAST.
LONG = 5000


def onnx_file():
    name = f"mnist-b{BATCH}" if NET == "mnist" else NET
    return os.path.join(MODELS, name + ".onnx")


def shapes(channels_first):
    image = [1, 3, 224, 224] if channels_first else [1, 224, 224, 3]
    digits = [BATCH, 1, 28, 28] if channels_first else [BATCH, 28, 28, 1]
    return {
        "mnist": [digits],
        "mobilenetv2": [image],
        "resnet50": [image],
        "encoder": [[1, 128, 384]],
        "gemm1024": [[1024, 1024], [1024, 1024]],
    }[NET]


def repeat(call, budget):
    times = []
    end = time.perf_counter() + budget / 1e3

    def wanted():
        return len(times) < LEAST and (not times or times[0] < LONG)

    while wanted() or (time.perf_counter() < end and len(times) < MOST):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def serve(start):
    """`start` returns the call that is measured."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    begin = time.perf_counter()
    call = start()
    call()
    print(json.dumps({"load_ms": (time.perf_counter() - begin) * 1e3}), file=out, flush=True)
    for line in sys.stdin:
        print(json.dumps(repeat(call, float(line))), file=out, flush=True)
