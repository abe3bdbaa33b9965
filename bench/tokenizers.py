#!/usr/bin/env python3
"""Tokens a second on one core, ours beside Hugging Face's tokenizers, on Wikipedia text in one run.

    .venv/bin/python bench/tokenizers.py [BIN_FOLDER]      default: build/bin; target tokenizer_speed

Both take the same lines and must give the same number of tokens. Runs are interleaved; each figure is
the best and the median of them. The text and the vocabularies are those of the shared data
(EDGETRAN_SHARED_DATA, default ../shared/data). Bar: a million tokens/s with WordPiece. Exit 1 where it
is missed.
"""

import lzma
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# This file has the name of the package that it measures.
sys.path = [entry for entry in sys.path if pathlib.Path(entry or ".").resolve() != ROOT / "bench"]
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers  # noqa: E402

SHARED = pathlib.Path(os.environ.get("EDGETRAN_SHARED_DATA", ROOT.parent / "shared" / "data"))
BERT = SHARED / "tokenizers" / "bert-base-uncased" / "vocab.txt"
ROBERTA = SHARED / "tokenizers" / "roberta-gpt2"
TEXT = SHARED / "text" / "enwiki2014_valid.txt.xz"
RUNS = 7
BAR = 1_000_000


def wordpiece():
    tokenizer = Tokenizer(models.WordPiece.from_file(str(BERT), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def byte_level():
    tokenizer = Tokenizer(models.BPE.from_file(str(ROBERTA / "vocab.json"),
                                               str(ROBERTA / "merges.txt"), unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def theirs(tokenizer, lines):
    """Seconds and tokens of the fastest call: a batch, without offsets."""
    encode = getattr(tokenizer, "encode_batch_fast", tokenizer.encode_batch)
    start = time.perf_counter()
    encodings = encode(lines, add_special_tokens=False)
    seconds = time.perf_counter() - start
    return seconds, sum(len(encoding.ids) for encoding in encodings)


def ask(process):
    process.stdin.write("go\n")
    process.stdin.flush()
    seconds, tokens = process.stdout.readline().split()
    return float(seconds), int(tokens)


def compare(name, program, vocabulary, tokenizer, text, lines):
    process = subprocess.Popen([program, str(vocabulary), text], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    ask(process)
    theirs(tokenizer, lines[:100])
    own, other = [], []
    for _ in range(RUNS):
        seconds, tokens = ask(process)
        own.append(tokens / seconds)
        seconds, wanted = theirs(tokenizer, lines)
        other.append(wanted / seconds)
        if tokens != wanted:
            sys.exit(f"{name}: {tokens} tokens here, {wanted} there")
    process.stdin.close()
    process.wait()
    ratios = [a / b for a, b in zip(own, other)]
    print(f"{name:<10} {max(own):12,.0f} {statistics.median(own):12,.0f} {max(other):12,.0f} "
          f"{statistics.median(other):12,.0f} {min(ratios):7.2f} {statistics.median(ratios):7.2f}")
    return statistics.median(own)


def main():
    program = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "bin") / "tokenizer_speed"
    if not TEXT.is_file() or not program.is_file():
        sys.exit(f"{TEXT if program.is_file() else program} is not there")
    content = lzma.open(TEXT, "rb").read()
    lines = content.decode().split("\n")
    print(f"{len(lines)} lines, {len(content)} bytes; tokens/s on one core")
    print(f"{'':<10} {'ours, best':>12} {'median':>12} {'theirs, best':>12} {'median':>12} "
          f"{'ratio':>7} {'median':>7}")
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(content)
        file.flush()
        median = compare("WordPiece", program, BERT, wordpiece(), file.name, lines)
        compare("BPE", program, ROBERTA, byte_level(), file.name, lines)
    print(f"bar: WordPiece {BAR:,} tokens/s: {'kept' if median >= BAR else 'MISSED'}")
    return 0 if median >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
