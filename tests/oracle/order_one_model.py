"""Model folders with weights of order 1, made and exported by tests/tools/model_tool."""

import json
import os
import pathlib
import subprocess

import numpy as np
import onnx
import onnxruntime

TOOL = pathlib.Path(os.environ["EDGETRAN_BIN_DIR"]) / "model_tool"


def session(path):
    """ONNX Runtime on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Model:
    """A folder of order-one weights for a spec, and what can be made of it."""

    def __init__(self, folder, spec, seed, *arguments):
        self.folder, self.spec, self.seed = folder, spec, seed
        source = folder / f"spec{seed}.json"
        source.write_text(json.dumps(spec))
        self.model = folder / f"model{seed}"
        command = [TOOL, "init", source, self.model, "--seed", str(seed), *arguments]
        subprocess.run(command, check=True)

    def export_file(self, *arguments):
        """The path of the ONNX file, which pip's onnx has checked."""
        path = self.folder / "model.onnx"
        subprocess.run([TOOL, "export", self.model, path, *map(str, arguments)], check=True)
        onnx.checker.check_model(str(path), full_check=True)
        return path

    def export(self, *arguments):
        return session(self.export_file(*arguments))

    def sequences(self, batch, length):
        """ids and types [batch, length]; of any length, drawn by the model's seed."""
        random = np.random.default_rng(self.seed)
        ids = random.integers(0, self.spec["vocabulary"], (batch, length))
        return ids, random.integers(0, self.spec["types"], (batch, length))
