"""Byte-level BPE against Hugging Face's tokenizers: words, ids, files and the trainer.

Environment: that of tokenizer_oracle.py. With the shared data the vocabulary is RoBERTa's; one that
is trained here is tested anyhow.
"""

import json
import os
import pathlib
import tempfile
import unittest

import tokenizer_oracle
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

ROBERTA = tokenizer_oracle.SHARED / "tokenizers" / "roberta-gpt2"
ALL = "EDGETRAN_ORACLE_ALL" in os.environ  # all 1.1 million code points, not one in 97 of the blocks
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def oracle(vocabulary, merges, prefix):
    """Without added tokens: text is only text."""
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    return tokenizer


def parts(file):
    model = json.loads(file.read_text(encoding="utf-8"))["model"]
    return model["vocab"], [tuple(merge) for merge in model["merges"]]


class BpeOracle(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def trained(self, size=3000, prefix=False, lines=None, name="tokenizer.json"):
        path = self.folder / name
        lines = lines or tokenizer_oracle.real_lines(2000) + tokenizer_oracle.mixed_lines(3, 2000)
        tokenizer_oracle.train("bpe-prefix" if prefix else "bpe", size, 2, lines, path)
        return path

    def same(self, path, reference, lines):
        ours = tokenizer_oracle.ours(path, [[line] for line in lines])
        expected = reference.encode_batch([tokenizer_oracle.text_of(line) for line in lines],
                                          add_special_tokens=False)
        self.assertEqual(len(ours), len(lines))
        for line, row, wanted in zip(lines, ours, expected):
            self.assertEqual(row[1:], wanted.ids, line)

    def test_mixed_lines_with_a_trained_vocabulary(self):
        for prefix in (False, True):
            path = self.trained(prefix=prefix)
            self.same(path, oracle(*parts(path), prefix), tokenizer_oracle.mixed_lines(21))

    @unittest.skipUnless(ROBERTA.is_dir(), f"{ROBERTA} is not there")
    def test_mixed_lines_with_the_vocabulary_of_roberta(self):
        vocabulary = json.loads((ROBERTA / "vocab.json").read_text(encoding="utf-8"))
        merges = [tuple(line.split(" ")) for line in
                  (ROBERTA / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]]
        lines = tokenizer_oracle.mixed_lines(22)
        self.same(ROBERTA, oracle(vocabulary, merges, False), lines)
        # The pair of files with add_prefix_space in the configuration beside them.
        for name in ("vocab.json", "merges.txt"):
            (self.folder / name).write_bytes((ROBERTA / name).read_bytes())
        (self.folder / "tokenizer_config.json").write_text('{"add_prefix_space": true}')
        self.same(self.folder / "vocab.json", oracle(vocabulary, merges, True), lines)

    def test_every_code_point_is_cut_alike(self):
        """Its class shows in which of a letter, a number and a sign before it is of its word.

        The vocabulary has a merge of each of the three with every byte, and no other.
        """
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        merges = [(first, byte) for first in "a1-" for byte in alphabet]
        entries = list(dict.fromkeys(SPECIAL + alphabet + [a + b for a, b in merges]))
        vocabulary = {entry: number for number, entry in enumerate(entries)}
        (self.folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
        (self.folder / "merges.txt").write_text(
            "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), encoding="utf-8")
        characters = [chr(c) for c in range(1, 0x110000) if not 0xD800 <= c <= 0xDFFF
                      and (c < 0x3400 or 0xA000 <= c < 0xAC00 or 0xF8F0 <= c <= 0x20010
                           or 0x2EB00 <= c <= 0x32400 or c % 97 == 0 or ALL)]
        reference = oracle(vocabulary, merges, False)
        self.same(self.folder, reference, [f"a{c}1{c}-{c}".encode() for c in characters])

    def test_rows_of_the_written_file_equal_ours(self):
        """tokenizer.json loads there and its rows, special tokens and types are ours and RoBERTa's."""
        path = self.trained()
        reference = Tokenizer.from_file(str(path))
        lines = [b"a first text", "naïve 中文 😀".encode(), b"it's", b"  two  blanks "]
        singles = tokenizer_oracle.ours(path, [[line] for line in lines], max_length=64)
        for line, row in zip(lines, singles):
            self.assertEqual(row[1:], reference.encode(line.decode()).ids)
        rows = [[one, two] for one in lines for two in lines]
        reference.enable_truncation(9, strategy="longest_first")
        for (one, two), row in zip(rows, tokenizer_oracle.ours(path, rows, max_length=9)):
            encoding = reference.encode(one.decode(), two.decode())
            self.assertEqual(row[1:], encoding.ids)
            self.assertEqual((row[0], set(encoding.type_ids)), (len(encoding.ids), {0}))
        ids = reference.get_vocab()
        reference.post_processor = processors.RobertaProcessing(
            ("</s>", ids["</s>"]), ("<s>", ids["<s>"]), add_prefix_space=False)
        for (one, two), row in zip(rows, tokenizer_oracle.ours(path, rows, max_length=9)):
            self.assertEqual(row[1:], reference.encode(one.decode(), two.decode()).ids)
        self.assertEqual(reference.decode(reference.encode("naïve 中文").ids), "naïve 中文")

    def test_reads_what_the_reference_writes(self):
        for prefix in (False, True):
            vocabulary, merges = parts(self.trained(prefix=prefix))
            written = oracle(vocabulary, merges, prefix)
            written.decoder = decoders.ByteLevel()
            path = self.folder / "theirs.json"
            written.save(str(path))
            self.same(path, written, tokenizer_oracle.mixed_lines(4, 500))

    def test_the_trainer_makes_the_reference_trainer_s_merges(self):
        lines = tokenizer_oracle.real_lines(2500) or tokenizer_oracle.mixed_lines(6, 2500)
        for prefix in (False, True):
            vocabulary, merges = parts(self.trained(5000, prefix, lines))
            reference = Tokenizer(models.BPE(unk_token="<unk>"))
            reference.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
            trainer = trainers.BpeTrainer(
                vocab_size=5000, min_frequency=2, special_tokens=SPECIAL, show_progress=False,
                initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
            reference.train_from_iterator([tokenizer_oracle.text_of(line) for line in lines], trainer)
            model = json.loads(reference.to_str())["model"]
            self.assertEqual(vocabulary, model["vocab"])
            self.assertEqual(merges, [tuple(merge) for merge in model["merges"]])
            self.assertGreater(len(merges), 2000)


if __name__ == "__main__":
    unittest.main()
