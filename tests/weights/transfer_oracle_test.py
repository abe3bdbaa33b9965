"""A transfer that grows heads, stacks, layers and tables leaves the logits as they were: the formulas
(tests/oracle/encoder_torch.py) of both model folders agree, for random specs with weights of order
1. Without --preserve-function they do not, so the check can fail."""

import copy
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

import numpy as np

from encoder_torch import Encoder, relative_difference
from random_specs import random_spec

EDGETRAN = pathlib.Path(os.environ["EDGETRAN_BIN_DIR"]) / "edgetran"
TOLERANCE = 1e-5
SPECS = 12


def edgetran(*arguments):
    done = subprocess.run([EDGETRAN, *map(str, arguments), "--format", "json"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr}")
    return json.loads(done.stdout)


def grown(spec, seed):
    """A larger spec that can compute the same function."""
    draw = random.Random(f"grow {seed}")
    spec = copy.deepcopy(spec)
    kinds = sorted({head for layer in spec["layers"] for head in layer["heads"]})
    for layer in spec["layers"]:
        heads = layer["heads"]
        for _ in range(draw.randint(0, 2)):
            heads.insert(draw.randint(0, len(heads)), draw.choice(kinds))
        stack = layer["feed_forward"] = [size + draw.randint(0, 9) for size in layer["feed_forward"]]
        while len(stack) < 3 and draw.random() < 0.5:  # room for pairs of opposite features
            stack.append(2 * layer["width"] + draw.randint(0, 9))
    for _ in range(draw.randint(0, 2)):
        spec["layers"].append(copy.deepcopy(spec["layers"][-1]))
    spec["vocabulary"] += draw.randint(0, 5)
    spec["positions"] += draw.randint(0, 5)
    return spec


class TransferOracle(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def write(self, name, spec):
        path = self.folder / name
        path.write_text(json.dumps(spec))
        return path

    def init(self, spec, seed):
        edgetran("model", "init", self.write("source.json", spec), "--labels", 3, "--seed", seed,
                 "--initialization", "order-one", "--out", self.folder / "source")
        return self.folder / "source"

    def transfer(self, source, spec, *arguments):
        target = self.folder / "target"
        reply = edgetran("model", "transfer", source, "--spec", self.write("target.json", spec),
                         "--out", target, *arguments)
        return target, reply

    def outputs(self, folder, ids, types):
        oracle = Encoder(folder)
        hidden = oracle.hidden(ids, types)
        return oracle.logits(hidden), hidden

    def difference(self, source, target, spec, seed):
        draw = np.random.default_rng(seed)
        length = spec["positions"]
        ids = draw.integers(0, spec["vocabulary"], length)
        types = draw.integers(0, spec["types"], length)
        return max(relative_difference(new, old) for new, old in
                   zip(self.outputs(target, ids, types), self.outputs(source, ids, types)))

    def test_growth_keeps_logits_and_hidden_states(self):
        for seed in range(SPECS):
            spec = random_spec(seed)
            source = self.init(spec, seed)
            mode = ("importance", "ordered", "projection")[seed % 3]
            target, reply = self.transfer(source, grown(spec, seed), "--preserve-function",
                                          "--mode", mode, "--seed", seed)
            self.assertTrue(reply["function_preserved"], reply["function_changes"])
            self.assertLess(self.difference(source, target, spec, seed), TOLERANCE, spec)

    def test_without_the_option_growth_changes_them(self):
        changed = 0
        for seed in range(SPECS):
            spec = random_spec(seed)
            source = self.init(spec, seed)
            larger = grown(spec, seed)
            larger["layers"][0]["feed_forward"][-1] += 8
            target, reply = self.transfer(source, larger)
            self.assertIsNone(reply["function_preserved"])
            changed += self.difference(source, target, spec, seed) > 100 * TOLERANCE
        self.assertGreater(changed, SPECS // 2)

    def test_a_wider_residual_stream_is_said_to_change_it_and_does(self):
        spec = random_spec(3)
        for layer in spec["layers"]:
            layer["width"] = 12
        spec["embedding"] = 12
        source = self.init(spec, 3)
        wide = copy.deepcopy(spec)
        for layer in wide["layers"]:
            layer["width"] = 20
        wide["embedding"] = 20
        target, reply = self.transfer(source, wide, "--preserve-function")
        self.assertFalse(reply["function_preserved"])
        self.assertTrue(any("layer norm" in change for change in reply["function_changes"]))
        oracle = [Encoder(folder) for folder in (source, target)]
        ids = np.arange(5)
        logits = [one.logits(one.hidden(ids, np.zeros(5, int))) for one in oracle]
        self.assertGreater(relative_difference(logits[1], logits[0]), TOLERANCE)

    def test_the_covered_share_is_that_of_the_distance(self):
        for seed in range(6):
            spec, other = random_spec(seed), random_spec(seed + 50)
            source = self.init(spec, seed)
            _, reply = self.transfer(source, other)
            by_layer = sum(part["covered"] for part in reply["layers"])
            self.assertEqual(by_layer, reply["covered"])
            self.assertAlmostEqual(reply["covered_share"], reply["covered"] / reply["parameters"])
            rows = edgetran("model", "diff", source, self.folder / "target.json")
            # The classifier is no part of what two specs are compared by, and all of it is kept.
            classifier = sum(row["covered"] for row in reply["by_parameter"]
                             if row["name"].startswith("classifier"))
            self.assertEqual(rows[-1]["shared"], reply["covered"] - classifier)


if __name__ == "__main__":
    unittest.main()
