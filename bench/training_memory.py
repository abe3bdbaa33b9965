#!/usr/bin/env python3
"""Peak memory of MLM pre-training beside what it must hold: parameters, gradients, the optimiser's two
moments and the activations that the backward pass reads, above the program's memory at start.

    .venv/bin/python bench/training_memory.py [--sizes 4x512,12x768] [--precision fp32]

Counted activations, values of 4 bytes (2 in bf16), for T tokens, width h and M masked positions: a layer
keeps its input, queries, keys and values, what attention mixed, the sum and norm after it, the stack's wide
values before and after GELU, and the sum after it, 15 h a token; the MLM head keeps 4 h and the logits of M
positions. Scores and probabilities are not counted: attention makes them again. Exit 1 above 1.25.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BATCH, LENGTH, VOCABULARY, MASKED = 32, 128, 30522, 0.15


def train(arguments, folder, layers, width, vocabulary, batch, steps):
    spec = {"vocabulary": vocabulary, "positions": 512, "position": "absolute", "types": 2,
            "embedding": width,
            "layers": [{"width": width, "head_width": 64, "heads": ["sa_sdp"] * (width // 64),
                        "feed_forward": [4 * width]}] * layers}
    (folder / "spec.json").write_text(json.dumps(spec))
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += [f"w{number}" for number in range(vocabulary - len(words))]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    lines = (" ".join(f"w{(7919 * i + 31 * j) % (vocabulary - 10)}" for j in range(100))
             for i in range(500))
    (folder / "text.txt").write_text("\n\n".join(lines) + "\n")
    done = subprocess.run(
        [str(word) for word in (
            arguments.bin / "edgetran", "pretrain", folder / "spec.json", "--text",
            folder / "text.txt", "--vocabulary", folder / "vocab.txt", "--tokens",
            steps * batch * LENGTH, "--batch", batch, "--length", LENGTH, "--precision",
            arguments.precision, "--threads", 1, "--dropout", 0.1, "--out", folder / "out",
            "--format", "json")], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"edgetran failed: {done.stderr[-2000:]}")
    counted = subprocess.run([str(arguments.bin / "edgetran"), "model", "cost", str(folder / "out"),
                              "--format", "json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["peak_memory_bytes"], json.loads(counted.stdout)["parameters"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="4x512,12x768")
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="fp32")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "bin")
    arguments = parser.parse_args()
    value = 2 if arguments.precision == "bf16" else 4
    kept = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        start, _ = train(arguments, folder, 1, 64, 100, 1, 1)
        print(f"{arguments.precision}; at start {start / 2**20:.0f} MiB")
        print(f"{'model':<8} {'peak':>10} {'above start':>12} {'counted':>10} {'ratio':>6}")
        for size in arguments.sizes.split(","):
            layers, width = map(int, size.split("x"))
            peak, parameters = train(arguments, folder, layers, width, VOCABULARY, BATCH,
                                     arguments.steps)
            tokens, masked = BATCH * LENGTH, int(MASKED * BATCH * LENGTH)
            counted = 4 * 4 * parameters + value * (
                layers * tokens * 15 * width + masked * (4 * width + VOCABULARY))
            ratio = (peak - start) / counted
            kept &= ratio <= 1.25
            print(f"{size:<8} {peak / 2**20:6.0f} MiB {(peak - start) / 2**20:8.0f} MiB "
                  f"{counted / 2**20:6.0f} MiB {ratio:6.2f}{'' if ratio <= 1.25 else '   MISSED'}",
                  flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
