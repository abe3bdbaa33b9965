#!/usr/bin/env python3
"""A deployed layer of each head type over one of plain sa_sdp heads, in OpenVINO and ONNX Runtime, fp32,
one thread (the table of encoder.md, section 4).

    .venv/bin/python bench/deployed_heads.py [--lengths 32,128,512] [--widths 256,768] [--rounds 15] [--bin build/bin]

The heads and their projections are compared, with next to no feed-forward stack (whole layers of BERT's
shape spend two thirds of their products there). A layer's time is a fourth of what five layers take longer
than one. All models of a row are measured in
turn in every round; figures are medians of rounds. Exit 1 where a bar is missed.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime
import openvino

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD_WIDTH = 64
#: name: (head, position, wanted at 128, wanted at 512 by width)
CASES = {
    "sa_sdp": ("sa_sdp", "absolute", {}),
    "l_dct": ("l_dct", "absolute", {128: 0.42, 512: 0.42}),
    "l_dft": ("l_dft", "absolute", {128: 0.50, 512: 0.35}),
    "c_5": ("c_5", "absolute", {128: 1.0, (512, 256): 0.70, (512, 768): 0.85}),
    "c_9": ("c_9", "absolute", {128: 1.0, (512, 256): 0.70, (512, 768): 0.85}),
    "c_13": ("c_13", "absolute", {128: 1.0, (512, 256): 0.70, (512, 768): 0.85}),
    "sa_sdp, relative": ("sa_sdp", "relative_key", {128: 1.20, 512: 1.5}),
    "sa_wma, relative": ("sa_wma", "relative_key", {128: 1.25, 512: 1.6}),
}


def run(*command):
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


def export(edgetran, folder, head, position, width, layers, length):
    spec = {"vocabulary": 500, "positions": 512, "position": position, "types": 2, "embedding": width,
            "layers": [{"width": width, "head_width": HEAD_WIDTH, "heads": [head] * (width // HEAD_WIDTH),
                        "feed_forward": [8]}] * layers}  # next to none: the heads are compared
    name = f"{head}-{position}-{width}-{layers}-{length}"
    (folder / f"{name}.json").write_text(json.dumps(spec))
    run(edgetran, "model", "init", folder / f"{name}.json", "--labels", 2, "--out", folder / name)
    run(edgetran, "model", "export", folder / name, "--to", "onnx", "--length", length, "--out",
        folder / f"{name}.onnx")
    return folder / f"{name}.onnx"


class OpenVino:
    name = "OpenVINO"
    core = openvino.Core()

    def __init__(self, path, inputs):
        model = self.core.compile_model(str(path), "CPU", {
            "INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1})
        self.request, self.inputs = model.create_infer_request(), inputs

    def run(self):
        self.request.infer(self.inputs)


class OnnxRuntime:
    name = "ONNX Runtime"

    def __init__(self, path, inputs):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options,
                                                    providers=["CPUExecutionProvider"])
        self.inputs = inputs

    def run(self):
        self.session.run(None, self.inputs)


def best_of(model, seconds=0.04):
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        model.run()
        best = min(best, time.perf_counter() - start)
    return best


def layer_times(runtime, paths, inputs, rounds):
    """Median seconds of a layer for each case."""
    models = {case: [runtime(path, inputs) for path in pair] for case, pair in paths.items()}
    times = {case: [] for case in models}
    for _ in range(rounds):
        for case, (one, five) in models.items():
            times[case].append((best_of(five) - best_of(one)) / 4)
    return {case: statistics.median(values) for case, values in times.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lengths", default="32,128,512")
    parser.add_argument("--widths", default="256,768")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "bin")
    arguments = parser.parse_args()
    kept = True
    print(f"{'runtime':<13} {'width':>5} {'length':>6}  " +
          " ".join(f"{case:>17}" for case in CASES))
    for width in map(int, arguments.widths.split(",")):
        for length in map(int, arguments.lengths.split(",")):
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                paths = {case: [export(arguments.bin / "edgetran", folder, head, position, width,
                                       layers, length) for layers in (1, 5)]
                         for case, (head, position, _) in CASES.items()}
                ids = np.random.default_rng(1).integers(0, 500, (1, length))
                inputs = {"input_ids": ids, "token_type_ids": np.zeros_like(ids)}
                for runtime in (OpenVino, OnnxRuntime):
                    times = layer_times(runtime, paths, inputs, arguments.rounds)
                    cells = []
                    for case, (_, _, bars) in CASES.items():
                        ratio = times[case] / times["sa_sdp"]
                        bar = bars.get(length, bars.get((length, width)))
                        held = runtime is not OpenVino or bar is None or ratio <= bar
                        kept &= held
                        text = f"{1e6 * times[case]:.0f} us" if case == "sa_sdp" else f"{ratio:.2f}"
                        if bar is not None and runtime is OpenVino:
                            text += f" ({bar}{'' if held else ' MISSED'})"
                        cells.append(f"{text:>17}")
                    print(f"{runtime.name:<13} {width:>5} {length:>6}  " + " ".join(cells), flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
