#!/usr/bin/env python3
"""ONNX Runtime as a runtime of EdgeTran's agent: the service `runtime` of docs/protocol.md.

    edgetran-agent --stdio --runtime 'onnxruntime=python3 adapters/runtimes/onnxruntime_runtime.py'

Runs on the CPU provider with the session's defaults but for the threads. An inference is
InferenceSession.run() from token ids in NumPy arrays to outputs in NumPy arrays.
"""

import gc
import pathlib
import resource
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))

import edgetran_tensors  # noqa: E402
from edgetran_wire import Service, error  # noqa: E402

PROVIDER = "CPUExecutionProvider"
TYPES = {"tensor(int64)": "I64", "tensor(float)": "F32"}


def onnxruntime():
    try:
        import onnxruntime as module
    except ImportError as failure:
        raise error("device", f"ONNX Runtime cannot be imported: {failure}",
                    "python3 -m pip install onnxruntime") from failure
    module.set_default_logger_severity(3)  # warnings of the graph optimiser are no news
    return module


def peak_memory_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Runtime:
    def __init__(self):
        self.session = self.inputs = self.feeds = self.results = None

    def describe(self, _call):
        module = onnxruntime()
        return {"version": module.__version__, "devices": ["CPU"], "precisions": ["fp32"]}

    def load(self, call):
        module = onnxruntime()
        fields = call.fields
        if fields["precision"] != "fp32":
            raise error("device", f"ONNX Runtime's CPU provider has no {fields['precision']}; it "
                        "offers fp32", "choose another deployment")
        self.session = self.feeds = self.results = None
        options = module.SessionOptions()
        options.intra_op_num_threads = fields["threads"]
        options.inter_op_num_threads = 1
        try:
            self.session = module.InferenceSession(call.blob, options, providers=[PROVIDER])
        except Exception as failure:  # its exceptions share no base but Exception
            raise error(*why_not(failure)) from failure
        sizes = [fields["batch"], fields["length"]]
        self.inputs = {value.name: describe_input(value, sizes)
                       for value in self.session.get_inputs()}
        return {"inputs": list(self.inputs.values())}

    def set_inputs(self, call):
        self.loaded()
        try:
            tensors = edgetran_tensors.decode_tensors(call.blob)
        except (ValueError, KeyError, TypeError) as failure:
            raise error("corrupt", f"the inputs cannot be read: {failure}") from failure
        for name in tensors:
            if name not in self.inputs:
                raise error("usage", f"the model has no input \"{name}\"")
        for name, info in self.inputs.items():
            if name not in tensors:
                raise error("usage", f"the input \"{name}\" is missing")
            dtype = edgetran_tensors.TYPES[info["type"]]
            if list(tensors[name].shape) != info["shape"] or tensors[name].dtype != dtype:
                raise error("usage", f"the input \"{name}\" has the wrong type or shape")
        self.feeds, self.results = tensors, None

    def run(self, call):
        self.ready()
        goal, seconds = call.fields, []
        run, feeds, clock = self.session.run, self.feeds, time.perf_counter
        gc.disable()  # a collection in the middle of an inference is not the model's
        try:
            begin = clock()
            while not reached(goal, len(seconds), clock() - begin):
                if call.cancelled:
                    raise error("interrupted", "measuring was cancelled")
                start = clock()
                self.results = run(None, feeds)
                seconds.append(clock() - start)
        finally:
            gc.enable()
        return {"seconds": seconds, "peak_memory_bytes": peak_memory_bytes()}

    def outputs(self, _call):
        if self.results is None:
            raise error("usage", "nothing was run yet")
        names = [value.name for value in self.session.get_outputs()]
        return {}, edgetran_tensors.encode_tensors(dict(zip(names, self.results)))

    def loaded(self):
        if self.session is None:
            raise error("usage", "no model is loaded")

    def ready(self):
        self.loaded()
        if self.feeds is None:
            raise error("usage", "the model has no inputs yet")


def reached(goal, runs, elapsed_s):
    if 0 < goal["limit_s"] <= elapsed_s and runs >= max(1, goal["least_runs"]):
        return True
    return runs >= max(1, goal["runs"]) and elapsed_s >= goal["seconds"]


def describe_input(value, sizes):
    """Its symbolic sizes become the deployment's; other fixed ones are refused."""
    if value.type not in TYPES:
        raise error("usage", f"\"{value.name}\" of the model is of type {value.type}; known are "
                    + ", ".join(TYPES))
    fits = len(value.shape) == 2 and all(
        not isinstance(have, int) or have == want for have, want in zip(value.shape, sizes))
    if not fits:
        raise error("usage", f"input \"{value.name}\" of the model is {value.shape}, the "
                    f"deployment wants {sizes}",
                    "export the model with this batch and length, or with --dynamic")
    return {"name": value.name, "type": TYPES[value.type], "shape": sizes}


def why_not(failure):
    """Category and message: ONNX Runtime says which operator it lacks."""
    name = type(failure).__name__
    corrupt = name in ("InvalidProtobuf", "InvalidGraph", "InvalidArgument")
    message = f"ONNX Runtime cannot load the model: {failure}"
    return ("corrupt", message, "it must be an ONNX file") if corrupt else ("failed", message)


def main():
    runtime = Runtime()
    verbs = {name: getattr(runtime, name)
             for name in ("describe", "load", "set_inputs", "run", "outputs")}
    Service("runtime", verbs, program="onnxruntime_runtime.py").serve_stdio()


if __name__ == "__main__":
    main()
