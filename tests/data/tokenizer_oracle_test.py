"""WordPiece ids against Hugging Face's tokenizers: every code point, random Unicode, real text.

Environment: that of tokenizer_oracle.py, and EDGETRAN_ORACLE_ALL, set to anything: all 1.1 million
code points (a minute). Real text is added where WordNet is installed or the shared data is there.
"""

import os
import pathlib
import random
import tempfile
import unittest

import tokenizer_oracle
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

WORDNET = pathlib.Path("/usr/share/wordnet")
BERT = tokenizer_oracle.SHARED / "tokenizers" / "bert-base-uncased" / "vocab.txt"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# Characters that meet each rule: accents, marks, ideographs, controls, blanks, odd cases.
TRICKY = [*"aZ09'-_[]##ßıİǅéÅñøΣςΆЖйё한글ไทยनमस्ते中文日本語カナ﷽ﬁ№½²~^`|<>$", "\u0301", "\u0327",
          "\u0323", "\u00ad", "\u200b", "\u200d", "\ufeff", "\u00a0", "\u2028", "\u3000", "\t",
          "\x0b", "\x85", "\x00", "\ufffd", "\u037e", "\u1fef", "\U0001f600", "\U00020000",
          "\U0002f800", "\u302e", "\U0001d165", "\ue000", "  "]


def code_points():
    """Every code point, but one in 97 of the large uniform blocks unless all are asked for."""
    uniform = [(0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xF8FF), (0x17000, 0x18CFF),
               (0x20000, 0xDFFFF), (0xE0200, 0x10FFFF)]
    for value in range(0x110000):
        if 0xD800 <= value <= 0xDFFF:
            continue
        sampled = any(low < value < high for low, high in uniform) and value % 97
        if not sampled or "EDGETRAN_ORACLE_ALL" in os.environ:
            yield chr(value)


def small_vocabulary():
    """Whole words, pieces and single characters, so that the ids show every cut."""
    pieces = ["the", "un", "##able", "##aff", "##s", "12", "##34", "aaaa", "##aa", "é", "i̇"]
    characters = {c for text in TRICKY for c in text.lower() if not c.isspace()}
    characters |= {chr(c) for c in range(33, 0x250)} | {chr(c) for c in range(0x370, 0x500)}
    entries = SPECIAL + pieces + sorted(characters) + ["##" + c for c in sorted(characters)]
    return [e for e in dict.fromkeys(entries) if "\n" not in e and e.strip() == e]


def oracle(vocabulary, lower, max_length=0):
    ids = {entry: number for number, entry in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if max_length:
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]),
                                                             ("[CLS]", ids["[CLS]"]))
        tokenizer.enable_truncation(max_length, strategy="longest_first")
    return tokenizer


def random_text(source):
    kind = source.randrange(3)
    length = source.randrange(1, 60)
    if kind == 0:
        return "".join(source.choice(TRICKY) for _ in range(length))
    if kind == 1:
        return "".join(chr(source.choice([source.randrange(32, 127), source.randrange(0x80, 0x3000),
                                          source.randrange(0xE000, 0x11A00)]))
                       for _ in range(length))
    words = ["the", "unaffable", "12345", "aaaaaaaa", "a" * 100, "b" * 101, "Élan", "x-y", "don't"]
    return " ".join(source.choice(words) for _ in range(length))


def glosses(part):
    """WordNet's, of a part of speech; none where it is not installed."""
    path = WORDNET / f"data.{part}"
    if not path.is_file():
        return []
    return [line.split(" | ", 1)[1] for line in path.read_text(encoding="utf-8").splitlines()
            if not line.startswith("  ")]


class TokenizerOracle(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.random = random.Random(7)

    def ours(self, vocabulary, rows, max_length=0, lower=True):
        path = pathlib.Path(self.folder.name) / "vocab.txt"
        path.write_text("\n".join(vocabulary) + "\n", encoding="utf-8", newline="\n")
        encoded = [[text.encode() for text in row] for row in rows]
        return tokenizer_oracle.ours(path, encoded, max_length, cased=not lower)

    def same(self, vocabulary, texts, lower=True):
        reference = oracle(vocabulary, lower)
        ours = self.ours(vocabulary, [[text] for text in texts], lower=lower)
        self.assertEqual(len(ours), len(texts))
        for text, row in zip(texts, ours):
            expected = reference.encode(text, add_special_tokens=False).ids
            self.assertEqual(row[1:], expected, ascii(text))

    def test_every_code_point_is_cut_and_folded_alike(self):
        """'a?b': three words, one, or two tell punctuation, letter or dropped, and blank apart."""
        # The vocabulary has every lower-cased, decomposed form, so that ids show each character.
        fold = normalizers.BertNormalizer(lowercase=True)
        newer_letters = [c for c in code_points() if self.lowers_only_there(c)]
        self.assertLess(len(newer_letters), 60)
        characters = [c for c in code_points() if c not in set(newer_letters)]
        forms = {c for text in (fold.normalize_str("".join(characters)),) for c in text}
        forms = sorted(c for c in forms if not c.isspace() and c not in "\n\r\x1c\x1d\x1e\x1f\x85")
        vocabulary = SPECIAL + forms + ["##" + c for c in forms if len(c.encode()) > 1 or c.isalnum()]
        self.assertGreater(len(vocabulary), 100_000)
        # 64 characters a row keep the run short; on a difference the row names its place.
        texts = [" ".join(f"a{c}b" for c in characters[at:at + 64])
                 for at in range(0, len(characters), 64)]
        self.same(vocabulary, texts)

    @staticmethod
    def lowers_only_there(character):
        """Letters of Unicode 16 and later: the oracle knows their lower case, Unicode 15 does not."""
        ranges = [(0x1C89, 0x1C8A), (0xA7CB, 0xA7DC), (0x10D50, 0x10D85), (0x16EA0, 0x16ED3)]
        return any(low <= ord(character) <= high for low, high in ranges) and \
            normalizers.Lowercase().normalize_str(character) != character

    def test_random_unicode_uncased(self):
        self.same(small_vocabulary(), [random_text(self.random) for _ in range(2000)])

    def test_random_unicode_cased(self):
        self.same(small_vocabulary(), [random_text(self.random) for _ in range(2000)], lower=False)

    def test_pairs_are_cut_longest_first_at_every_length(self):
        vocabulary = small_vocabulary()
        rows = [[random_text(self.random), random_text(self.random)] for _ in range(40)]
        reference = oracle(vocabulary, True, max_length=4)
        for max_length in range(4, 20):
            reference.enable_truncation(max_length, strategy="longest_first")
            for row, ours in zip(rows, self.ours(vocabulary, rows, max_length)):
                expected = reference.encode(*row)
                self.assertEqual(ours[1:], expected.ids, (max_length, row))
                self.assertEqual(ours[0], expected.type_ids.index(1), (max_length, row))

    def same_lines(self, vocabulary, lower):
        """20 000 lines of every script, a tenth of them real text, a fifth not valid UTF-8."""
        path = pathlib.Path(self.folder.name) / "vocab.txt"
        path.write_text("\n".join(vocabulary) + "\n", encoding="utf-8", newline="\n")
        lines = tokenizer_oracle.mixed_lines(11)
        expected = oracle(vocabulary, lower).encode_batch(
            [tokenizer_oracle.text_of(line) for line in lines], add_special_tokens=False)
        ours = tokenizer_oracle.ours(path, [[line] for line in lines], cased=not lower)
        self.assertEqual(len(ours), len(lines))
        for line, row, wanted in zip(lines, ours, expected):
            self.assertEqual(row[1:], wanted.ids, line)
        known = sum(token != 1 for row in ours for token in row[1:])
        self.assertGreater(known, len(lines))  # not all [UNK]

    def test_mixed_lines_with_a_small_vocabulary(self):
        self.same_lines(small_vocabulary(), lower=True)

    def test_mixed_lines_with_a_small_vocabulary_cased(self):
        self.same_lines(small_vocabulary(), lower=False)

    @unittest.skipUnless(BERT.is_file(), f"{BERT} is not there")
    def test_mixed_lines_with_the_vocabulary_of_bert(self):
        self.same_lines(BERT.read_text(encoding="utf-8").splitlines(), lower=True)

    def test_a_trained_vocabulary_merges_as_the_reference_trainer(self):
        """The same entries: merges, their order and ties, on real text. Words of more than 100 characters,
        or with one that the alphabet has no room for, are left out of ours alone, so that random
        lines would say nothing."""
        lines = tokenizer_oracle.real_lines(2000) or [gloss.encode() for gloss in glosses("noun")[:20000]]
        if not lines:
            self.skipTest("neither the shared data nor WordNet is there")
        path = pathlib.Path(self.folder.name) / "trained.txt"
        tokenizer_oracle.train("wordpiece", 4000, 2, lines, path)
        reference = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        reference.normalizer = normalizers.BertNormalizer(lowercase=True)
        reference.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=4000, min_frequency=2, special_tokens=SPECIAL,
                                            limit_alphabet=1000, show_progress=False)
        reference.train_from_iterator([tokenizer_oracle.text_of(line) for line in lines], trainer)
        ours = path.read_text(encoding="utf-8").splitlines()
        vocabulary = reference.get_vocab()
        theirs = sorted(vocabulary, key=vocabulary.get)
        # Ties go by the pieces' ids on both sides, but the reference numbers continuations in the
        # order of a hash table that changes from run to run; so a tie now and then goes otherwise.
        self.assertEqual(len(ours), len(theirs))
        self.assertGreaterEqual(len(set(ours) & set(theirs)), 0.995 * len(theirs))
        texts = [tokenizer_oracle.text_of(line) for line in lines]
        count = sum(len(row) - 1 for row in tokenizer_oracle.ours(path, [[line] for line in lines]))
        wanted = sum(len(row.ids) for row in reference.encode_batch(texts, add_special_tokens=False))
        self.assertAlmostEqual(count / wanted, 1, delta=0.001)

    @unittest.skipUnless(WORDNET.is_dir(), "WordNet (Debian's wordnet-base) is not installed")
    def test_wordnet_glosses_with_a_trained_vocabulary(self):
        known = glosses("noun") + glosses("adj")
        texts = self.random.sample(known, min(2000, len(known)))
        words = sorted({w for text in texts[::3] for w in text.lower().split() if w.isalpha()})
        letters = "abcdefghijklmnopqrstuvwxyz"
        pieces = ["##" + letter for letter in letters] + ["##" + w[-3:] for w in words if len(w) > 3]
        vocabulary = list(dict.fromkeys(SPECIAL + [*letters, *"0123456789.,;()'\"-`"] + words + pieces))
        self.same(vocabulary, texts)


if __name__ == "__main__":
    unittest.main()
