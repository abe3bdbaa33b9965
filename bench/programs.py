"""Running the programs that a bench compares."""

import json
import os
import subprocess
import sys

#: The allocator of a PyTorch loop keeps its pages, as a careful user sets it up.
KEEP_PAGES = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
              "MALLOC_TOP_PAD_": str(1 << 26)}


def run_json(command, environment=None):
    """The JSON that a program prints; ends this program where that one fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, env=dict(os.environ, **(environment or {})))
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def export_onnx(arguments, folder):
    """A model folder of arguments.spec and its ONNX file at arguments.length, as `edgetran measure` makes it too."""
    model, onnx = folder / "model", folder / "model.onnx"
    for words in (["init", arguments.spec, "--labels", "2", "--out", model],
                  ["export", model, "--to", "onnx", "--length", arguments.length, "--out", onnx]):
        subprocess.run([str(word) for word in (arguments.bin / "edgetran", "model", *words)],
                       check=True, capture_output=True)
    return model, onnx
