#!/usr/bin/env python3
"""A layer of mixed heads, forward and backward, batch 8 x 128 in fp32, beside the same formulas run head by
head with full attention for every head (bench/peers/mixed_layer_pytorch.py): the ratio.

    cmake --build build --target layer_speed && .venv/bin/python bench/mixed_layer.py [--threads 1]

Exit 1 where a bar is missed.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ALL = "sa_sdp,sa_wma,l_dft,l_dct,c_5,c_9,c_13"
#: width, heads, bar
CASES = ((256, "sa_sdp,sa_wma,l_dft,c_5", 2.5), (768, f"{ALL},{','.join(ALL.split(',')[:5])}", 1.8))


def run_json(command):
    return json.loads(subprocess.run([str(word) for word in command], capture_output=True, text=True,
                                     check=True).stdout)["median_ms"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "bin")
    arguments = parser.parse_args()
    kept = True
    print(f"{'width':>5} {'ours, ms':>9} {'PyTorch, ms':>12} {'ratio':>6}  heads")
    for width, heads, bar in CASES:
        ours, peer = [], []
        with tempfile.TemporaryDirectory() as folder:
            spec = pathlib.Path(folder) / "spec.json"
            spec.write_text(json.dumps({
                "vocabulary": 100, "positions": 128, "position": "relative_key", "types": 2,
                "layers": [{"width": width, "head_width": 64, "heads": heads.split(","),
                            "feed_forward": [4 * width]}]}))
            for _ in range(arguments.rounds):
                ours.append(run_json([arguments.bin / "layer_speed", spec, 8, 128,
                                      arguments.threads, 9]))
                peer.append(run_json([sys.executable, ROOT / "bench/peers/mixed_layer_pytorch.py",
                                      "--width", width, "--heads", heads, "--threads",
                                      arguments.threads]))
        ratio = statistics.median(peer) / statistics.median(ours)
        kept &= ratio >= bar
        print(f"{width:>5} {statistics.median(ours):9.2f} {statistics.median(peer):12.2f} {ratio:6.2f}"
              f"  {heads}   bar {bar}: {'kept' if ratio >= bar else 'MISSED'}", flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
