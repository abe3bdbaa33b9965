"""Exported models against the formulas: pip's onnx checks them, ONNX Runtime runs them, and the
NumPy oracle says what they must compute, for random specs with weights of order 1."""

import pathlib
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime
import torch

import encoder_torch
from encoder_torch import Encoder, relative_difference
from order_one_model import Model
from random_specs import random_spec

TOLERANCE = 1e-4
SPECS = 20
LABELS = 3


class RuntimeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        folder = pathlib.Path(cls.temporary.name)
        kinds = ("absolute", "relative_key")
        cls.models = [
            Model(folder, random_spec(seed, kinds[seed % 2]), seed, "--labels", str(LABELS))
            for seed in range(SPECS)
        ]

    def assert_close(self, actual, expected, words):
        self.assertEqual(actual.shape, expected.shape, words)
        self.assertLess(relative_difference(actual, expected), TOLERANCE, words)

    def test_static_models_without_padding(self):
        for model in self.models:
            length = model.spec["positions"] - model.seed % 3
            run = model.export("--batch", 2, "--length", length, "--hidden")
            ids, types = model.sequences(2, length)
            logits, hidden = run.run(
                ["logits", "last_hidden_state"], {"input_ids": ids, "token_type_ids": types})
            oracle = Encoder(model.model)
            for row in range(2):
                expected = oracle.hidden(ids[row], types[row])
                self.assert_close(hidden[row], expected, f"spec {model.seed}")
                self.assert_close(logits[row], oracle.logits(expected), f"spec {model.seed}")

    def test_long_static_models_use_the_symmetries_of_transforms(self):
        spec = dict(random_spec(3, "absolute"), positions=300, embedding=12, layers=[
            {"width": 12, "head_width": 5, "heads": ["l_dft", "sa_sdp", "l_dct", "l_dft"],
             "feed_forward": [16]},
            {"width": 12, "head_width": 4, "heads": ["l_dct", "l_dct"], "feed_forward": [16]}])
        model = Model(pathlib.Path(self.temporary.name), spec, 300, "--labels", str(LABELS))
        oracle = Encoder(model.model)
        for length in (255, 256, 257, 300):  # odd and even, from where symmetries are used
            ids, types = model.sequences(2, length)
            (hidden,) = model.export("--batch", 2, "--length", length, "--hidden").run(
                ["last_hidden_state"], {"input_ids": ids, "token_type_ids": types})
            halved = any(node.name.endswith("mirrored") or "mirrored" in "".join(node.output)
                         for node in onnx.load(model.folder / "model.onnx").graph.node)
            self.assertEqual(halved, length >= 256)
            for row in range(2):
                self.assert_close(hidden[row], oracle.hidden(ids[row], types[row]), f"{length}")

    def check_padded(self, model, run, length):
        """Rows of every valid length, padded with noise: each as if it were alone."""
        valid = [length, 1, max(1, length // 2)]
        ids, types = model.sequences(len(valid), length)
        mask = (np.arange(length) < np.array(valid)[:, None]).astype(np.int64)
        logits, hidden = run.run(["logits", "last_hidden_state"], {
            "input_ids": ids, "token_type_ids": types, "attention_mask": mask})
        oracle = Encoder(model.model)
        for row, count in enumerate(valid):
            words = f"spec {model.seed}, {count} of {length}"
            expected = oracle.hidden(ids[row, :count], types[row, :count])
            self.assert_close(hidden[row, :count], expected, words)
            self.assert_close(logits[row], oracle.logits(expected), words)

    def test_static_models_with_padding(self):
        for model in self.models:
            run = model.export("--batch", 3, "--length", 8, "--hidden", "--mask")
            self.check_padded(model, run, 8)

    def test_dynamic_models_of_every_length(self):
        for model in self.models:
            run = model.export("--dynamic", "--hidden", "--mask")
            for length in (1, 2, 7, model.spec["positions"]):
                self.check_padded(model, run, length)

    def test_masked_language_models(self):
        for seed in range(4):
            spec = random_spec(seed)
            model = Model(pathlib.Path(self.temporary.name), spec, 100 + seed, "--mlm")
            for arguments in (("--batch", 2, "--length", 6), ("--dynamic",)):
                ids, types = model.sequences(2, 6)
                positions = np.array([7, 0, 11])
                (logits,) = model.export(*arguments).run(["mlm_logits"], {
                    "input_ids": ids, "token_type_ids": types, "selected_positions": positions})
                oracle = Encoder(model.model)
                rows = [oracle.hidden(ids[row], types[row]) for row in range(2)]
                expected = oracle.mlm_logits(torch.cat(rows), torch.as_tensor(positions))
                self.assert_close(logits, expected, f"spec {seed}")

    def test_every_mutated_formula_fails_the_tolerance(self):
        runs = []
        for model in self.models:
            length = model.spec["positions"]
            ids, types = model.sequences(1, length)
            (logits,) = model.export("--length", length).run(
                ["logits"], {"input_ids": ids, "token_type_ids": types})
            runs.append((model, ids[0], types[0], logits[0]))
        for mutation in encoder_torch.MUTATIONS:
            differences = []
            for model, ids, types, logits in runs:
                oracle = Encoder(model.model, mutation)
                differences.append(relative_difference(
                    logits, oracle.logits(oracle.hidden(ids, types))))
            self.assertGreater(max(differences), TOLERANCE, mutation)

    def test_onnx_runtime_fuses_the_patterns(self):
        """GELU, the residual norms and the scaling of scores become single operators. (Its fusion
        of whole attention layers takes only operators of opset 13 and earlier.)"""
        spec = dict(random_spec(1, "absolute"), embedding=64, layers=[
            {"width": 64, "head_width": 16, "heads": ["sa_sdp"] * 4, "feed_forward": [256]}] * 2)
        folder = pathlib.Path(self.temporary.name)
        model = Model(folder, spec, 200, "--labels", "2")
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(folder / "fused.onnx")
        options.log_severity_level = 3
        onnxruntime.InferenceSession(model.export_file("--length", 8, "--mask"), options,
                                     providers=["CPUExecutionProvider"])
        nodes = [node.op_type for node in onnx.load(folder / "fused.onnx").graph.node]
        self.assertNotIn("Erf", nodes)
        self.assertEqual(sum(node in ("Gelu", "BiasGelu") for node in nodes), 2, nodes)
        self.assertEqual(nodes.count("SkipLayerNormalization"), 4, nodes)
        self.assertEqual(nodes.count("FusedMatMul"), 2, nodes)


if __name__ == "__main__":
    unittest.main()
