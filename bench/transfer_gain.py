#!/usr/bin/env python3
"""What a transfer of weights saves: tokens of MLM pre-training to a given held-out loss, from a trained
neighbour's weights and from scratch (encoder.md, section 5).

    .venv/bin/python bench/transfer_gain.py --text TEXT[.xz] [--source-tokens 1500000] [--tokens 800000]

For each pair of neighbouring specs the source is trained first. The loss to reach is the one that training
from scratch ends with; the warm-up, rate (constant after it) and data are the same for all. Exit 1 where
transfer needs more tokens.
"""

import argparse
import json
import lzma
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BATCH, LENGTH, EVALUATION_STEPS = 32, 128, 10


def layer(heads=("sa_sdp", "sa_sdp"), wide=512):
    return {"width": 128, "head_width": 64, "heads": list(heads), "feed_forward": [wide]}


def spec(*layers):
    return {"vocabulary": 8192, "positions": 128, "position": "absolute", "types": 2,
            "embedding": 128, "layers": list(layers)}


SOURCE = spec(layer(), layer())
#: name, target, further words for `model transfer`
PAIRS = (
    ("one layer more", spec(layer(), layer(), layer()), ()),
    ("one layer more, function preserved", spec(layer(), layer(), layer()), ("--preserve-function",)),
    ("wider stack, one head of another type", spec(layer(("sa_sdp", "l_dct"), 768), layer()), ()),
)


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command[:3]))} failed: {done.stderr[-2000:]}")
    return done


class Bench:
    def __init__(self, arguments, folder):
        self.edgetran, self.folder = arguments.bin / "edgetran", folder
        opened = lzma.open if arguments.text.suffix == ".xz" else open
        with opened(arguments.text, "rt", encoding="utf-8") as file:
            text = file.read(arguments.characters)
        lines = [line for line in text.split("\n") if line.strip()]
        held = len(lines) // 50
        (folder / "train.txt").write_text("\n".join(lines[held:]), encoding="utf-8")
        (folder / "valid.txt").write_text("\n".join(lines[:held]), encoding="utf-8")
        rows = [json.dumps({"text": line, "label": f"class {i % 2}"}) for i, line in enumerate(lines)]
        (folder / "rows.jsonl").write_text("\n".join(rows) + "\n")
        # Labelled rows only to have the vocabulary of the text trained.
        prepared = run(self.edgetran, "data", "prepare", "--source", "files", "--train",
                       folder / "rows.jsonl", "--dev", folder / "rows.jsonl", "--format", "json")
        self.vocabulary = re.search(r"^vocabulary: (.+)$", prepared.stderr, re.MULTILINE)[1]

    def write(self, name, content):
        (self.folder / name).write_text(json.dumps(content))
        return self.folder / name

    def pretrain(self, model, tokens, out):
        """Held-out loss by tokens seen."""
        done = run(self.edgetran, "pretrain", model, "--text", self.folder / "train.txt", "--valid",
                   self.folder / "valid.txt", "--vocabulary", self.vocabulary, "--tokens", tokens,
                   "--batch", BATCH, "--length", LENGTH, "--schedule", "constant", "--learning-rate",
                   "0.001", "--warmup-share", 40960 / tokens, "--evaluation-interval",
                   EVALUATION_STEPS, "--out", self.folder / out)
        return [(int(step) * BATCH * LENGTH, float(loss)) for step, loss in
                re.findall(r"step (\d+): dev valid_loss ([0-9.]+)", done.stderr + done.stdout)]


def tokens_to(curve, loss):
    return next((tokens for tokens, value in curve if value <= loss), None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--text", type=pathlib.Path, required=True)
    parser.add_argument("--characters", type=int, default=8_000_000, help="of the text")
    parser.add_argument("--source-tokens", type=int, default=1_500_000)
    parser.add_argument("--tokens", type=int, default=800_000)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "bin")
    arguments = parser.parse_args()
    kept = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        bench = Bench(arguments, folder)
        source = bench.pretrain(bench.write("source.json", SOURCE), arguments.source_tokens, "source")
        print(f"source: held-out loss {source[-1][1]:.3f} after {source[-1][0]} tokens")
        print(f"{'pair':<40} {'loss':>6} {'scratch':>9} {'transfer':>9} {'saved':>6}")
        scratch = {}
        for words, target, options in PAIRS:
            file = bench.write("target.json", target)
            key = json.dumps(target)
            if key not in scratch:
                scratch[key] = bench.pretrain(file, arguments.tokens, "scratch")
            run(bench.edgetran, "model", "transfer", folder / "source", "--spec", file, *options, "--out",
                folder / "begun")
            curve = bench.pretrain(folder / "begun", arguments.tokens, "grown")
            loss = min(value for _, value in scratch[key])
            plain, grown = tokens_to(scratch[key], loss), tokens_to(curve, loss)
            kept &= grown is not None and grown < plain
            saved = "none" if grown is None else f"{100 * (1 - grown / plain):.0f} %"
            print(f"{words:<40} {loss:6.3f} {plain:>9} {grown or '-':>9} {saved:>6}", flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
