"""A layer of mixed heads in PyTorch, head by head, where every head pays for full attention whatever its
type: how the published code computes heterogeneous layers. The formulas are those of encoder.md, section
2, but that l_ and c_ heads add a position-only attention term, as there (without it their attention would
be computed for nothing). The peer of our grouped heads. Fixed: figures of different days are comparable
only while this file does not change.

    mixed_layer_pytorch.py --width 256 --heads sa_sdp,sa_wma,l_dft,c_5 [--batch 8 --length 128 ...]

Prints the median milliseconds of a forward and a backward pass in float32.
"""

import argparse
import json
import math
import statistics
import time

import torch
from torch import nn
from torch.nn import functional


def dct_matrix(size):
    index = torch.arange(size, dtype=torch.float64)
    rows = torch.cos(math.pi * torch.outer(index, 2 * index + 1) / (2 * size)) * math.sqrt(2 / size)
    rows[0] /= math.sqrt(2)
    return rows.float()


class Head(nn.Module):
    def __init__(self, kind, width, head_width, length):
        super().__init__()
        self.kind, self.length = kind, length
        self.query = nn.Linear(width, head_width)
        self.key = nn.Linear(width, head_width)
        self.value = nn.Linear(width, head_width)
        self.relative = nn.Parameter(torch.randn(2 * length - 1, head_width))
        index = torch.arange(length)
        self.register_buffer("offsets", index[:, None] - index[None, :] + length - 1)
        if kind == "sa_wma":
            self.mixing = nn.Parameter(torch.eye(head_width))
        if kind == "l_dct":
            self.register_buffer("rows", dct_matrix(length))
            self.register_buffer("columns", dct_matrix(head_width).T.contiguous())
        if kind.startswith("c_"):
            self.taps = int(kind[2:])
            self.depthwise = nn.Conv1d(head_width, head_width, self.taps, padding=self.taps // 2,
                                       groups=head_width, bias=False)
            self.pointwise = nn.Linear(head_width, head_width)
            self.kernel = nn.Linear(head_width, self.taps)
            self.mapped = nn.Linear(head_width, head_width)

    def position_scores(self, query):
        return torch.einsum("bld,lrd->blr", query, self.relative[self.offsets])

    def attention(self, scores, value):
        return (scores / math.sqrt(value.shape[-1])).softmax(-1) @ value

    def forward(self, x):
        query, key, value = self.query(x), self.key(x), self.value(x)
        positions = self.position_scores(query)
        if self.kind.startswith("sa_"):
            mixed = query @ self.mixing if self.kind == "sa_wma" else query
            return self.attention(mixed @ key.transpose(1, 2) + positions, value)
        attended = self.attention(positions, value)
        if self.kind == "l_dft":
            transform = torch.fft.fft(torch.fft.fft(value, dim=-1), dim=-2).real
            return attended + transform / math.sqrt(value.shape[1] * value.shape[2])
        if self.kind == "l_dct":
            return attended + self.rows @ value @ self.columns
        spans = self.pointwise(self.depthwise(key.transpose(1, 2)).transpose(1, 2))
        kernel = self.kernel(spans * query).softmax(-1)
        values = functional.pad(self.mapped(value), (0, 0, self.taps // 2, self.taps // 2))
        windows = values.unfold(1, self.taps, 1)  # [batch, length, head width, taps]
        return attended + (windows @ kernel.unsqueeze(-1)).squeeze(-1)


class Layer(nn.Module):
    def __init__(self, arguments):
        super().__init__()
        width, kinds = arguments.width, arguments.heads.split(",")
        self.heads = nn.ModuleList(
            Head(kind, width, arguments.head_width, arguments.length) for kind in kinds)
        self.output = nn.Linear(len(kinds) * arguments.head_width, width)
        self.attention_norm = nn.LayerNorm(width, 1e-12)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.norm = nn.LayerNorm(width, 1e-12)

    def forward(self, x):
        x = self.attention_norm(x + self.output(torch.cat([head(x) for head in self.heads], -1)))
        return self.norm(x + self.narrow(functional.gelu(self.wide(x))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--heads", default="sa_sdp,sa_wma,l_dft,c_5")
    parser.add_argument("--head-width", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--passes", type=int, default=15)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(arguments.threads)
    layer = Layer(arguments)
    x = torch.randn(arguments.batch, arguments.length, arguments.width, requires_grad=True)
    direction = torch.randn_like(x)
    seconds = []
    for _ in range(arguments.passes):
        start = time.perf_counter()
        layer(x).backward(direction)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"median_ms": 1e3 * statistics.median(seconds[2:]),
                      "min_ms": 1e3 * min(seconds)}))


if __name__ == "__main__":
    main()
