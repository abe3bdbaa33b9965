"""Random BERTs of transformers with weights of order 1, and the program that reads and writes them."""

import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

os.environ.update(HF_HUB_OFFLINE="1", TQDM_DISABLE="1")
import numpy as np
import torch
import transformers

from encoder_torch import Encoder

EDGETRAN = pathlib.Path(os.environ["EDGETRAN_BIN_DIR"]) / "edgetran"
USAGE, FAILED = 2, 1


def edgetran(*arguments, code=0):
    done = subprocess.run([EDGETRAN, *map(str, arguments), "--format", "json"],
                          capture_output=True, text=True, check=False)
    if done.returncode != code:
        raise AssertionError(f"{arguments}: exit {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout) if code == 0 else done.stderr


def random_config(seed, **changes):
    draw = random.Random(seed)
    heads, width = draw.randint(1, 4), draw.randint(2, 6)
    sizes = dict(
        vocab_size=draw.randint(20, 60), hidden_size=heads * width, num_attention_heads=heads,
        num_hidden_layers=draw.randint(1, 3), intermediate_size=draw.randint(5, 40),
        max_position_embeddings=draw.randint(8, 20), type_vocab_size=draw.randint(1, 3),
        hidden_act="gelu", layer_norm_eps=1e-12, num_labels=draw.randint(2, 4))
    return transformers.BertConfig(**dict(sizes, **changes))


def order_one(model, seed):
    """Weights of order 1, so that a wrong formula shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "LayerNorm.weight" in name:
                parameter.copy_(1 + 0.2 * (2 * torch.rand(parameter.shape, generator=generator) - 1))
            elif name.endswith("bias"):
                parameter.copy_(0.3 * noise)
            elif "embeddings" in name:
                parameter.copy_(noise)
            else:
                parameter.copy_(noise / parameter.shape[-1] ** 0.5)
    return model.eval()


def inputs_of(config, seed, rows=2):
    draw = np.random.default_rng(seed)
    shape = (rows, config.max_position_embeddings)
    return draw.integers(0, config.vocab_size, shape), draw.integers(0, config.type_vocab_size,
                                                                     shape)


def largest_difference(actual, expected):
    return float(np.abs(np.asarray(actual) - np.asarray(expected)).max())


class HuggingFaceCase(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def saved(self, model, name="hf"):
        model.save_pretrained(self.folder / name)
        return self.folder / name

    def imported(self, source, *arguments, name="ours"):
        reply = edgetran("model", "import", source, "--out", self.folder / name, *arguments)
        return self.folder / name, reply

    def exported(self, model, name="back"):
        edgetran("model", "export", model, "--to", "huggingface", "--out", self.folder / name)
        return self.folder / name

    def edit_config(self, folder, **changes):
        config = json.loads((folder / "config.json").read_text())
        config.update(changes)
        (folder / "config.json").write_text(json.dumps(config))

    def refused(self, source, *says, code=USAGE, arguments=()):
        message = edgetran("model", "import", source, "--out", self.folder / "refused", *arguments,
                           code=code)
        for word in says:
            self.assertIn(word, message)
        self.assertFalse((self.folder / "refused").exists())


transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
