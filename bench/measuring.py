#!/usr/bin/env python3
"""How far a measurement on this machine can be trusted (the figures behind the bars in docs/results.md).

    cmake --build build --target timed_slices
    .venv/bin/python bench/measuring.py [--spec examples/models/bert-tiny.json] [--length 128]
        [--pairs 24] [--blocks 50] [--slice 0.02] [--only processes,own,sampler,load] [--bin build/bin]

- processes: five processes measure one model; their medians are to agree within 5 %, four are to be VALID. A fixed loop
  is timed between them: where that spreads by more than the bar, the machine cannot answer.
- own: a run as a session times it over OpenVINO's own timing of the same ONNX file (peers/openvino_slices.py).
- sampler: runs while a power sensor is read (a synthetic one, 100 times a second) over runs while none is.
- load: runs of a model that was loaded twice over those of one that was loaded once.

The last three are effects far below the moods of a shared machine, which last from a tenth of a second to minutes. So both
sides are alive at once and take turns of some 20 ms, in blocks A B B A, which cancels moods and drifts: the logarithms of the
ratios of a pair of processes are averaged, and the interval is Student's t over the pairs. Each pair is
started anew, because where a process has its memory makes a difference of its own.

Ends with 1 where a bar is missed.
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from programs import export_onnx, run_json
from scipy import stats

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER = ROOT / "bench" / "peers" / "openvino_slices.py"


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


class Slices:
    """A program that answers each line "SECONDS on|off" with the seconds of its runs in so long."""

    def __init__(self, *command):
        self.program = subprocess.Popen([str(word) for word in command], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.load_s = self._answer()["load_s"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.stdin.close()
        self.program.wait(timeout=60)

    def _answer(self):
        line = self.program.stdout.readline()
        if not line:
            sys.exit(f"{self.program.args[0]} ended")
        return json.loads(line)

    def runs(self, seconds, word="off"):
        print(seconds, word, file=self.program.stdin, flush=True)
        return self._answer()["seconds"]


def alternate(arguments, first, second):
    """Logarithms of the ratio of two sides' medians, one a block A B B A. A side gives the runs of a slice."""
    logs = []
    for _ in range(arguments.blocks):
        a1, b1, b2, a2 = (math.log(statistics.median(side(arguments.slice)))
                          for side in (first, second, second, first))
        logs.append((a1 - b1 + a2 - b2) / 2)
    return logs


def export(arguments, folder):
    """The ONNX file and the words by which a program of slices is started on it."""
    _, onnx = export_onnx(arguments, folder)
    vocabulary = json.loads(arguments.spec.read_text())["vocabulary"]
    return onnx, [arguments.bin / "timed_slices", onnx, arguments.length, 1, vocabulary]


def report(name, effects, bar, before=""):
    mean, low, high = interval(effects)
    print(f"{name:10s} {before}effect {100 * mean:+.3f} %, 95 % interval {100 * low:+.3f} to {100 * high:+.3f} % "
          f"from {len(effects)} pairs of processes (bar: within {100 * bar:g})", flush=True)
    return max(abs(low), abs(high)) < bar


def own(arguments, folder):
    onnx, ours = export(arguments, folder)
    effects = []
    for _ in range(arguments.pairs):
        with Slices(*ours) as a, Slices(sys.executable, PEER, onnx, 1, ours[-1]) as b:
            effects.append(statistics.fmean(alternate(arguments, a.runs, b.runs)))
    return report("own", effects, 0.03)


def sampler(arguments, folder):
    _, ours = export(arguments, folder)
    effects = []
    for _ in range(arguments.pairs):
        with Slices(*ours, "--sampler") as a:
            effects.append(statistics.fmean(alternate(
                arguments, lambda s, a=a: a.runs(s, "on"), lambda s, a=a: a.runs(s, "off"))))
    return report("sampler", effects, 0.005)


def load(arguments, folder):
    _, ours = export(arguments, folder)
    effects, ratios = [], []
    for _ in range(arguments.pairs):
        with Slices(*ours, "--loads", 2) as a, Slices(*ours) as b:
            effects.append(statistics.fmean(alternate(arguments, a.runs, b.runs)))
            ratios.append(a.load_s / b.load_s)
    return report("load", effects, 0.01, f"{statistics.median(ratios):.2f} times the loading, ")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--spec", type=pathlib.Path, default=ROOT / "examples/models/bert-tiny.json")
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--blocks", type=int, default=50, help="of slices A B B A, a pair")
    parser.add_argument("--slice", type=float, default=0.02, help="seconds of runs before the other side's turn")
    parser.add_argument("--only", default="processes,own,sampler,load")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "bin")
    arguments = parser.parse_args()
    parts = {"processes": processes, "own": own, "sampler": sampler, "load": load}
    with tempfile.TemporaryDirectory() as name:
        kept = [parts[part](arguments, pathlib.Path(name)) for part in arguments.only.split(",")]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
