#!/usr/bin/env python3
"""Figures that the foundation must keep, each beside its bar: start-up, counting, sampling.

    bench/foundation.py [BIN_FOLDER]      default: build/bin

Each figure is the minimum and the median of several runs of the whole command; the bar holds for
the median. Exit 1 where a bar is missed.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUNS = 9


def timed(command, runs=RUNS):
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds.append(time.perf_counter() - start)
    return seconds, done.stdout


def row(name, seconds, bar):
    median = statistics.median(seconds)
    kept = median < bar
    print(f"{name:<46} {min(seconds) * 1e3:8.1f} {median * 1e3:8.1f} {bar * 1e3:8.0f}  "
          f"{'kept' if kept else 'MISSED'}")
    return kept


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "bin")
    edgetran = str(folder / "edgetran")
    print(f"{'figure':<46} {'min ms':>8} {'median':>8} {'bar':>8}")
    kept = row("edgetran --version", timed([edgetran, "--version"])[0], 0.050)
    seconds, out = timed([edgetran, "model", "cost", str(ROOT / "examples/models/bert-base.json"),
                          "--format", "json"])
    kept &= row("model cost bert-base", seconds, 0.100)
    if json.loads(out)["parameters"] != 109_482_240:
        sys.exit("bert-base has another number of parameters")
    with tempfile.TemporaryFile() as sink:
        seconds = []
        for seed in range(3):
            start = time.perf_counter()
            subprocess.run([edgetran, "space", "sample", str(ROOT / "spaces/flexibert2.yaml"),
                            "--count", "100000", "--seed", str(seed), "--format", "jsonl"], stdout=sink, check=True)
            seconds.append(time.perf_counter() - start)
    kept &= row("space sample, 100 000 specs written out", seconds, 20.0)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
