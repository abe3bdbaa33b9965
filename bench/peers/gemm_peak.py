"""The machine's own limit: the best matrix product of PyTorch, in GFLOP/s.   gemm_peak.py [--threads N]"""

import argparse
import json
import time

import torch


def peak(dtype, size, repeats=6):
    a, b = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bf16", action="store_true", help="the processor has bfloat16 products")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    sizes = (1024, 2048)
    result = {"fp32": max(peak(torch.float32, size) for size in sizes)}
    if arguments.bf16:
        result["bf16"] = max(peak(torch.bfloat16, size) for size in sizes)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
