"""The TF-IDF baseline of scores on sets small enough to know the answer."""

import json
import unittest

from baseline_case import BaselineTest
import tfidf_ridge  # found by baseline_case

WORDS = "cat dog hen cow oak rose fern moss sea sky sun moon".split()


def pairs(shift):
    """Two texts of four words; the score is how many they share."""
    rows = []
    for start in range(len(WORDS)):
        for shared in range(5):
            first = [WORDS[(start + k) % 12] for k in range(4)]
            second = first[:shared] + [WORDS[(start + shift + k) % 12] for k in range(4 - shared)]
            rows.append(f"{' '.join(first)}\t{' '.join(second)}\t{shared}.0\n")
    return "".join(rows)


class Baseline(BaselineTest):
    program = tfidf_ridge

    def test_what_two_texts_share_is_learnt(self):
        done = self.run_on(pairs(5), pairs(7))
        self.assertEqual(done.returncode, 0, done.stderr)
        figures = json.loads(done.stdout)
        self.assertEqual(done.stdout.count("\n"), 1)
        self.assertGreater(figures["pearson"], 0.95)
        self.assertGreater(figures["spearman"], 0.95)
        self.assertLess(figures["rmse"], 0.5)
        self.assertEqual((figures["rows_train"], figures["rows_dev"]), (60, 60))

    def test_the_sign_of_a_word_is_learnt(self):
        rows = "a good day\t4.5\na bad day\t1.5\n" * 4
        self.assertGreater(json.loads(self.run_on(rows, rows).stdout)["pearson"], 0.99)

    def test_constant_predictions_correlate_with_nothing(self):
        figures = json.loads(self.run_on("a good day\t4.5\na bad day\t1.5\n",
                                         "unknown\t1\nnever seen\t2\n").stdout)
        self.assertEqual((figures["pearson"], figures["spearman"]), (0, 0))

    def test_what_it_cannot_use_is_named(self):
        for train, dev, words in (("a\tgood\n", "a\t1\n", "train.tsv:1"),
                                  ("a\tnan\n", "a\t1\n", "train.tsv:1"),
                                  ("a\t1\nb\tc\t2\n", "a\t1\n", "train.tsv:2"),
                                  ("a\t1\n", "a\tb\t1\n", "2 texts a row"),
                                  (".\t1\n", "a\t1\n", "empty vocabulary")):
            done = self.run_on(train, dev)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
