"""Runs the built program for tests. The bin folder is the first argument of each test file."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else "build/bin").resolve()


def edgetran(*arguments, folder=None, environment=None):
    return subprocess.run([str(BIN / "edgetran"), *map(str, arguments)], cwd=folder,
                          env=dict(os.environ, **(environment or {})), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=120)


def edgetran_json(*arguments, **options):
    done = edgetran(*arguments, "--format", "json", **options)
    if done.returncode != 0:
        raise AssertionError(f"exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


BERT_BASE = ROOT / "examples" / "models" / "bert-base.json"
FLEXIBERT = ROOT / "spaces" / "flexibert2.yaml"

TINY = {
    "vocabulary": 40, "positions": 16, "position": "absolute", "embedding": 16, "types": 2,
    "layers": [{"width": 16, "head_width": 8, "heads": ["sa_sdp", "sa_sdp"],
                "feed_forward": [32]}],
}
