"""Gradients of every parameter against the PyTorch formulas (tests/oracle/encoder_torch.py) for random
specs of all head types, lengths 1 to 512, batches of mixed padding, weights of order 1."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

import encoder_torch
from encoder_torch import Encoder
from order_one_model import Model
from random_specs import HEADS, random_spec

TOOL = pathlib.Path(os.environ["EDGETRAN_BIN_DIR"]) / "gradient_tool"
TOLERANCE = 1e-3
LABELS = 3
LENGTHS = (1, 2, 3, 7, 16, 33, 64, 128, 257, 512)


class Problem:
    """A model, a padded batch and random directions for its outputs."""

    def __init__(self, folder, spec, seed, length):
        spec = dict(spec, positions=max(length, spec["positions"]))
        self.folder = folder
        self.model = Model(folder, spec, seed, "--labels", str(LABELS))
        self.valid = [length, 1, max(1, length * 2 // 3)]
        self.ids, self.types = self.model.sequences(len(self.valid), length)
        random = np.random.default_rng(seed)
        self.mask = (np.arange(length) < np.array(self.valid)[:, None]).astype(np.int64)
        width = spec["layers"][-1]["width"]
        self.logits = random.normal(size=(len(self.valid), LABELS)).astype(np.float32)
        hidden = random.normal(size=(*self.ids.shape, width)) / np.sqrt(length)
        # What comes out at padded positions is nobody's business.
        self.hidden = (hidden * self.mask[:, :, None]).astype(np.float32)

    def write(self):
        """What the tool reads and writes, as its arguments."""
        source = self.folder / f"directions{self.model.seed}.safetensors"
        self.slopes = self.folder / f"slopes{self.model.seed}.safetensors"
        save_file({"input_ids": self.ids, "token_type_ids": self.types,
                   "attention_mask": self.mask, "logits": self.logits,
                   "last_hidden_state": self.hidden}, source)
        return [self.model.model, source, self.slopes]

    def expected(self, mutation=None):
        oracle = Encoder(self.model.model, mutation, gradients=True)
        total = 0
        for row, count in enumerate(self.valid):
            hidden = oracle.hidden(self.ids[row, :count], self.types[row, :count])
            total = total + (hidden * torch.as_tensor(self.hidden[row, :count])).sum()
            total = total + (oracle.logits(hidden) * torch.as_tensor(self.logits[row])).sum()
        total.backward()
        return {name: (tensor.grad if tensor.grad is not None else torch.zeros_like(tensor)).numpy()
                for name, tensor in oracle.tensors.items()}


def worst(actual, expected):
    """The largest difference over the largest gradient of the same tensor. A tensor without any
    influence (keys' biases under softmax, for one) is held against the whole model's scale."""
    scale = max(np.abs(value).max() for value in expected.values())
    return max(
        (np.abs(actual[name] - value).max() / max(np.abs(value).max(), 1e-3 * scale), name)
        for name, value in expected.items())


class GradientOracleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        kinds = ("absolute", "relative_key")
        cls.problems = [Problem(cls.folder, random_spec(seed, kinds[seed % 2]), seed, length)
                        for seed, length in enumerate(LENGTHS)]
        # Every head type alone, too.
        cls.problems += [Problem(cls.folder, random_spec(place, "relative_key", (head,)),
                                 100 + place, 12)
                         for place, head in enumerate(HEADS)]
        arguments = [word for problem in cls.problems for word in problem.write()]
        subprocess.run([TOOL, *arguments], check=True)
        cls.actual = [load_file(problem.slopes) for problem in cls.problems]

    def test_gradients_are_those_of_the_formulas(self):
        for slopes, problem in zip(self.actual, self.problems):
            error, name = worst(slopes, problem.expected())
            self.assertLess(error, TOLERANCE, f"{problem.model.spec}: {name}")

    def test_every_mutated_formula_fails(self):
        for mutation in encoder_torch.MUTATIONS:
            # One problem is enough to notice; short ones first.
            noticed = any(worst(slopes, problem.expected(mutation))[0] > TOLERANCE
                          for slopes, problem in zip(self.actual, self.problems)
                          if problem.ids.shape[1] <= 16)
            self.assertTrue(noticed, mutation)


if __name__ == "__main__":
    unittest.main()
