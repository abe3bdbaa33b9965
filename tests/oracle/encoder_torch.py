"""The encoder as plain PyTorch formulas, written from the definition alone and sharing no code with
the program: an oracle for every engine, and for gradients. Float64 throughout; one sequence at a time,
without padding.

`mutation` breaks one formula on purpose, so that a test can show that it would notice.
"""

import json
import math
import pathlib

import numpy as np
import torch
from safetensors.torch import load_file

# Sequences are short: threads would only wait for each other.
torch.set_num_threads(1)

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
    "mixing_transposed",  # sa_wma: Q Mᵀ Kᵀ instead of Q M Kᵀ
    "mixing_in_relative", # sa_wma: the relative scores read Q M instead of Q
    "dft_sign",           # l_dft: the sines' product added instead of subtracted
    "dft_unscaled",       # l_dft: no 1/sqrt(n d)
    "dct_transposed",     # l_dct: Dᵀ V D instead of D V Dᵀ
    "dct_unscaled_row",   # l_dct: the first row not divided by sqrt(2)
    "flipped_kernel",     # c_k: a convolution in place of the cross-correlation
    "shifted_taps",       # c_k: the dynamic taps off by one position
    "no_query_in_kernel", # c_k: taps from the keys alone
    "no_tap_softmax",     # c_k: raw scores as taps
)


class Encoder:
    """A model folder's encoder: model.json and model.safetensors. With `gradients` its tensors are
    leaves that collect them."""

    def __init__(self, folder, mutation=None, gradients=False):
        folder = pathlib.Path(folder)
        self.spec = json.loads((folder / "model.json").read_text())["spec"]
        tensors = load_file(folder / "model.safetensors")
        self.tensors = {name: tensor.double().requires_grad_(gradients)
                        for name, tensor in tensors.items()}
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
        centred = x - x.mean(-1, keepdim=True)
        variance = (centred**2).mean(-1, keepdim=True)
        scaled = centred / torch.sqrt(variance + epsilon)
        return scaled * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def gelu(self, x):
        if self.mutated("no_gelu"):
            return x
        if self.mutated("tanh_gelu"):
            return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
        return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))

    def relative_scores(self, layer, queries):
        """P[t, r] = Q[t] . R[t - r]; row i of the table holds offset i - (positions - 1)."""
        table = self.tensors[f"layers.{layer}.relative.weight"]
        index = torch.arange(len(queries))
        offsets = index[:, None] - index[None, :]
        if self.mutated("relative_flipped"):
            offsets = -offsets
        return torch.einsum("td,trd->tr", queries, table[offsets + self.spec["positions"] - 1])

    def attention(self, layer, queries, keys, values, mixing=None):
        mixed = queries
        if mixing is not None:
            mixed = queries @ (mixing.T if self.mutated("mixing_transposed") else mixing)
        scale = 1 if self.mutated("no_scale") else math.sqrt(queries.shape[1])
        scores = mixed @ keys.T
        if self.spec["position"] == "relative_key":
            late = self.mutated("relative_unscaled")
            position_queries = mixed if self.mutated("mixing_in_relative") else queries
            relative = self.relative_scores(layer, position_queries)
            scores = scores + relative * (scale if late else 1)
        return softmax(scores / scale) @ values

    def dft(self, values):
        """Re(F_n V F_d) / sqrt(n d), by the definition of the transform."""
        length, width = values.shape

        def matrix(size):
            index = torch.arange(size, dtype=torch.float64)
            return torch.exp(-2j * math.pi * torch.outer(index, index) / size)

        rows, columns = matrix(length), matrix(width)
        if self.mutated("dft_sign"):
            rows = rows.conj()
        scale = 1 if self.mutated("dft_unscaled") else math.sqrt(length * width)
        return (rows @ values.to(rows.dtype) @ columns).real / scale

    def dct(self, values):
        """D_n V D_dᵀ with the orthonormal DCT-II."""

        def matrix(size):
            index = torch.arange(size, dtype=torch.float64)
            rows = torch.cos(math.pi * torch.outer(index, 2 * index + 1) / (2 * size))
            rows *= math.sqrt(2 / size)
            if not self.mutated("dct_unscaled_row"):
                rows[0] /= math.sqrt(2)
            return rows

        rows, columns = matrix(values.shape[0]), matrix(values.shape[1])
        if self.mutated("dct_transposed"):
            return rows.T @ values @ columns
        return rows @ values @ columns.T

    def convolution(self, name, taps, queries, keys, values):
        """ConvBERT's dynamic convolution, tap by tap."""
        length = len(keys)
        reach = (taps - 1) // 2

        def shifted(x, tap):
            """Row t is x[t + tap - reach], zero outside."""
            source = torch.arange(length) + tap - reach
            inside = (source >= 0) & (source < length)
            return torch.where(inside[:, None], x[source.clamp(0, length - 1)], 0.0)

        depthwise = self.tensors[f"{name}.depthwise.weight"]
        if self.mutated("flipped_kernel"):
            depthwise = depthwise.flip(1)
        spans = sum(shifted(keys, tap) * depthwise[:, tap] for tap in range(taps))
        spans = self.linear(f"{name}.pointwise", spans)
        if not self.mutated("no_query_in_kernel"):
            spans = spans * queries
        kernel = self.linear(f"{name}.kernel", spans)
        if not self.mutated("no_tap_softmax"):
            kernel = softmax(kernel)
        mapped = self.linear(f"{name}.value", values)
        move = 1 if self.mutated("shifted_taps") else 0
        return sum(kernel[:, tap, None] * shifted(mapped, tap + move) for tap in range(taps))

    def heads(self, layer, x):
        spec = self.spec["layers"][layer]
        name = f"layers.{layer}"
        width = spec["head_width"]
        values = self.linear(f"{name}.value", x)
        if f"{name}.query.weight" in self.tensors:
            queries, keys = (self.linear(f"{name}.{part}", x) for part in ("query", "key"))
        mixed, used = [], 0  # used: heads so far that have queries and keys
        for place, head in enumerate(spec["heads"]):
            v = values[:, place * width:(place + 1) * width]
            if head.startswith("l_"):
                mixed.append(self.dft(v) if head == "l_dft" else self.dct(v))
                continue
            part = slice(used * width, (used + 1) * width)
            used += 1
            q, k = queries[:, part], keys[:, part]
            if head == "sa_sdp":
                mixed.append(self.attention(layer, q, k, v))
            elif head == "sa_wma":
                mixing = self.tensors[f"{name}.heads.{place}.mixing"]
                mixed.append(self.attention(layer, q, k, v, mixing))
            else:
                taps = int(head.removeprefix("c_"))
                mixed.append(self.convolution(f"{name}.heads.{place}", taps, q, k, v))
        if self.mutated("transposed_output"):
            return torch.stack(mixed, -1).reshape(len(x), -1)
        return torch.cat(mixed, -1)

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
        ids, types = torch.as_tensor(ids), torch.as_tensor(types)
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
        return self.linear("classifier", torch.tanh(self.linear("pooler", first)))

    def mlm_logits(self, hidden, positions):
        """last_hidden_state [length, width], positions [selected] -> [selected, vocabulary]."""
        x = self.gelu(self.linear("mlm.transform", hidden[positions]))
        x = self.layer_norm("mlm.norm", x)
        return x @ self.tensors["embeddings.word.weight"].T + self.tensors["mlm.bias"]


def softmax(scores):
    shares = torch.exp(scores - scores.amax(-1, keepdim=True))
    return shares / shares.sum(-1, keepdim=True)


def relative_difference(actual, expected):
    """Largest difference over the largest expected value; tensors or arrays."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    return float(np.abs(actual - expected).max() / np.abs(expected).max())
