#!/usr/bin/env python3
"""One model on openvino, onnxruntime and libtorch, each measured by `edgetran measure`, in turn.

    .venv/bin/python bench/runtimes.py [--spec examples/models/bert-tiny.json] [--length 128]
        [--threads 1] [--rounds 7] [--profile quick] [--mask] [--bin build/bin]

Each figure is a process of its own (agent, engine), and the order is drawn anew in every round. Printed:
the median over the rounds of each measurement's median, its smallest and largest, and its ratio to
openvino's of the same round (median). No bar: libtorch runs the trainer's graph, not a deployment's.
"""

import argparse
import pathlib
import random
import statistics
import sys
import tempfile

from programs import run_json

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNTIMES = ("openvino", "onnxruntime", "libtorch")


def write_card(path, arguments):
    """This machine with the three runtimes, as a device card."""
    adapter = ROOT / "adapters" / "runtimes" / "onnxruntime_runtime.py"
    lines = ["format: edgetran.device/1", "board:", "  name: this-machine", "  kind: local",
             f"  cores: {arguments.threads}", "  runtimes:",
             f"    onnxruntime: \"'{sys.executable}' '{adapter}'\"",
             "    libtorch: edgetran-worker --service runtime", "deployments:"]
    for runtime in RUNTIMES:
        lines += [f"  - name: {runtime}", f"    runtime: {runtime}", "    precision: fp32",
                  f"    threads: {arguments.threads}", "    batch: 1",
                  f"    length: {arguments.length}"]
    path.write_text("\n".join(lines) + "\n")


def measure(arguments, model, card, runtime):
    return run_json([arguments.bin / "edgetran", "measure", model, "--device", card, "--deployment",
                     runtime, "--profile", arguments.profile, "--format", "json",
                     *(["--mask"] if arguments.mask else [])])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--spec", type=pathlib.Path, default=ROOT / "examples/models/bert-tiny.json")
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--mask", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "bin")
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    medians = {runtime: [] for runtime in RUNTIMES}
    verdicts = {runtime: [] for runtime in RUNTIMES}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_card(folder / "card.yaml", arguments)
        for _ in range(arguments.rounds):
            for runtime in draw.sample(RUNTIMES, len(RUNTIMES)):
                record = measure(arguments, arguments.spec, folder / "card.yaml", runtime)
                medians[runtime].append(record["latency"]["median_s"])
                verdicts[runtime].append(record["verdict"])
    print(f"{arguments.spec.stem}, batch 1, length {arguments.length}, fp32, "
          f"{arguments.threads} thread(s), {arguments.rounds} rounds")
    print(f"{'runtime':<12} {'median us':>10} {'least':>8} {'most':>8} {'over openvino':>14}  VALID")
    for runtime, values in medians.items():
        ratio = statistics.median(a / b for a, b in zip(values, medians["openvino"]))
        print(f"{runtime:<12} {1e6 * statistics.median(values):>10.1f} {1e6 * min(values):>8.1f} "
              f"{1e6 * max(values):>8.1f} {ratio:>14.3f}  "
              f"{verdicts[runtime].count('VALID')} of {len(values)}")


if __name__ == "__main__":
    main()
