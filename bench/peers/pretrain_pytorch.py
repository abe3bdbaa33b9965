"""Masked-language-model pre-training as a careful PyTorch user writes it: the peer of our engine. Fixed:
figures of different days are comparable only while this file does not change.

Every trick that PyTorch offers on a CPU is in it: bf16 autocast where asked, logits at masked positions
only, one product for queries, keys and values, fused AdamW, scaled_dot_product_attention or eager
attention, gradient clipping, weights tied, and (by the environment that bench/training.py sets) an
allocator that keeps its pages. Data are random ids: what a step costs does not depend on them.

    pretrain_pytorch.py --layers 2 --width 128 [--attention sdpa|eager] [--precision bf16|fp32] ...
"""

import argparse
import json
import math
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional


class Attention(nn.Module):
    def __init__(self, width, heads, dropout, eager):
        super().__init__()
        self.heads, self.dropout, self.eager = heads, dropout, eager
        self.projections = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        parts = self.projections(x).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        if self.eager:
            scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
            mixed = functional.dropout(scores.softmax(-1), dropout) @ value
        else:
            mixed = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropout)
        return self.output(mixed.transpose(1, 2).reshape(batch, length, width))


class Layer(nn.Module):
    def __init__(self, width, heads, dropout, eager):
        super().__init__()
        self.attention = Attention(width, heads, dropout, eager)
        self.attention_norm = nn.LayerNorm(width, 1e-12)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.norm = nn.LayerNorm(width, 1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x = self.attention_norm(x + self.dropout(self.attention(x)))
        return self.norm(x + self.dropout(self.narrow(functional.gelu(self.wide(x)))))


class Bert(nn.Module):
    def __init__(self, arguments):
        super().__init__()
        width, vocabulary = arguments.width, arguments.vocabulary
        self.words = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(512, width)
        self.types = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, 1e-12)
        self.dropout = nn.Dropout(arguments.dropout)
        self.layers = nn.ModuleList(
            Layer(width, width // 64, arguments.dropout, arguments.attention == "eager")
            for _ in range(arguments.layers))
        self.transform = nn.Linear(width, width)
        self.transform_norm = nn.LayerNorm(width, 1e-12)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, ids, masked):
        length = ids.shape[1]
        x = self.words(ids) + self.positions.weight[:length] + self.types.weight[0]
        x = self.dropout(self.norm(x))
        for layer in self.layers:
            x = layer(x)
        x = x.flatten(0, 1)[masked]
        x = self.transform_norm(functional.gelu(self.transform(x)))
        return functional.linear(x, self.words.weight, self.bias)


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--vocabulary", type=int, default=30522)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa")
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="bf16")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20)
    return parser.parse_args()


def main():
    arguments = parse()
    torch.manual_seed(1)
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    model = Bert(arguments).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
    tokens = arguments.batch * arguments.length
    seconds = []
    for _ in range(arguments.steps):
        ids = torch.randint(arguments.vocabulary, (arguments.batch, arguments.length))
        masked = torch.randperm(tokens)[: int(0.15 * tokens)]
        targets = ids.flatten()[masked]
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=arguments.precision == "bf16"):
            logits = model(ids, masked)
            loss = functional.cross_entropy(logits.float(), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        seconds.append(time.perf_counter() - start)
    steady = seconds[max(1, arguments.steps // 10):]
    print(json.dumps({
        "tokens_per_s": tokens / statistics.median(steady), "loss": loss.item(),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
