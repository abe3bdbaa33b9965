#!/usr/bin/env python3
"""Campaigns on this machine: what a `quick` measurement takes beyond loading, and what a campaign of
100 encoders on three settings takes in all.

    campaign.py [--encoders N] [--bin BUILD/bin] [--out DIR]

Settings are this machine's deployments; where it has fewer than three, lengths of 64 and 128 tokens
make up for them. Bars (encoders under 10 ms): 3 s a model beyond loading, 15 minutes in all for
300 pairs, in proportion for fewer. Exit 1 where one is missed.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BEYOND_LOADING_S = 3.0
TOTAL_S = 15 * 60.0
PAIRS = 300
FAST_S = 0.010
SETTINGS = 3


def edgetran(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"edgetran {words[0]} {words[1]} failed: {done.stderr[-2000:]}")
    return done.stdout


def write_card(program, folder):
    """This machine's card with three settings."""
    card = json.loads(edgetran(program, "device", "show", "this-machine", "--format", "json"))
    deployments = [dict(d, length=64) for d in card["deployments"]]
    for deployment in list(deployments):
        deployments.append(dict(deployment, name=deployment["name"] + "-128", length=128))
    card["deployments"] = deployments[:SETTINGS]
    path = folder / "card.json"
    path.write_text(json.dumps(card))
    return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--encoders", type=int, default=100)
    parser.add_argument("--bin", default=str(ROOT / "build" / "bin"))
    parser.add_argument("--space", default=str(ROOT / "spaces" / "demo.yaml"))
    parser.add_argument("--out", default="")
    options = parser.parse_args()
    program = str(pathlib.Path(options.bin) / "edgetran")
    with tempfile.TemporaryDirectory(prefix="edgetran-bench-") as scratch:
        out = pathlib.Path(options.out or f"{scratch}/campaign")
        start = time.monotonic()
        edgetran(program, "profile", "run", "--space", options.space, "--count", options.encoders,
                 "--device", write_card(program, pathlib.Path(scratch)), "--out", out, "--quiet")
        total_s = time.monotonic() - start
        steps = []
        with open(out / "events.jsonl", encoding="utf-8") as file:
            for line in file.readlines()[1:]:
                event = json.loads(line)
                if event["type"] != "campaign.measured":
                    continue
                record = event["payload"]["record"]
                steps.append({"latency_s": record["latency"]["median_s"],
                              "load_s": record["latency"]["load_s"],
                              "step_s": event["payload"]["seconds"],
                              "verdict": record["verdict"]})
    fast = [step for step in steps if step["latency_s"] < FAST_S]
    # Export, hashing and transfer are no loading: they count.
    beyond = [step["step_s"] - step["load_s"] for step in fast or steps]
    pairs = options.encoders * SETTINGS
    bar_s = TOTAL_S * pairs / PAIRS
    print(f"measurements {len(steps)} for {pairs} pairs on {os.cpu_count()} cores, "
          f"{len(fast)} under 10 ms, "
          f"{sum(step['verdict'] == 'VALID' for step in steps)} VALID")
    print(f"latency      median {statistics.median(s['latency_s'] for s in steps) * 1e3:.2f} ms, "
          f"largest {max(s['latency_s'] for s in steps) * 1e3:.2f} ms")
    print(f"loading      median {statistics.median(s['load_s'] for s in steps):.3f} s")
    print(f"a model      median {statistics.median(beyond):.3f} s beyond loading (export, transfer and "
          f"log included), largest {max(beyond):.3f} s (bar {BEYOND_LOADING_S})")
    print(f"in all       {total_s:.1f} s (bar {bar_s:.0f})")
    return 0 if max(beyond) <= BEYOND_LOADING_S and total_s <= bar_s else 1


if __name__ == "__main__":
    sys.exit(main())
