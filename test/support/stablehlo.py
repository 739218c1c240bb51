"""Runs StableHLO with JAX's tools: reads cases [{text, inputs: [{data, dtype, shape}]}] and writes, for each, {ok: results} or {error}."""

import json
import sys

import jax
import numpy as np
from jax._src.interpreters import mlir
from jax._src.lib import xla_client
from jaxlib.mlir import ir

device = jax.devices("cpu")[0]


def compiled(text):
    with mlir.make_ir_context():
        text = str(ir.Module.parse(text))
    options = xla_client.CompileOptions()
    try:
        return device.client.compile_and_load(text, xla_client.DeviceList((device,)), options)
    except AttributeError:  # before jaxlib 0.6
        return device.client.compile(text, options)


def run(case):
    try:
        program = compiled(case["text"])
        arrays = [np.array(a["data"], dtype=a["dtype"]).reshape(a["shape"]) for a in case["inputs"]]
        results = program.execute([jax.device_put(a, device) for a in arrays])
        return {"ok": [np.asarray(r).astype(np.float64).ravel().tolist() for r in results]}
    except Exception as error:  # every failure is a result
        return {"error": str(error)[:1000]}


with open(sys.argv[1]) as file:
    cases = json.load(file)
with open(sys.argv[2], "w") as file:
    json.dump([run(case) for case in cases], file)
