"""The TF-IDF baseline on sets small enough to know the answer."""

import json
import unittest

from baseline_case import BaselineTest
import tfidf_logreg  # found by baseline_case

TRAIN = "".join(f"the {animal} eats\tanimal\nthe {plant} grows\tplant\n" for animal, plant in
                [("cat", "oak"), ("dog", "rose"), ("hen", "fern"), ("cow", "moss")])


class Baseline(BaselineTest):
    program = tfidf_logreg

    def test_separable_words_are_learnt_and_the_share_of_right_answers_is_printed(self):
        done = self.run_on(TRAIN, "a cat eats\tanimal\na fern grows\tplant\na cow eats\tplant\n"
                                  "an oak grows\tplant\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        figures = json.loads(done.stdout)
        self.assertEqual(done.stdout.count("\n"), 1)
        self.assertEqual(figures["accuracy"], 0.75)  # the third label is wrong on purpose
        self.assertEqual((figures["rows_train"], figures["rows_dev"]), (8, 4))
        self.assertGreater(figures["seconds"], 0)

    def test_the_other_metrics_are_those_of_the_second_label(self):
        done = self.run_on(TRAIN.replace("animal", "0").replace("plant", "1"),
                           "a cat eats\t0\na fern grows\t1\na cow eats\t0\nan oak grows\t0\n")
        figures = json.loads(done.stdout)
        self.assertEqual(figures["accuracy"], 0.75)
        self.assertAlmostEqual(figures["f1"], 2 / 3)  # one right, one of class 0 taken for it
        self.assertAlmostEqual(figures["macro_f1"], (2 / 3 + 0.8) / 2)
        self.assertAlmostEqual(figures["matthews"], (1 * 2 - 1 * 0) / (2 * 1 * 3 * 2) ** 0.5)

    def test_two_texts_a_row(self):
        rows = "cat\teats\tanimal\noak\tgrows\tplant\n"
        figures = json.loads(self.run_on(rows, rows).stdout)
        self.assertEqual(figures["accuracy"], 1.0)

    def test_what_it_cannot_use_is_named(self):
        for train, words in (("one column\n", "train.tsv:1"), ("", "empty"),
                             ("a\tx\nb\tx\n", "same label"), ("a\tx\n.\t\n", "train.tsv:2"),
                             (".\tx\n.\ty\n", "empty vocabulary")):
            done = self.run_on(train, TRAIN)
            self.assertEqual(done.returncode, 2)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
