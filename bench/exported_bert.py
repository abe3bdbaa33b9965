#!/usr/bin/env python3
"""A BERT exported by us beside the same weights exported by Hugging Face's exporter, in ONNX Runtime and
OpenVINO: ratios of latency with their 95 % intervals, and OpenVINO beside ONNX Runtime's defaults.

    .venv/bin/pip install onnxscript      # Hugging Face's exporter needs it
    .venv/bin/python bench/exported_bert.py [--threads 1] [--pairs 20] [--sizes 4x256,12x768] [--lengths 128]

Both files have the inputs input_ids, attention_mask and token_type_ids, 1 x length. A pair is one model and then
the other, each for 0.15 s, in random order; a ratio is the median of the pairs' ratios, its interval that of
the median's order statistics. Exit 1 where our file is slower, or OpenVINO less than 1.3 times (fp32) or 2.5
times (bf16, where the processor has it) as fast as ONNX Runtime in fp32 at 4x256.
"""

import argparse
import math
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime
import openvino

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stderr[-2000:]}")


class OnnxRuntime:
    def __init__(self, path, inputs, threads, _):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(path), options,
                                                    providers=["CPUExecutionProvider"])
        self.inputs = {entry.name: inputs[entry.name] for entry in self.session.get_inputs()}

    def run(self):
        return self.session.run(None, self.inputs)[0]


class OpenVino:
    core = openvino.Core()

    def __init__(self, path, inputs, threads, precision):
        model = self.core.compile_model(str(path), "CPU", {
            "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision, "NUM_STREAMS": 1})
        self.request = model.create_infer_request()
        self.inputs = {entry.any_name: inputs[entry.any_name] for entry in model.inputs}

    def run(self):
        self.request.infer(self.inputs)
        return self.request.get_output_tensor(0).data


def time_of(model, seconds=0.15):
    """Median of the runs within the time."""
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        model.run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def median_interval(values):
    """95 % interval of the median by order statistics (binomial)."""
    ordered, n = sorted(values), len(values)
    below, k = 0.0, 0
    while below + math.comb(n, k) / 2**n <= 0.025:
        below += math.comb(n, k) / 2**n
        k += 1
    return ordered[max(0, k - 1)], ordered[n - max(1, k)]


def compare(one, other, pairs):
    """Latency of one over the other's: median, interval, and the one's median."""
    for model in (one, other):
        time_of(model)
    ratios, times = [], []
    for _ in range(pairs):
        order = [one, other]
        random.shuffle(order)
        seconds = {id(model): time_of(model) for model in order}
        ratios.append(seconds[id(one)] / seconds[id(other)])
        times.append(seconds[id(one)])
    return statistics.median(ratios), *median_interval(ratios), statistics.median(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--sizes", default="4x256,12x768")
    parser.add_argument("--lengths", default="128")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "bin")
    arguments = parser.parse_args()
    random.seed(1)
    kept = True
    print(f"{'model':<8} {'length':>6}  {'comparison':<44} {'latency':>9}  over the other's")

    def row(size, length, words, one, other, most):
        nonlocal kept
        ratio, low, high, seconds = compare(one, other, arguments.pairs)
        good = low <= most
        kept &= good
        print(f"{size:<8} {length:>6}  {words:<44} {1000 * seconds:6.2f} ms  {ratio:.3f} [{low:.3f}, {high:.3f}]"
              f"{'' if good else '   MISSED'}", flush=True)

    for size in arguments.sizes.split(","):
        layers, width = map(int, size.split("x"))
        for length in map(int, arguments.lengths.split(",")):
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                run(sys.executable, ROOT / "bench/peers/export_huggingface.py", "--layers", layers,
                    "--width", width, "--length", length, "--out", folder / "theirs")
                edgetran = arguments.bin / "edgetran"
                run(edgetran, "model", "import", folder / "theirs", "--out", folder / "ours")
                run(edgetran, "model", "export", folder / "ours", "--to", "onnx", "--length", length,
                    "--mask", "--out", folder / "ours.onnx")
                files = {"ours": folder / "ours.onnx", "theirs": folder / "theirs/onnx/model.onnx"}
                ids = np.random.default_rng(1).integers(5, 30000, (1, length))
                inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids),
                          "token_type_ids": np.zeros_like(ids)}

                def load(runtime, which, precision="f32"):
                    return runtime(files[which], inputs, arguments.threads, precision)

                reference = load(OnnxRuntime, "theirs")
                difference = np.abs(load(OnnxRuntime, "ours").run() - reference.run()).max()
                assert difference < 1e-4, f"the outputs differ by {difference}"
                row(size, length, "ONNX Runtime: ours, Hugging Face's", load(OnnxRuntime, "ours"),
                    reference, 1.0)
                mine = load(OpenVino, "ours")
                row(size, length, "OpenVINO: ours, Hugging Face's", mine, load(OpenVino, "theirs"), 1.0)
                bar = 1 / 1.3 if size == "4x256" and length == 128 else 1.0
                row(size, length, "ours: OpenVINO fp32, ONNX Runtime", mine, load(OnnxRuntime, "ours"), bar)
                if "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text():
                    bar = 1 / 2.5 if size == "4x256" and length == 128 else 1.0
                    row(size, length, "ours: OpenVINO bf16, ONNX Runtime", load(OpenVino, "ours", "bf16"),
                        load(OnnxRuntime, "ours"), bar)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
