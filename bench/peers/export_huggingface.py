"""Writes a BERT with random weights as a Hugging Face folder and as the ONNX file of Hugging Face's own
exporter (transformers.exporters): the peer of our export. Fixed. Needs onnxscript beside the pinned packages.

    export_huggingface.py --layers 4 --width 256 --length 128 --out FOLDER
"""

import argparse
import pathlib

import torch
from transformers import BertConfig, BertForSequenceClassification
from transformers.exporters import OnnxConfig, OnnxExporter

VOCABULARY = 30522


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    model = BertForSequenceClassification(BertConfig(
        vocab_size=VOCABULARY, hidden_size=arguments.width, num_hidden_layers=arguments.layers,
        num_attention_heads=arguments.width // 64, intermediate_size=4 * arguments.width)).eval()
    model.save_pretrained(arguments.out)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += [f"w{number}" for number in range(VOCABULARY - len(words))]
    (arguments.out / "vocab.txt").write_text("\n".join(words) + "\n")
    shape = (1, arguments.length)
    inputs = {"input_ids": torch.ones(shape, dtype=torch.long),
              "attention_mask": torch.ones(shape, dtype=torch.long),
              "token_type_ids": torch.zeros(shape, dtype=torch.long)}
    exported = OnnxExporter().export(model, inputs, config=OnnxConfig(dynamic=False))
    exported.save_pretrained(arguments.out / "onnx")


if __name__ == "__main__":
    main()
