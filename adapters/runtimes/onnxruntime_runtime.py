#!/usr/bin/env python3
"""ONNX Runtime as a runtime of EdgeTran's agent: the service `runtime` of docs/protocol.md.

    edgetran-agent --stdio --runtime 'onnxruntime=python3 adapters/runtimes/onnxruntime_runtime.py'

Runs on the CPU provider with the session's defaults but for the threads. An inference is
InferenceSession.run() from token ids in NumPy arrays to outputs in NumPy arrays. Symbolic sizes are
fixed to the deployment's before the session is made, as OpenVINO's are.
"""

import gc
import pathlib
import re
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))

import edgetran_onnx  # noqa: E402
import edgetran_tensors  # noqa: E402
from edgetran_wire import RemoteError, Service, error  # noqa: E402

DEVICE, PROVIDER = "CPU", "CPUExecutionProvider"
PRECISIONS = ["fp32"]
TYPES = {"tensor(int64)": "I64", "tensor(float)": "F32"}
MAX_WORDS = 400  # a message is read, not searched


def onnxruntime():
    try:
        import onnxruntime as module
    except ImportError as failure:
        raise error("device", f"ONNX Runtime cannot be imported: {failure}",
                    "python3 -m pip install onnxruntime") from failure
    module.set_default_logger_severity(4)  # its errors come as exceptions
    return module


def peak_memory_bytes():
    """VmHWM: getrusage() would count the copy of the agent from which this program began."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def number(call, name, kind=int, low=1):
    """A field of the request; a refusal where it is missing or no such number."""
    value = call.fields.get(name)
    kinds = (int,) if kind is int else (int, float)
    if not isinstance(value, kinds) or isinstance(value, bool) or value != value or value < low:
        raise error("usage", f"\"{name}\" is {value!r}; it must be a number of at least {low}")
    return kind(value)


class Runtime:
    def __init__(self):
        try:
            onnxruntime()  # now, so that loading a model is not the time of an import
        except RemoteError:
            pass  # each request says so
        self.session = self.inputs = self.feeds = self.results = None

    def describe(self, _call):
        module = onnxruntime()
        return {"version": module.__version__, "devices": [DEVICE], "precisions": PRECISIONS,
                "device_precisions": {DEVICE: PRECISIONS}, "formats": ["onnx"]}

    def load(self, call):
        self.session = self.inputs = self.feeds = self.results = None
        check_device(call.fields.get("accelerator", DEVICE), call.fields.get("precision"))
        sizes = [number(call, "batch"), number(call, "length")]
        threads = number(call, "threads")
        session = make_session(call.blob, threads, sizes)
        self.inputs = {value.name: describe_input(value, sizes) for value in session.get_inputs()}
        self.session = session
        settings = {"provider": session.get_providers()[0], "precision": "fp32",
                    "intra_op_threads": session.get_session_options().intra_op_num_threads,
                    "inter_op_threads": session.get_session_options().inter_op_num_threads}
        return {"inputs": list(self.inputs.values()), "settings": settings}

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
        # Arrays of their own: those of the blob may lie at odd addresses, and would be copied in
        # every inference.
        self.feeds, self.results = {name: array.copy() for name, array in tensors.items()}, None

    def run(self, call):
        self.ready()
        runs, least = (max(1, number(call, name, low=-1 << 62)) for name in ("runs", "least_runs"))
        seconds = number(call, "seconds", float, low=-1e9)
        limit = number(call, "limit_s", float, low=0)
        gc.disable()  # a collection in the middle of an inference is not the model's
        try:
            times = self.repeat(call, runs, least, int(seconds * 1e9), int(limit * 1e9))
        except (RuntimeError, MemoryError) as failure:
            raise error(*why_not(failure, "run")) from failure
        except Exception as failure:  # its exceptions share no base but Exception
            if type(failure).__module__.startswith("onnxruntime"):
                raise error(*why_not(failure, "run")) from failure
            raise
        finally:
            gc.enable()
        # As a blob: the times of a long window of a small model are more than a JSON frame holds.
        return ({"peak_memory_bytes": peak_memory_bytes()},
                struct.pack(f"<{len(times)}d", *(ns * 1e-9 for ns in times)))

    def repeat(self, call, runs, least, span_ns, limit_ns):
        """Nanoseconds of each inference, until the goal is reached."""
        run, feeds, clock, times = self.session.run, self.feeds, time.perf_counter_ns, []
        begin = end = clock()
        while not ((len(times) >= runs and end - begin >= span_ns)
                   or (0 < limit_ns <= end - begin and len(times) >= least)):
            if call.cancelled:
                raise error("interrupted", "measuring was cancelled")
            start = clock()
            self.results = run(None, feeds)
            end = clock()
            times.append(end - start)
        return times

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


def check_device(accelerator, precision):
    if accelerator != DEVICE:
        raise error("device", f"this program runs ONNX Runtime on {DEVICE}, not on {accelerator}",
                    "choose another accelerator")
    if precision not in PRECISIONS:
        raise error("device", f"ONNX Runtime's CPU provider has no {precision}; it offers "
                    f"{', '.join(PRECISIONS)}", "choose another deployment")


def make_session(model, threads, sizes):
    module = onnxruntime()
    options = module.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    fixed = {}
    for names in edgetran_onnx.symbolic_sizes(model):
        for name, size in zip(names, sizes):
            if name and fixed.setdefault(name, size) != size:
                raise error("usage", f"the model calls two sizes \"{name}\", which the deployment "
                            f"wants to be {fixed[name]} and {size}")
    for name, size in fixed.items():
        options.add_free_dimension_override_by_name(name, size)
    try:
        return module.InferenceSession(model, options, providers=[PROVIDER])
    except Exception as failure:  # its exceptions share no base but Exception
        raise error(*why_not(failure, "load", model)) from failure


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


# What its messages carry of its sources and classes.
NOISE = [
    (r"\[ONNXRuntimeError\] : \d+ : \w+ : ", ""),
    (r"(Fatal error|Exception during initialization): ", ""),
    (r"\S*\.(?:cc|h|cpp):\d+ (?:[^()]*::[^()]*\([^()]*\)|\w+)(?: const)? ", ""),
    (r"Non-zero status code returned while running (\S+) node\. Name:'([^']*)' Status Message: ",
     r'operator \1 (node "\2"): '),
    (r"Node \(([^)]*)\) Op \(([^)]*)\) ", r'operator \2 (node "\1"): '),
    (r"This is an invalid model\. ", ""),
]
EXHAUSTED = ("Failed to allocate memory", "bad_alloc", "Cannot allocate memory",
             "more than 4294967296 bytes", "storage size overflowed")


def words_of(failure):
    words = str(failure)
    for pattern, replacement in NOISE:
        words = re.sub(pattern, replacement, words)
    words = " ".join(words.split())
    return words if len(words) <= MAX_WORDS else words[:MAX_WORDS] + "…"


def missing_operator(words, model):
    """'my.ops.Warp (node "a")' where the message says that an operator is not known."""
    found = re.search(r"(\S*):(\w+)\(-?\d+\) is not a registered function/op", words)
    domain, kind = found.groups() if found else ("", "")
    if not found:
        found = re.search(r"No Op registered for (\w+)", words) or re.search(
            r"Could not find an implementation for (\w+)", words)
        if not found:
            return None
        kind = found[1]
    names = [f'"{name}"' for where, what, name in edgetran_onnx.nodes(model)
             if what == kind and (not domain or where == domain)]
    named = f" (node {', '.join(names[:3])}" + (f" and {len(names) - 3} more)" if names[3:] else ")")
    return (f"{domain}." if domain else "") + kind + (named if names else "")


def why_not(failure, action, model=b""):
    """Category, message and hint of an exception."""
    words, kind = words_of(failure), type(failure).__name__
    if isinstance(failure, MemoryError) or any(phrase in words for phrase in EXHAUSTED):
        return ("resource", f"ONNX Runtime cannot {action} the model: there is not enough memory "
                f"({words})", "use a smaller model, batch or length, or give the agent more memory")
    operator = missing_operator(words, model)
    if operator:
        return ("failed", f"ONNX Runtime has no implementation of the operator {operator}",
                "use a runtime that has it, or a model without it")
    message = f"ONNX Runtime cannot {action} the model: {words}"
    if "ShapeInferenceError" in words:
        return "usage", message, "export the model with this batch and length, or with --dynamic"
    if kind in ("InvalidProtobuf", "InvalidGraph", "InvalidArgument") and action == "load":
        return "corrupt", message, "it must be an ONNX file"
    return "failed", message, ""


def main(runtime=None):
    runtime = runtime or Runtime()
    verbs = {name: getattr(runtime, name)
             for name in ("describe", "load", "set_inputs", "run", "outputs")}
    Service("runtime", verbs, program="onnxruntime_runtime.py").serve_stdio()


if __name__ == "__main__":
    main()
