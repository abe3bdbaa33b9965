"""What cannot be imported from a Hugging Face folder is refused with the reason, and nothing is
written."""

import json
import unittest

from huggingface_case import (FAILED, USAGE, HuggingFaceCase, edgetran, order_one, random_config)
import torch
import transformers
from safetensors.torch import load_file as load_tensors, save_file


class Refusals(HuggingFaceCase):
    def bert(self):
        return self.saved(transformers.BertForSequenceClassification(random_config(8)))

    def test_other_architectures_are_named(self):
        source = self.bert()
        good = (source / "config.json").read_text()
        cases = {("model_type", "roberta"): ("roberta", "bert"),
                 ("hidden_act", "gelu_new"): ("gelu_new", "erf"),
                 ("hidden_act", "relu"): ("relu",),
                 ("position_embedding_type", "relative_key_query"): ("relative_key_query",),
                 ("layer_norm_eps", 1e-5): ("layer_norm_eps", "1e-05", "1e-12"),
                 ("is_decoder", True): ("is_decoder",),
                 ("num_attention_heads", 7): ("num_attention_heads 7",),
                 ("hidden_size", -3): ("-3",),
                 ("hidden_size", "wide"): ("wide",)}
        for (key, value), says in cases.items():
            (source / "config.json").write_text(good)
            self.edit_config(source, **{key: value})
            self.refused(source, "config.json:", *says)

    def test_missing_wrong_and_unknown_tensors_are_named(self):
        source = self.bert()
        tensors = load_tensors(source / "model.safetensors")
        name = "bert.encoder.layer.0.attention.self.key.weight"
        save_file({key: value for key, value in tensors.items() if key != name},
                  source / "model.safetensors")
        self.refused(source, "missing: encoder.layer.0.attention.self.key.weight")
        shape = list(tensors[name].shape)
        save_file(dict(tensors, **{name: torch.zeros(shape[0] + 1, shape[1])}),
                  source / "model.safetensors")
        self.refused(source, name, f"[{shape[0] + 1}, {shape[1]}]", f"[{shape[0]}, {shape[1]}]")
        save_file(dict(tensors, **{"bert.adapter.weight": torch.zeros(2)}),
                  source / "model.safetensors")
        self.refused(source, "not part of a BERT: bert.adapter.weight")

    def test_damaged_files_are_refused(self):
        source = self.bert()
        data = (source / "model.safetensors").read_bytes()
        (source / "model.safetensors").write_bytes(data[:-10])
        self.refused(source, "model.safetensors", code=FAILED)
        (source / "model.safetensors").unlink()
        (source / "pytorch_model.bin").write_bytes(b"x")
        self.refused(source, "pytorch_model.bin", "save_pretrained")
        (source / "config.json").write_text("{")
        self.refused(source, "config.json:1:")
        (source / "config.json").unlink()
        self.refused(source, "config.json")

    def test_a_vocabulary_larger_than_the_table_is_refused(self):
        source = self.bert()
        (source / "vocab.txt").write_text("\n".join(f"w{i}" for i in range(100)) + "\n")
        self.refused(source, "vocab.txt", "100")

    def test_a_folder_is_not_overwritten_by_itself(self):
        source = self.bert()
        message = edgetran("model", "import", source, "--out", source, code=USAGE)
        self.assertIn("--out", message)

    def test_a_decoder_that_is_not_tied_is_refused(self):
        theirs = order_one(transformers.BertForMaskedLM(random_config(2)), 2)
        source = self.saved(theirs)
        tensors = load_tensors(source / "model.safetensors")
        tensors["cls.predictions.decoder.weight"] = tensors[
            "bert.embeddings.word_embeddings.weight"] + 1
        save_file(tensors, source / "model.safetensors")
        self.refused(source, "cls.predictions.decoder.weight", "tied", "--head none")


if __name__ == "__main__":
    unittest.main()
