"""libtorch (edgetran-worker), OpenVINO (edgetran-agent) and ONNX Runtime give the same logits and
hidden states in float32 for random specs with weights of order 1, with and without padding, and
they are what the formulas say. The agent's runtimes that are programs give the same logits."""

import hashlib
import os
import pathlib
import sys
import tempfile
import unittest

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load, load_file, save, save_file

import edgetran_wire
from encoder_torch import Encoder, relative_difference
from order_one_model import Model, session
from random_specs import random_spec

ADAPTER = (pathlib.Path(__file__).resolve().parents[2] / "adapters" / "runtimes"
           / "onnxruntime_runtime.py")
PROGRAMS = pathlib.Path(os.environ["EDGETRAN_BIN_DIR"])
TOLERANCE = 1e-4
SPECS = 20
PROGRAM_SPECS = 4  # each model is another process of each program
OUTPUTS = ("logits", "last_hidden_state")


class ParityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        # A lock folder of its own: other agents on this machine are not in the way.
        environment = dict(os.environ, XDG_RUNTIME_DIR=str(cls.folder))
        cls.worker = cls.enterClassContext(edgetran_wire.Process(
            [PROGRAMS / "edgetran-worker", "--stdio"], service="train"))
        cls.agent = cls.enterClassContext(edgetran_wire.Process(
            [PROGRAMS / "edgetran-agent", "--stdio",
             "--runtime", f"onnxruntime={sys.executable} {ADAPTER}",
             # A plain name is found beside the agent.
             "--runtime", "libtorch=edgetran-worker --service runtime"],
            service="agent", env=environment))
        cls.agent.call("lease", seconds=300, exclusive=True)
        kinds = ("absolute", "relative_key")
        cls.models = [
            Model(cls.folder, random_spec(seed, kinds[seed % 2]), seed, "--labels", "3")
            for seed in range(SPECS)
        ]

    def torch(self, model, inputs):
        source, target = self.folder / "inputs.safetensors", self.folder / "outputs.safetensors"
        save_file(inputs, source)
        self.worker.call("run", job={
            "kind": "infer", "model": str(model.model), "inputs": str(source),
            "outputs": str(target)})
        return load_file(target)

    def deployed(self, runtime, data, inputs):
        name = hashlib.sha256(data).hexdigest()
        self.agent.call("put", blob=data, sha256=name)
        batch, length = inputs["input_ids"].shape
        reply = self.agent.call(
            "measure", blob=save(inputs), mode="outputs", model=name, runtime=runtime,
            precision="fp32", threads=1, batch=batch, length=length)
        return load(self.agent.call("fetch", sha256=reply["outputs"]["sha256"])["blob"])

    def check(self, model, inputs, valid, *arguments):
        """All engines on these inputs, each row having so many valid positions."""
        batch, length = inputs["input_ids"].shape
        path = model.export_file("--batch", batch, "--length", length, "--hidden", *arguments)
        runtime = session(path).run(list(OUTPUTS), inputs)
        results = {
            "libtorch": self.torch(model, inputs),
            "OpenVINO": self.deployed("openvino", path.read_bytes(), inputs),
            "ONNX Runtime": dict(zip(OUTPUTS, runtime)),
            "the formulas": self.formulas(model, inputs, valid),
        }
        for output in OUTPUTS:
            tensors = {engine: self.valid_part(result[output], output, valid)
                       for engine, result in results.items()}
            for engine, tensor in tensors.items():
                for other, expected in tensors.items():
                    self.assertLess(relative_difference(tensor, expected), TOLERANCE,
                                    f"spec {model.seed}: {output} of {engine} and {other}")

    @staticmethod
    def packed(model, mask):
        """The model as one file (docs/protocol.md, "Packed models"), made by another's library."""
        with safe_open(model.model / "model.safetensors", framework="np") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        return save(tensors, {"format": "edgetran.packed-model/1", "mask": mask,
                              "model": (model.model / "model.json").read_text()})

    def check_programs(self, model, inputs, *arguments):
        """The runtimes that are programs against OpenVINO."""
        batch, length = inputs["input_ids"].shape
        onnx = model.export_file("--batch", batch, "--length", length, *arguments).read_bytes()
        mask = "true" if "attention_mask" in inputs else "false"
        expected = self.deployed("openvino", onnx, inputs)["logits"]
        for runtime, data in (("onnxruntime", onnx), ("libtorch", self.packed(model, mask))):
            logits = self.deployed(runtime, data, inputs)["logits"]
            self.assertLess(relative_difference(logits, expected), TOLERANCE,
                            f"spec {model.seed}: logits of the runtime {runtime}")

    @staticmethod
    def valid_part(tensor, output, valid):
        """What padding may not touch, as one array: hidden states of padded positions are free."""
        if output == "logits":
            return tensor
        return np.concatenate([row[:count] for row, count in zip(tensor, valid)])

    @staticmethod
    def formulas(model, inputs, valid):
        oracle = Encoder(model.model)
        hidden = [oracle.hidden(inputs["input_ids"][row, :count],
                                inputs["token_type_ids"][row, :count])
                  for row, count in enumerate(valid)]
        return {"last_hidden_state": hidden,
                "logits": np.stack([oracle.logits(states).numpy() for states in hidden])}

    def test_without_padding(self):
        for model in self.models:
            length = model.spec["positions"] - model.seed % 3
            ids, types = model.sequences(2, length)
            self.check(model, {"input_ids": ids, "token_type_ids": types}, [length] * 2)

    def test_with_padding(self):
        for model in self.models:
            length = model.spec["positions"]
            valid = [length, 1, length // 2]
            ids, types = model.sequences(len(valid), length)
            mask = (np.arange(length) < np.array(valid)[:, None]).astype(np.int64)
            inputs = {"input_ids": ids, "token_type_ids": types, "attention_mask": mask}
            self.check(model, inputs, valid, "--mask")

    def test_runtimes_that_are_programs(self):
        for model in self.models[:PROGRAM_SPECS]:
            length = model.spec["positions"] - model.seed % 3
            ids, types = model.sequences(2, length)
            inputs = {"input_ids": ids, "token_type_ids": types}
            if model.seed % 2 == 0:
                self.check_programs(model, inputs)
                continue
            mask = (np.arange(length) < np.array([length, 2])[:, None]).astype(np.int64)
            self.check_programs(model, {**inputs, "attention_mask": mask}, "--mask")


if __name__ == "__main__":
    unittest.main()
