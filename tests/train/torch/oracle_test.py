"""Training against formulas written here from their definitions: the loss of a first step with class
weights, label smoothing and a teacher, and the learning rate of each layer. The program is driven
as a user's is; logits and hidden states come from the encoder of tests/oracle."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np
import torch
from safetensors.numpy import load_file

from encoder_torch import Encoder

PROGRAMS = pathlib.Path(os.environ["EDGETRAN_BIN_DIR"])
WORDS = [f"w{index}" for index in range(19)]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LABELS = ["red", "green", "blue"]
ROWS = 14
TOLERANCE = 2e-5


def spec(layers, width=16):
    layer = {"width": width, "head_width": 8, "heads": ["sa_sdp", "sa_sdp"], "feed_forward": [24]}
    return {"vocabulary": 24, "positions": 16, "position": "absolute", "embedding": width,
            "types": 2, "layers": [layer] * layers}


def log_softmax(logits):
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def cross_entropy(logits, labels, weights, smoothing):
    """Sum of w[y] ((1 - e) -log p[y]) + e / K sum_c w[c] -log p[c], over the sum of w[y]."""
    total, scale = 0.0, 0.0
    for row, label in zip(-log_softmax(logits), labels):
        total += (1 - smoothing) * weights[label] * row[label]
        total += smoothing / len(row) * sum(w * value for w, value in zip(weights, row))
        scale += weights[label]
    return total / scale


def distillation(student, teacher, temperature):
    """T^2 KL(teacher || student) of the softened distributions, mean over rows (Hinton 2015)."""
    own, taught = log_softmax(student / temperature), log_softmax(teacher / temperature)
    return temperature**2 * (np.exp(taught) * (taught - own)).sum(-1).mean()


class TrainingOracle(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        (cls.folder / "vocab.txt").write_text("\n".join(SPECIAL + WORDS) + "\n")
        random = np.random.default_rng(1)
        cls.rows = []
        lines = ["text\tlabel"]
        for row in range(ROWS):
            words = random.choice(WORDS, random.integers(2, 12))
            label = LABELS[0 if row < 8 else 1 + row % 2]  # of unequal numbers
            lines.append(" ".join(words) + "\t" + label)
            cls.rows.append(([2] + [5 + WORDS.index(word) for word in words] + [3], label))
        (cls.folder / "rows.tsv").write_text("\n".join(lines) + "\n")
        cls.student = cls.make("student", spec(2), 1)
        cls.teacher = cls.make("teacher", spec(4), 2)

    @classmethod
    def make(cls, name, model, seed):
        (cls.folder / f"{name}.json").write_text(json.dumps(model))
        subprocess.run([PROGRAMS / "model_tool", "init", cls.folder / f"{name}.json",
                        cls.folder / name, "--seed", str(seed), "--labels", "3"], check=True)
        (cls.folder / name / "vocab.txt").write_text((cls.folder / "vocab.txt").read_text())
        return cls.folder / name

    def train(self, *flags):
        """One step on all rows; its figures."""
        rows = self.folder / "rows.tsv"
        done = subprocess.run(
            [PROGRAMS / "edgetran", "finetune", self.student, "--train", rows, "--dev", rows,
             "--vocabulary", self.folder / "vocab.txt", "--length", "16", "--batch", str(ROWS),
             "--epochs", "1", "--dropout", "0", "--warmup-share", "0", "--weight-decay", "0",
             "--out", self.folder / "out", "--format", "json", "--quiet", *map(str, flags)],
            env=dict(os.environ, XDG_CACHE_HOME=str(self.folder / "cache")),
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        figures = json.loads(done.stdout)
        self.assertEqual(figures["steps"], 1)
        return figures

    def labels(self):
        names = json.loads((self.folder / "out" / "model.json").read_text())["label_names"]
        return [names.index(label) for _, label in self.rows]

    def states(self, folder):
        """For each row, its hidden states from the embeddings to the last layer."""
        encoder = Encoder(folder)
        result = []
        for ids, _ in self.rows:
            states = [encoder.embeddings(np.array(ids), np.zeros(len(ids), int))]
            for layer in range(len(encoder.spec["layers"])):
                states.append(encoder.layer(layer, states[-1]))
            result.append([state.numpy() for state in states])
        return result

    def logits(self, folder):
        encoder = Encoder(folder)
        first = torch.as_tensor(np.stack([states[-1][0] for states in self.states(folder)]))
        return encoder.linear("classifier", torch.tanh(encoder.linear("pooler", first))).numpy()

    def assert_loss(self, figures, expected):
        self.assertLess(abs(figures["train_loss"] - expected), TOLERANCE * max(1, abs(expected)),
                        f"{figures['train_loss']} is not {expected}")

    def test_plain_cross_entropy(self):
        figures = self.train()
        self.assert_loss(figures, cross_entropy(self.logits(self.student), self.labels(), [1] * 3, 0))

    def test_weighted_and_smoothed_cross_entropy_in_any_number_of_pieces(self):
        for pieces in (1, 4):
            figures = self.train("--class-weights", "0.5,3,1.5", "--label-smoothing", "0.2",
                                 "--accumulation", pieces)
            logits, labels = self.logits(self.student), self.labels()
            self.assert_loss(figures, cross_entropy(logits, labels, [0.5, 3, 1.5], 0.2))
            for wrong in (([1, 1, 1], 0.2), ([0.5, 3, 1.5], 0), ([3, 0.5, 1.5], 0.2)):
                self.assertGreater(
                    abs(figures["train_loss"] - cross_entropy(logits, labels, *wrong)), 1e-3)

    def test_balanced_class_weights(self):
        figures = self.train("--class-weights", "balanced")
        labels = self.labels()
        weights = [ROWS / (3 * labels.count(label)) for label in range(3)]
        self.assert_loss(figures, cross_entropy(self.logits(self.student), labels, weights, 0))

    def test_distillation_of_logits(self):
        figures = self.train("--teacher", self.teacher, "--distillation-weight", "0.7",
                             "--distillation-temperature", "3")
        student, teacher = self.logits(self.student), self.logits(self.teacher)
        task = cross_entropy(student, self.labels(), [1] * 3, 0)
        self.assert_loss(figures, 0.3 * task + 0.7 * distillation(student, teacher, 3))
        # Neither the factor T^2 nor the direction of the divergence may be lost unseen.
        for wrong in (distillation(student, teacher, 3) / 9, distillation(teacher, student, 3)):
            self.assertGreater(abs(figures["train_loss"] - (0.3 * task + 0.7 * wrong)), 1e-3)

    def test_distillation_of_hidden_states_with_the_uniform_mapping(self):
        figures = self.train("--teacher", self.teacher, "--distillation-weight", "0",
                             "--hidden-weight", "0.25", "--accumulation", "3")
        positions = sum(len(ids) for ids, _ in self.rows)
        taught = self.states(self.teacher)
        distance = 0
        for pair in ((0, 0), (1, 2), (2, 4)):  # two layers learn from four
            squares = sum(((own[pair[0]] - other[pair[1]])**2).mean(-1).sum()
                          for own, other in zip(self.states(self.student), taught))
            distance += squares / positions / 3
        task = cross_entropy(self.logits(self.student), self.labels(), [1] * 3, 0)
        self.assert_loss(figures, task + 0.25 * distance)

    def test_layer_decay_scales_each_layers_first_update(self):
        # Adam's first step moves an element with a clear gradient by the learning rate.
        rate, decay = 1e-3, 0.5
        self.train("--learning-rate", rate, "--layer-decay", decay, "--clip-norm", "0")
        before = load_file(self.student / "model.safetensors")
        after = load_file(self.folder / "out" / "model.safetensors")
        factors = {"embeddings.": decay**3, "layers.0.": decay**2, "layers.1.": decay,
                   "pooler.": 1, "classifier.": 1}
        for name, tensor in before.items():
            factor = next(value for prefix, value in factors.items() if name.startswith(prefix))
            if name.endswith("key.bias"):
                continue  # its gradient is zero: the softmax does not see a shift of all scores
            moved = np.abs(after[name] - tensor).max()
            self.assertLess(abs(moved / (rate * factor) - 1), 2e-2, name)


if __name__ == "__main__":
    unittest.main()
