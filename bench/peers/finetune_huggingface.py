"""Fine-tuning of a Hugging Face model as a careful PyTorch user writes it: the peer of our engine. Fixed:
figures of different days are comparable only while this file does not change.

transformers' own BERT with sdpa attention, rows tokenised once, batches of rows of like length (pools of
50 shuffled batches, sorted), bf16 autocast where asked, fused AdamW with decay on matrices only, linear
warm-up and decay, gradient clipping.

    finetune_huggingface.py --model FOLDER --train rows.jsonl --dev rows.jsonl [--score] ...

Rows are JSON lines with text, second (pairs) and label.
"""

import argparse
import json
import resource
import time

import numpy
import scipy.stats
import sklearn.metrics
import torch
from torch import nn
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--dev", required=True)
    parser.add_argument("--score", action="store_true", help="labels are numbers to regress")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("bf16", "fp32"), default="fp32")
    return parser.parse_args()


def read_rows(path, tokenizer, max_length, classes, score):
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    pairs = [row["second"] for row in rows] if "second" in rows[0] else None
    encoded = tokenizer([row["text"] for row in rows], pairs, truncation=True, max_length=max_length)
    labels = [float(row["label"]) if score else classes.index(row["label"]) for row in rows]
    return list(zip(encoded["input_ids"], encoded["token_type_ids"], labels))


def padded(rows, score):
    longest = max(len(ids) for ids, _, _ in rows)
    batch = {"input_ids": torch.zeros(len(rows), longest, dtype=torch.long)}
    batch["token_type_ids"] = torch.zeros_like(batch["input_ids"])
    batch["attention_mask"] = torch.zeros_like(batch["input_ids"])
    for i, (ids, types, _) in enumerate(rows):
        batch["input_ids"][i, : len(ids)] = torch.tensor(ids)
        batch["token_type_ids"][i, : len(ids)] = torch.tensor(types)
        batch["attention_mask"][i, : len(ids)] = 1
    labels = torch.tensor([label for _, _, label in rows],
                          dtype=torch.float if score else torch.long)
    return batch, labels


def bucketed(rows, batch, generator):
    """Batches of rows of like length, in random order, for one pass."""
    order = torch.randperm(len(rows), generator=generator).tolist()
    pool, batches = 50 * batch, []
    for start in range(0, len(order), pool):
        part = sorted(order[start:start + pool], key=lambda i: len(rows[i][0]))
        batches += [part[i:i + batch] for i in range(0, len(part), batch)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]


def evaluate(model, rows, score):
    model.eval()
    outputs = numpy.zeros((len(rows), model.config.num_labels))
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            part = order[start:start + 64]
            batch, _ = padded([rows[i] for i in part], score)
            outputs[part] = model(**batch).logits.float().numpy()
    labels = numpy.array([label for _, _, label in rows])
    if score:
        return {"pearson": scipy.stats.pearsonr(outputs[:, 0], labels)[0],
                "spearman": scipy.stats.spearmanr(outputs[:, 0], labels)[0]}
    found = outputs.argmax(1)
    metrics = {"accuracy": sklearn.metrics.accuracy_score(labels, found),
               "matthews": sklearn.metrics.matthews_corrcoef(labels, found)}
    if model.config.num_labels == 2:
        metrics["f1"] = sklearn.metrics.f1_score(labels, found)
    return metrics


def main():
    arguments = parse()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    classes = []
    if not arguments.score:
        with open(arguments.train, encoding="utf-8") as file:
            classes = sorted({json.loads(line)["label"] for line in file})
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    train, dev = (read_rows(path, tokenizer, arguments.max_length, classes, arguments.score)
                  for path in (arguments.train, arguments.dev))
    model = AutoModelForSequenceClassification.from_pretrained(
        arguments.model, num_labels=1 if arguments.score else len(classes),
        attn_implementation="sdpa", dtype=torch.float32)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.01},
                                   {"params": vectors, "weight_decay": 0.0}],
                                  lr=arguments.learning_rate, fused=True)
    a_pass = -(-len(train) // arguments.batch)
    steps = max(1, round(arguments.epochs * a_pass))
    warmup = max(1, round(0.06 * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, (steps - step) / max(1, steps - warmup)))
    generator = torch.Generator().manual_seed(arguments.seed)
    loss_of = nn.MSELoss() if arguments.score else nn.CrossEntropyLoss()
    model.train()
    done = tokens = slots = 0
    seconds = 0.0
    while done < steps:
        for part in bucketed(train, arguments.batch, generator)[: steps - done]:
            start = time.perf_counter()
            batch, labels = padded([train[i] for i in part], arguments.score)
            with torch.autocast("cpu", torch.bfloat16, enabled=arguments.precision == "bf16"):
                logits = model(**batch).logits
            logits = logits.float()
            loss = loss_of(logits.squeeze(-1) if arguments.score else logits, labels)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            seconds += time.perf_counter() - start
            tokens += int(batch["attention_mask"].sum())
            slots += batch["attention_mask"].numel()
            done += 1
    print(json.dumps(evaluate(model, dev, arguments.score) | {
        "tokens": tokens, "padding": 1 - tokens / slots, "steps": done, "seconds": seconds,
        "tokens_per_s": tokens / seconds,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
