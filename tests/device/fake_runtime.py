#!/usr/bin/env python3
"""A runtime of the agent (docs/protocol.md, "Runtime") that sleeps instead of computing."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "adapters" / "python"))
import edgetran_wire as wire  # noqa: E402

RUN_S = 0.002


def load(call):
    shape = [call.fields["batch"], call.fields["length"]]
    return {"inputs": [{"name": name, "type": "I64", "shape": shape}
                       for name in ("input_ids", "token_type_ids")]}


def run(call):
    seconds, begun = [], time.monotonic()
    limit, least = call.fields.get("limit_s", 0), call.fields.get("least_runs", 0)
    while not call.cancelled:
        before = time.monotonic()
        time.sleep(RUN_S)
        seconds.append(time.monotonic() - before)
        passed = time.monotonic() - begun
        if len(seconds) >= call.fields["runs"] and passed >= call.fields["seconds"]:
            break
        if limit and passed >= limit and len(seconds) >= least:
            break
    return {"seconds": seconds, "peak_memory_bytes": 1 << 20}


wire.Service("runtime", {
    "describe": lambda call: {"version": "1", "devices": ["CPU"], "precisions": ["fp32"]},
    "load": load, "set_inputs": lambda call: {}, "run": run}).serve_stdio()
