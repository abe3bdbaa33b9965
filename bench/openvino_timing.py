#!/usr/bin/env python3
"""Our median latency against OpenVINO's own timing of the same compiled model.

    .venv/bin/python bench/openvino_timing.py [--spec examples/models/bert-tiny.json] [--length 128]
        [--threads 1] [--rounds 9] [--profile quick] [--bin build/bin]

OpenVINO's own timing is `latency` of its inference request: the library takes it in C++ around infer(),
and its benchmark_app prints the median of nothing else (openvino/tools/benchmark/benchmark.py,
`sync_inference`, two decimals of a millisecond: too coarse to compare). A loop timed in Python would time
Python too. Both sides have the same ONNX bytes, properties and number of threads, each in a process of
its own (peers/openvino_slices.py); they take turns, the first one alternating. Bar: the median over the rounds of the ratio of the
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

from programs import export_onnx, run_json

ROOT = pathlib.Path(__file__).resolve().parent.parent
BAR = 0.03

#: Its own timing.
PEER = ROOT / "bench" / "peers" / "openvino_slices.py"


def own_timing(onnx, arguments, vocabulary):
    """Median seconds: a warm-up as long as our profile's, then as many seconds as its windows take."""
    done = subprocess.run([sys.executable, PEER, onnx, str(arguments.threads), str(vocabulary)],
                          input=f"{arguments.seconds}\n" * 2, capture_output=True, text=True, check=True)
    return statistics.median(json.loads(done.stdout.splitlines()[-1])["seconds"])


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
        model, onnx = export_onnx(arguments, folder)
        card, digest = folder / "card.yaml", hashlib.sha256(onnx.read_bytes()).hexdigest()
        write_card(card, arguments)
        ours = [arguments.bin / "edgetran", "measure", model, "--device", card, "--profile",
                arguments.profile, "--format", "json"]
        sides = [("ours", lambda: run_json(ours)),
                 ("own", lambda: own_timing(onnx, arguments, vocabulary))]
        for turn in range(arguments.rounds):
            figures = {name: side() for name, side in (sides if turn % 2 == 0 else sides[::-1])}
            record, own_s = figures["ours"], figures["own"]
            if record["provenance"]["model_sha256"] != digest:
                sys.exit("the two sides do not run the same ONNX file")
            ratios.append(record["latency"]["median_s"] / own_s)
            verdicts.append(record["verdict"])
            print(f"round {turn + 1}: ours {1e6 * record['latency']['median_s']:.1f} us "
                  f"({record['verdict']}), OpenVINO's {1e6 * own_s:.1f} us, "
                  f"ratio {ratios[-1]:.4f}")
    ratio = statistics.median(ratios)
    print(f"ours over OpenVINO's own: {ratio:.4f} (bar: 1 +- {BAR}), "
          f"{verdicts.count('VALID')} of {len(verdicts)} VALID")
    return 0 if abs(ratio - 1) <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
