#!/usr/bin/env python3
"""Our median latency against OpenVINO's own timing of the same compiled model.

    .venv/bin/python bench/openvino_timing.py [--spec examples/models/bert-tiny.json] [--length 128]
        [--threads 1] [--rounds 9] [--profile quick] [--bin build/bin]

OpenVINO's own timing is `latency` of its inference request: the library takes it in C++ around infer(),
and its benchmark_app prints the median of nothing else (openvino/tools/benchmark/benchmark.py,
`sync_inference`, two decimals of a millisecond: too coarse to compare). A loop timed in Python would time
Python too. Both sides have the same ONNX bytes, properties and number of threads, each in a process of
its own; they take turns, the first one alternating. Bar: the median over the rounds of the ratio of the
two medians is within 3 % of 1. Exit 1 where it is not.
"""

import argparse
import hashlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from programs import run_json

ROOT = pathlib.Path(__file__).resolve().parent.parent
BAR = 0.03

#: Its own timing: warm-up as long as our profile's, then as many seconds as its windows take.
PEER = """
import json, statistics, sys, time
import numpy, openvino
path, threads, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
model = openvino.Core().compile_model(path, "CPU", {
    "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1,
    "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False})
request = model.create_infer_request()
for port in model.inputs:
    tensor = request.get_tensor(port)
    random = numpy.random.default_rng(1)
    tensor.data[:] = (random.integers(0, int(sys.argv[4]), tensor.shape)
                      if port.any_name == "input_ids" else port.any_name == "attention_mask")
end = time.monotonic() + seconds
while time.monotonic() < end:
    request.infer()
times, end = [], time.monotonic() + seconds
while time.monotonic() < end:
    request.infer()
    times.append(request.latency * 1e-3)
print(json.dumps({"median_s": statistics.median(times), "n": len(times)}))
"""


def export(arguments, folder):
    """A model folder and its ONNX file, which is what `edgetran measure` makes of it too."""
    model, onnx = folder / "model", folder / "model.onnx"
    for words in (["init", arguments.spec, "--labels", "2", "--out", model],
                  ["export", model, "--to", "onnx", "--length", arguments.length, "--out", onnx]):
        subprocess.run([str(word) for word in (arguments.bin / "edgetran", "model", *words)],
                       check=True, capture_output=True)
    return model, onnx


def write_card(path, arguments):
    path.write_text(f"""format: edgetran.device/1
board: {{name: this-machine, kind: local, cores: {arguments.threads}}}
deployments:
  - {{name: openvino, runtime: openvino, precision: fp32, threads: {arguments.threads}, batch: 1,
     length: {arguments.length}}}
""")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--spec", type=pathlib.Path, default=ROOT / "examples/models/bert-tiny.json")
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--seconds", type=float, default=1.0, help="of OpenVINO's own timing")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "bin")
    arguments = parser.parse_args()
    vocabulary = json.loads(arguments.spec.read_text())["vocabulary"]
    ratios, verdicts = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model, onnx = export(arguments, folder)
        card, digest = folder / "card.yaml", hashlib.sha256(onnx.read_bytes()).hexdigest()
        write_card(card, arguments)
        ours = [arguments.bin / "edgetran", "measure", model, "--device", card, "--profile",
                arguments.profile, "--format", "json"]
        theirs = [sys.executable, "-c", PEER, onnx, arguments.threads, arguments.seconds, vocabulary]
        for turn in range(arguments.rounds):
            first, second = (ours, theirs) if turn % 2 == 0 else (theirs, ours)
            figures = {id(first): run_json(first), id(second): run_json(second)}
            record, own = figures[id(ours)], figures[id(theirs)]
            if record["provenance"]["model_sha256"] != digest:
                sys.exit("the two sides do not run the same ONNX file")
            ratios.append(record["latency"]["median_s"] / own["median_s"])
            verdicts.append(record["verdict"])
            print(f"round {turn + 1}: ours {1e6 * record['latency']['median_s']:.1f} us "
                  f"({record['verdict']}), OpenVINO's {1e6 * own['median_s']:.1f} us, "
                  f"ratio {ratios[-1]:.4f}")
    ratio = statistics.median(ratios)
    print(f"ours over OpenVINO's own: {ratio:.4f} (bar: 1 +- {BAR}), "
          f"{verdicts.count('VALID')} of {len(verdicts)} VALID")
    return 0 if abs(ratio - 1) <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
