"""Runtimes that take the ONNX files: ort, openvino, iree, tvm."""
import os
import subprocess
import sys

import numpy as np
from serve import BATCH, FLAVOUR, NET, THREADS, onnx_file, serve, shapes

rng = np.random.default_rng(0)
arrays = [rng.standard_normal(shape, np.float32) for shape in shapes(channels_first=True)]


def ort():
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    session = onnxruntime.InferenceSession(onnx_file(), options, providers=["CPUExecutionProvider"])
    feeds = {port.name: array for port, array in zip(session.get_inputs(), arrays)}
    return lambda: session.run(None, feeds)


def openvino():
    import openvino as ov

    core = ov.Core()
    config = {
        "INFERENCE_NUM_THREADS": THREADS,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    request = core.compile_model(core.read_model(onnx_file()), "CPU", config).create_infer_request()
    for i, array in enumerate(arrays):
        request.set_input_tensor(i, ov.Tensor(array))
    return request.infer


def iree():
    """Compiled ahead of time, once; the module lies beside the ONNX file."""
    import iree.runtime as rt

    tools = os.path.join(sys.prefix, "bin")
    mlir, module = onnx_file() + ".mlir", onnx_file() + ".vmfb"
    if not os.path.exists(module):
        run = lambda *command: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        run(f"{tools}/iree-import-onnx", onnx_file(), "-o", mlir, "--opset-version", "17")
        flags = ["--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu"]
        flags += ["--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3"]
        run(f"{tools}/iree-compile", mlir, "-o", module, *flags)
    if THREADS > 1:
        rt.flags.parse_flags(f"--task_topology_group_count={THREADS}")
    config = rt.Config("local-sync" if THREADS == 1 else "local-task")
    loaded = rt.load_vm_module(rt.VmModule.mmap(config.vm_instance, module), config)
    inputs = [rt.asdevicearray(config.device, array) for array in arrays]
    return lambda: np.asarray(loaded.main_graph(*inputs))


def tvm():
    """Relax with its default pipeline, untuned."""
    os.environ["TVM_NUM_THREADS"] = str(THREADS)
    import onnx
    import tvm as library
    from tvm import relax
    from tvm.relax.frontend.onnx import from_onnx

    module = from_onnx(onnx.load(onnx_file()), keep_params_in_input=False)
    target = library.target.Target({"kind": "llvm", "num-cores": THREADS})
    with target:
        built = library.compile(module, target=target)
    machine = relax.VirtualMachine(built, library.cpu())
    inputs = [library.runtime.tensor(array) for array in arrays]
    return lambda: machine["main"](*inputs)


serve({"ort": ort, "openvino": openvino, "iree": iree, "tvm": tvm}[FLAVOUR])
