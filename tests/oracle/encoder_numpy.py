"""The encoder as NumPy formulas, written from the definition alone and sharing no code with the
program: an oracle for every engine. Float64 throughout; one sequence at a time, without padding.

`mutation` breaks one formula on purpose, so that a test can show that it would notice.
"""

import json
import math
import pathlib

import numpy as np
from safetensors.numpy import load_file

MUTATIONS = (
    "no_scale",           # scores not divided by sqrt(d)
    "relative_unscaled",  # relative scores added after the division
    "relative_flipped",   # R[r - t] instead of R[t - r]
    "tanh_gelu",          # the tanh approximation of GELU
    "no_gelu",
    "no_value_bias",
    "no_residual",
    "pre_norm",           # norm of the change only
    "transposed_output",  # heads merged in the wrong order
    "norm_epsilon",       # 1e-3 instead of 1e-12
    "no_types",           # token types ignored
    "mean_pooler",        # mean of the positions instead of the first token
)


class Encoder:
    """A model folder's encoder: model.json and model.safetensors."""

    def __init__(self, folder, mutation=None):
        folder = pathlib.Path(folder)
        self.spec = json.loads((folder / "model.json").read_text())["spec"]
        tensors = load_file(folder / "model.safetensors")
        self.tensors = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
        if mutation is not None and mutation not in MUTATIONS:
            raise ValueError(f"unknown mutation {mutation}")
        self.mutation = mutation

    def mutated(self, name):
        return self.mutation == name

    def linear(self, name, x):
        bias = self.tensors[f"{name}.bias"]
        if self.mutated("no_value_bias") and name.endswith(".value"):
            bias = 0
        return x @ self.tensors[f"{name}.weight"].T + bias

    def layer_norm(self, name, x):
        epsilon = 1e-3 if self.mutated("norm_epsilon") else 1e-12
        centred = x - x.mean(-1, keepdims=True)
        variance = (centred**2).mean(-1, keepdims=True)
        scaled = centred / np.sqrt(variance + epsilon)
        return scaled * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def gelu(self, x):
        if self.mutated("no_gelu"):
            return x
        if self.mutated("tanh_gelu"):
            return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))

    def relative_scores(self, layer, queries):
        """P[t, r] = Q[t] . R[t - r]; row i of the table holds offset i - (positions - 1)."""
        table = self.tensors[f"layers.{layer}.relative.weight"]
        length = len(queries)
        scores = np.zeros((length, length))
        for t in range(length):
            for r in range(length):
                offset = r - t if self.mutated("relative_flipped") else t - r
                scores[t, r] = queries[t] @ table[offset + self.spec["positions"] - 1]
        return scores

    def scaled_dot_product(self, layer, queries, keys, values):
        scale = 1 if self.mutated("no_scale") else math.sqrt(queries.shape[1])
        scores = queries @ keys.T
        if self.spec["position"] == "relative_key":
            late = self.mutated("relative_unscaled")
            scores = scores + self.relative_scores(layer, queries) * (scale if late else 1)
        scores = scores / scale
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        return (shares / shares.sum(-1, keepdims=True)) @ values

    def heads(self, layer, x):
        spec = self.spec["layers"][layer]
        width = spec["head_width"]
        if any(head != "sa_sdp" for head in spec["heads"]):
            raise NotImplementedError("the oracle knows sa_sdp heads")
        queries, keys, values = (
            self.linear(f"layers.{layer}.{name}", x) for name in ("query", "key", "value")
        )
        mixed = []
        for head in range(len(spec["heads"])):
            part = slice(head * width, (head + 1) * width)
            mixed.append(
                self.scaled_dot_product(layer, queries[:, part], keys[:, part], values[:, part])
            )
        if self.mutated("transposed_output"):
            return np.stack(mixed, -1).reshape(len(x), -1)
        return np.concatenate(mixed, -1)

    def layer(self, index, x):
        name = f"layers.{index}"
        change = self.linear(f"{name}.output", self.heads(index, x))
        x = self.add_and_norm(f"{name}.attention_norm", x, change)
        depth = len(self.spec["layers"][index]["feed_forward"])
        change = x
        for j in range(depth):
            change = self.gelu(self.linear(f"{name}.feed_forward.{j}", change))
        change = self.linear(f"{name}.feed_forward.{depth}", change)
        x = self.add_and_norm(f"{name}.feed_forward_norm", x, change)
        if f"{name}.projection.weight" in self.tensors:
            x = self.linear(f"{name}.projection", x)
        return x

    def add_and_norm(self, name, x, change):
        if self.mutated("no_residual"):
            return self.layer_norm(name, change)
        if self.mutated("pre_norm"):
            return x + self.layer_norm(name, change)
        return self.layer_norm(name, x + change)

    def embeddings(self, ids, types):
        x = self.tensors["embeddings.word.weight"][ids]
        if not self.mutated("no_types"):
            x = x + self.tensors["embeddings.type.weight"][types]
        if self.spec["position"] == "absolute":
            x = x + self.tensors["embeddings.position.weight"][: len(ids)]
        x = self.layer_norm("embeddings.norm", x)
        if "embeddings.projection.weight" in self.tensors:
            x = self.linear("embeddings.projection", x)
        return x

    def hidden(self, ids, types):
        """ids, types [length] -> last_hidden_state [length, width]."""
        x = self.embeddings(ids, types)
        for index in range(len(self.spec["layers"])):
            x = self.layer(index, x)
        return x

    def logits(self, hidden):
        """last_hidden_state [length, width] -> logits [labels]."""
        first = hidden.mean(0) if self.mutated("mean_pooler") else hidden[0]
        return self.linear("classifier", np.tanh(self.linear("pooler", first)))

    def mlm_logits(self, hidden, positions):
        """last_hidden_state [length, width], positions [selected] -> [selected, vocabulary]."""
        x = self.gelu(self.linear("mlm.transform", hidden[positions]))
        x = self.layer_norm("mlm.norm", x)
        return x @ self.tensors["embeddings.word.weight"].T + self.tensors["mlm.bias"]


def relative_difference(actual, expected):
    """Largest difference over the largest expected value."""
    return float(np.abs(actual - expected).max() / np.abs(expected).max())
