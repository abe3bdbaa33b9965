#!/usr/bin/env python3
"""MLM pre-training, ours beside PyTorch's, in one run: tokens/s, their ratio, and the share of the
machine's matrix-product peak (encoder.md, section 4).

    .venv/bin/python bench/training.py [--threads 1] [--rounds 3] [--precision bf16|fp32] [--bin build/bin]

The peer is the better of two loops of bench/peers/pretrain_pytorch.py (sdpa and eager attention), each
with an allocator that keeps its pages. Rounds are interleaved; figures are medians, the best in
brackets. bf16 is the default where the processor has it. Exit 1 where a bar is missed; the bars are for
bf16 on one thread. A second table has other layers of the same size beside the plain one, ours alone: the
peers know BERT only.
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

from programs import KEEP_PAGES, run_json

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"
SIZES = {(2, 128): (1.6, 0.70), (4, 256): (1.4, 0.80), (4, 512): (1.3, 0.80)}
STEPS = {(2, 128): 24, (4, 256): 12, (4, 512): 8}
#: what a layer of 4x256 has in place of four heads of width 64: heads, their width, position
VARIANTS = {
    "plain": (["sa_sdp"] * 4, 64, "absolute"),
    "relative keys": (["sa_sdp"] * 4, 64, "relative_key"),
    "mixed, relative keys": (["sa_sdp", "sa_wma", "l_dft", "c_5"], 64, "relative_key"),
    "l_dct and c_9": (["l_dct", "c_9"] * 2, 64, "absolute"),
    "twelve heads of 21": (["sa_sdp"] * 12, 21, "absolute"),
}
BATCH, LENGTH, VOCABULARY, MASKED = 32, 128, 30522, 0.15


def has_bf16():
    return "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text()


def flops_per_token(layers, width):
    """Of a step: three times the forward pass."""
    encoder = layers * (24 * width**2 + 4 * LENGTH * width)
    head = MASKED * (2 * width**2 + 2 * width * VOCABULARY)
    return 3 * (encoder + head)


class Bench:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        words += [f"w{number}" for number in range(VOCABULARY - len(words))]
        (folder / "vocab.txt").write_text("\n".join(words) + "\n")
        lines = (" ".join(f"w{(7919 * i + 31 * j) % 30000}" for j in range(100)) for i in range(2000))
        (folder / "text.txt").write_text("\n\n".join(lines) + "\n")

    def ours(self, layers, width, heads=None, head_width=64, position="absolute"):
        spec = {"vocabulary": VOCABULARY, "positions": 512, "position": position, "types": 2,
                "embedding": width,
                "layers": [{"width": width, "head_width": head_width,
                            "heads": heads or ["sa_sdp"] * (width // 64),
                            "feed_forward": [4 * width]}] * layers}
        (self.folder / "spec.json").write_text(json.dumps(spec))
        tokens = STEPS[layers, width] * BATCH * LENGTH
        return run_json(
            [self.arguments.bin / "edgetran", "pretrain", self.folder / "spec.json", "--text",
             self.folder / "text.txt", "--vocabulary", self.folder / "vocab.txt", "--tokens", tokens,
             "--batch", BATCH, "--length", LENGTH, "--precision", self.arguments.precision,
             "--threads", self.arguments.threads, "--dropout", 0.1, "--out", self.folder / "out",
             "--format", "json"],
            {"XDG_CACHE_HOME": str(self.folder / "cache")})["tokens_per_s"]

    def peer(self, layers, width, attention):
        return run_json(
            [sys.executable, PEERS / "pretrain_pytorch.py", "--layers", layers, "--width", width,
             "--attention", attention, "--precision", self.arguments.precision, "--threads",
             self.arguments.threads, "--steps", STEPS[layers, width]], KEEP_PAGES)["tokens_per_s"]


def show(values):
    return f"{statistics.median(values):9.0f} ({max(values):.0f})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=("bf16", "fp32"),
                        default="bf16" if has_bf16() else "fp32")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "bin")
    arguments = parser.parse_args()
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, pathlib.Path(folder))
        command = [sys.executable, PEERS / "gemm_peak.py", "--threads", arguments.threads]
        peak = run_json(command + (["--bf16"] if has_bf16() else []))
        print("matrix-product peak, GFLOP/s: " +
              ", ".join(f"{name} {value:.0f}" for name, value in peak.items()))
        print(f"{arguments.precision}, {arguments.threads} thread(s), tokens/s: median (best)")
        print(f"{'model':<8} {'ours':>18} {'PyTorch sdpa':>18} {'PyTorch eager':>18} {'ratio':>6} "
              f"{'of peak':>8}")
        for (layers, width), (ratio_bar, peak_bar) in SIZES.items():
            ours, sdpa, eager = [], [], []
            for _ in range(arguments.rounds):
                ours.append(bench.ours(layers, width))
                sdpa.append(bench.peer(layers, width, "sdpa"))
                eager.append(bench.peer(layers, width, "eager"))
            best = max(statistics.median(sdpa), statistics.median(eager))
            ratio = statistics.median(ours) / best
            used = (statistics.median(ours) * flops_per_token(layers, width) / 1e9 /
                    peak[arguments.precision])
            line = (f"{layers}x{width:<6} {show(ours):>18} {show(sdpa):>18} {show(eager):>18} "
                    f"{ratio:6.2f} {100 * used:7.0f} %")
            if arguments.precision == "bf16" and arguments.threads == 1:
                missed = ratio < ratio_bar or used < peak_bar
                kept &= not missed
                line += f"   bars {ratio_bar}, {100 * peak_bar:.0f} %: {'MISSED' if missed else 'kept'}"
            print(line, flush=True)
        print(f"\n{'4x256, layers of':<24} {'ours':>18} {'of plain':>9}")
        speeds = {name: [] for name in VARIANTS}
        for _ in range(arguments.rounds):
            for name, variant in VARIANTS.items():
                speeds[name].append(bench.ours(4, 256, *variant))
        plain = statistics.median(speeds["plain"])
        for name, values in speeds.items():
            print(f"{name:<24} {show(values):>18} {statistics.median(values) / plain:9.2f}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
