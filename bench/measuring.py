#!/usr/bin/env python3
"""How far a measurement on this machine can be trusted (the figures behind the bars in docs/results.md).

    .venv/bin/python bench/measuring.py [--spec examples/models/bert-tiny.json] [--length 128]
        [--pairs 24] [--only processes,sampler,load] [--bin build/bin]

- processes: five processes measure one model; their medians are to agree within 5 %, four are to be VALID. A fixed loop
  is timed between them: where that spreads by more than the bar, the machine cannot answer.
- sampler: a run with a power sensor that is read (a synthetic one, 100 times a second) against one without,
  in blocks A B B A inside a session (`latency.observer`): the 95 % interval of the effect is to lie within 0.5 %.
- load: the median with a runtime that loads the model once against one that loads it twice, interleaved pairs: the
  95 % interval of the ratio is to lie within 1 %.

Run it on a quiet machine. Ends with 1 where a bar is missed.
"""

import argparse
import json
import math
import pathlib
import random
import statistics
import sys
import tempfile
import time

from programs import run_json
from scipy import stats

ROOT = pathlib.Path(__file__).resolve().parent.parent
ADAPTER = ROOT / "adapters" / "runtimes" / "onnxruntime_runtime.py"
TWICE = ROOT / "bench" / "peers" / "loads_twice.py"


def interval(logs):
    """Mean and 95 % interval (Student's t) of log ratios, as shares."""
    mean = statistics.fmean(logs)
    half = stats.t.ppf(0.975, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return tuple(math.expm1(value) for value in (mean, mean - half, mean + half))


def write_card(path, arguments, board, deployments):
    card = {"format": "edgetran.device/1",
            "board": {"name": "this-machine", "kind": "local", "cores": 1, **board},
            "deployments": [{"name": name, "runtime": runtime, "precision": "fp32", "threads": 1,
                             "batch": 1, "length": arguments.length}
                            for name, runtime in deployments]}
    path.write_text(json.dumps(card))
    return path


def measure(arguments, card, deployment, profile, extra=()):
    return run_json([arguments.bin / "edgetran", "measure", arguments.spec, "--device", card,
                     "--deployment", deployment, "--profile", profile, "--format", "json", *extra])


def reference():
    """Median seconds of a fixed piece of work, over two seconds: what the machine itself does meanwhile."""
    seconds, end = [], time.monotonic() + 2
    while time.monotonic() < end:
        start = time.perf_counter()
        sum(i * i for i in range(20000))
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def processes(arguments, folder):
    card = write_card(folder / "plain.json", arguments, {}, [("openvino", "openvino")])
    records, work = [], []
    for _ in range(5):
        work.append(reference())
        records.append(measure(arguments, card, "openvino", "quick"))
    medians = [record["latency"]["median_s"] for record in records]
    spread = max(medians) / min(medians) - 1
    valid = sum(record["verdict"] == "VALID" for record in records)
    print(f"processes  medians {' '.join(f'{1e3 * m:.4g}' for m in medians)} ms, spread {100 * spread:.2f} % "
          f"(bar 5), VALID {valid} of 5 (bar 4); a fixed loop beside them: {100 * (max(work) / min(work) - 1):.2f} %")
    return spread <= 0.05 and valid >= 4


def sampler(arguments, folder):
    sensor = {"driver": "synthetic", "kind": "gauge", "shape": "constant", "base_w": 5,
              "update_s": 0.01}
    card = write_card(folder / "sensor.json", arguments, {"sensors": [sensor]},
                      [("openvino", "openvino")])
    logs = []
    while 2 * len(logs) < arguments.pairs:
        raw = folder / "raw.jsonl"
        measure(arguments, card, "openvino", "standard", ["--raw", raw])
        lines = [json.loads(line) for line in raw.read_text().splitlines()]
        windows = [(line["sampling"], math.log(statistics.median(line["seconds"])))
                   for line in lines if line.get("phase") == "observer"]
        for block in range(0, len(windows) - 3, 4):
            # Two pairs a block: A B and B A.
            logs.append(sum(value if on else -value for on, value in windows[block:block + 4]) / 2)
    mean, low, high = interval(logs)
    print(f"sampler    effect {100 * mean:+.3f} %, 95 % interval {100 * low:+.3f} to {100 * high:+.3f} % from "
          f"{2 * len(logs)} pairs (bar: within 0.5)")
    return max(abs(low), abs(high)) < 0.005


def load(arguments, folder):
    runtimes = {"once": f"'{sys.executable}' '{ADAPTER}'", "twice": f"'{sys.executable}' '{TWICE}'"}
    card = write_card(folder / "loads.json", arguments, {"runtimes": runtimes},
                      [("once", "once"), ("twice", "twice")])
    draw = random.Random(1)
    logs, loads = [], {"once": [], "twice": []}
    for _ in range(arguments.pairs):
        order = draw.sample(["once", "twice"], 2)
        medians = {}
        for name in order:
            record = measure(arguments, card, name, "quick")
            medians[name] = record["latency"]["median_s"]
            loads[name].append(record["latency"]["load_s"])
        logs.append(math.log(medians["twice"] / medians["once"]))
    mean, low, high = interval(logs)
    ratio = statistics.median(loads["twice"]) / statistics.median(loads["once"])
    print(f"load       {ratio:.2f} times the loading, effect {100 * mean:+.3f} %, 95 % interval "
          f"{100 * low:+.3f} to {100 * high:+.3f} % from {len(logs)} pairs (bar: within 1)")
    return max(abs(low), abs(high)) < 0.01


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--spec", type=pathlib.Path, default=ROOT / "examples/models/bert-tiny.json")
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--only", default="processes,sampler,load")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "bin")
    arguments = parser.parse_args()
    parts = {"processes": processes, "sampler": sampler, "load": load}
    with tempfile.TemporaryDirectory() as name:
        kept = [parts[part](arguments, pathlib.Path(name)) for part in arguments.only.split(",")]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
