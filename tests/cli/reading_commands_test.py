"""Reading commands: figures, formats, help and completion."""

import csv
import io
import json
import tempfile
import unittest

from program import BERT_BASE, FLEXIBERT, edgetran, edgetran_json


class Model(unittest.TestCase):
    def test_bert_base_has_the_published_parameters(self):
        cost = edgetran_json("model", "cost", BERT_BASE)
        self.assertEqual(cost["parameters"], 109_482_240)

    def test_cost_counts_the_matrix_products_of_bert_base(self):
        # 24 h^2 a token and layer and 4 L h for the scores, of matrix products alone; element-wise
        # operators add less than two percent.
        length, width, layers = 128, 768, 12
        products = layers * length * (24 * width * width + 4 * length * width)
        cost = edgetran_json("model", "cost", BERT_BASE, "--length", length)
        self.assertGreater(cost["flops"], products)
        self.assertLess(cost["flops"], 1.02 * products)
        self.assertEqual(len(cost["layers"]), layers)

    def test_convert_goes_both_ways(self):
        with tempfile.TemporaryDirectory() as folder:
            published = f"{folder}/published.json"
            spec = edgetran_json("space", "sample", FLEXIBERT, "--count", 1)[0]["spec"]
            spec["position"] = "relative_key"
            original = f"{folder}/spec.json"
            with open(original, "w", encoding="utf-8") as file:
                json.dump(spec, file)
            self.assertEqual(edgetran("model", "convert", original, "--to", "published",
                                      "--out", published).returncode, 0)
            self.assertEqual(edgetran_json("model", "convert", published),
                             edgetran_json("model", "convert", original))


class Formats(unittest.TestCase):
    def test_each_format_says_the_same(self):
        rows = edgetran_json("space", "sample", FLEXIBERT, "--count", 3)
        command = ("space", "sample", FLEXIBERT, "--count", 3, "--format")
        lines = edgetran(*command, "jsonl").stdout.splitlines()
        self.assertEqual([json.loads(line) for line in lines], rows)
        cells = list(csv.DictReader(io.StringIO(edgetran(*command, "csv").stdout)))
        self.assertEqual([row["hash"] for row in cells], [row["hash"] for row in rows])
        self.assertEqual([json.loads(row["spec"]) for row in cells], [row["spec"] for row in rows])
        for shown in ("table", "md"):
            text = edgetran(*command, shown).stdout
            for row in rows:
                self.assertIn(row["hash"], text)

    def test_equal_seeds_give_equal_samples_and_others_do_not(self):
        command = ("space", "sample", FLEXIBERT, "--count", 5, "--format", "json", "--seed")
        self.assertEqual(edgetran(*command, 4).stdout, edgetran(*command, 4).stdout)
        self.assertNotEqual(edgetran(*command, 4).stdout, edgetran(*command, 5).stdout)

    def test_samples_are_members_and_neighbours_too(self):
        with tempfile.TemporaryDirectory() as folder:
            spec = edgetran_json("space", "sample", FLEXIBERT, "--count", 1)[0]["spec"]
            path = f"{folder}/spec.json"
            with open(path, "w", encoding="utf-8") as file:
                json.dump(spec, file)
            self.assertTrue(edgetran_json("space", "validate", FLEXIBERT, path)["valid"])
            self.assertEqual(edgetran_json("space", "distance", BERT_BASE, BERT_BASE)["distance"],
                             0)


class Help(unittest.TestCase):
    def test_version_is_one_line(self):
        done = edgetran("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^edgetran \d+\.\d+\.\d+\n$")

    def test_help_lists_every_flag_with_its_default(self):
        text = edgetran("model", "cost", "--help").stdout
        for word in ("--batch", "--length", "(default 1)", "--format"):
            self.assertIn(word, text)

    def test_exit_codes_are_documented(self):
        text = edgetran("help", "exit-codes").stdout
        for code in ("0", "1", "2", "3", "4", "5", "130"):
            self.assertRegex(text, rf"(?m)^ *{code}  ")

    def test_bash_completion_knows_commands_and_flags(self):
        script = edgetran("completion", "bash").stdout
        for word in ("finetune", "'model cost'", "--dynamic", "complete -o filenames"):
            self.assertIn(word, script)

    def test_every_shell_has_a_completion(self):
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("edgetran", edgetran("completion", shell).stdout)

    def test_studies_are_made_from_the_declared_settings(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(edgetran("study", "init", folder=folder).returncode, 0)
            with open(f"{folder}/study.yaml", encoding="utf-8") as file:
                text = file.read()
            for word in ("learning_rate:", "max_length:", "profile: quick", "rungs:"):
                self.assertIn(word, text)


if __name__ == "__main__":
    unittest.main()
