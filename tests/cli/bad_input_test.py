"""What a user can get wrong: each case with its message and exit code, and nothing half-written."""

import json
import os
import pathlib
import struct
import tempfile
import unittest

from program import BERT_BASE, FLEXIBERT, TINY, edgetran

USAGE, FAILED = 2, 1

SPACE = """format: edgetran.space/1
name: s
layers: [1]
width: [16]
heads: [2]
head_types: [sa_sdp]
feed_forward: {depth: [1], sizes: [32]}
"""


class BadInput(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def write(self, name, text):
        path = self.folder / name
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text, encoding="utf-8")
        return path

    def spec(self, **changes):
        return self.write("spec.json", json.dumps(dict(TINY, **changes), indent=1))

    def refused(self, code, *arguments, says=()):
        before = sorted(path.name for path in self.folder.rglob("*"))
        done = edgetran(*arguments, folder=self.folder,
                        environment={"XDG_CACHE_HOME": str(self.folder / "cache")})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in says:
            self.assertIn(word, done.stderr + done.stdout)
        after = sorted(path.name for path in self.folder.rglob("*"))
        self.assertFalse(any("tmp" in name for name in after), after)
        return before, after

    # -- words ------------------------------------------------------------------------------------

    def test_an_unknown_command_names_the_nearest(self):
        self.refused(USAGE, "modle", "cost", says=("unknown command 'modle'", "'model'"))
        self.refused(USAGE, "model", "csot", says=("unknown command 'csot'", "'cost'"))

    def test_an_unknown_flag_names_the_nearest(self):
        self.refused(USAGE, "model", "cost", BERT_BASE, "--lenght", 3,
                     says=("unknown flag '--lenght'", "'--length'"))

    def test_a_flag_without_its_value(self):
        self.refused(USAGE, "model", "cost", BERT_BASE, "--length", says=("--length",))

    def test_values_out_of_range_or_of_another_type(self):
        self.refused(USAGE, "model", "cost", BERT_BASE, "--length", -1, says=("--length", "-1"))
        self.refused(USAGE, "model", "cost", BERT_BASE, "--batch", "many", says=("many",))
        self.refused(USAGE, "model", "init", BERT_BASE, "--initialization", "ordr-one", "--out",
                     "x", says=("ordr-one", "order-one"))

    def test_a_missing_argument_or_required_flag(self):
        self.refused(USAGE, "model", "cost", says=("needs model",))
        self.refused(USAGE, "model", "init", BERT_BASE, says=("needs out",))

    def test_an_unknown_format(self):
        self.refused(USAGE, "model", "cost", BERT_BASE, "--format", "jsn",
                     says=("unknown format 'jsn'", "json"))

    def test_an_unknown_shell(self):
        self.refused(USAGE, "completion", "bsh", says=("unknown shell 'bsh'", "bash"))

    # -- specs ------------------------------------------------------------------------------------

    def test_a_spec_that_is_not_there(self):
        self.refused(USAGE, "model", "cost", "nowhere.json", says=("nowhere.json",))

    def test_an_unknown_key_names_place_and_nearest(self):
        self.refused(USAGE, "model", "cost", self.spec(positons=3),
                     says=("spec.json:", "positons", "positions", "^"))

    def test_an_unknown_head_type(self):
        layers = [dict(TINY["layers"][0], heads=["sa_spd", "sa_sdp"])]
        self.refused(USAGE, "model", "cost", self.spec(layers=layers),
                     says=("sa_spd", "did you mean 'sa_sdp'"))

    def test_sizes_of_zero_and_below(self):
        for width in (0, -4):
            layers = [dict(TINY["layers"][0], width=width)]
            self.refused(USAGE, "model", "cost", self.spec(layers=layers),
                         says=("spec.json:", str(width)))
        self.refused(USAGE, "model", "cost", self.spec(vocabulary=0), says=("spec.json:", "0"))

    def test_a_model_too_large_to_build(self):
        layers = [{"width": 65536, "head_width": 65536, "heads": ["sa_sdp"] * 256,
                   "feed_forward": [65536] * 8}] * 256
        self.refused(USAGE, "model", "cost", self.spec(layers=layers))

    def test_a_spec_outside_its_space_says_where(self):
        space = self.write("space.yaml", SPACE)
        layers = [dict(TINY["layers"][0], width=300, head_width=150)]
        self.refused(USAGE, "space", "validate", space, self.spec(layers=layers),
                     says=("layers.0.width", "300", "16"))

    def test_a_length_beyond_the_positions(self):
        self.refused(USAGE, "model", "cost", self.spec(), "--length", 17, says=("17", "16"))

    # -- YAML -------------------------------------------------------------------------------------

    def test_yaml_with_a_tab(self):
        space = self.write("space.yaml", "format: edgetran.space/1\nlayers:\n\t- 1\n")
        self.refused(USAGE, "space", "describe", space, says=("space.yaml:3:", "^"))

    def test_yaml_with_a_duplicate_key(self):
        space = self.write("space.yaml", SPACE + "heads: [4]\n")
        self.refused(USAGE, "space", "describe", space, says=("space.yaml:8:1", "heads", "^"))

    def test_yaml_with_a_wrong_type(self):
        space = self.write("space.yaml", SPACE.replace("width: [16]", "width: [sixteen]"))
        self.refused(USAGE, "space", "describe", space,
                     says=("space.yaml:4:9", "sixteen", "^"))

    def test_yaml_with_an_unknown_key(self):
        space = self.write("space.yaml", SPACE + "vocabluary: 5\n")
        self.refused(USAGE, "space", "describe", space,
                     says=("space.yaml:8:1", "vocabluary", "vocabulary", "^"))

    # -- model folders ----------------------------------------------------------------------------

    def model_folder(self):
        folder = self.folder / "model"
        done = edgetran("model", "init", self.spec(), "--out", folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        return folder

    def test_missing_weights(self):
        folder = self.model_folder()
        os.remove(folder / "model.safetensors")
        _, after = self.refused(USAGE, "model", "export", folder, "--length", 8, "--out",
                                "m.onnx", says=("model.safetensors",))
        self.assertNotIn("m.onnx", after)

    def test_truncated_weights(self):
        folder = self.model_folder()
        file = folder / "model.safetensors"
        file.write_bytes(file.read_bytes()[:-10])
        _, after = self.refused(FAILED, "model", "export", folder, "--length", 8, "--out",
                                "m.onnx", says=("model.safetensors",))
        self.assertNotIn("m.onnx", after)

    def test_a_header_that_claims_a_terabyte(self):
        folder = self.model_folder()
        (folder / "model.safetensors").write_bytes(struct.pack("<Q", 10**12) + b"{}")
        self.refused(FAILED, "model", "export", folder, "--length", 8, "--out", "m.onnx",
                     says=("1000000000000",))

    def test_weights_of_another_shape_are_named_with_both_shapes(self):
        folder = self.model_folder()
        spec = json.loads((folder / "model.json").read_text())
        text = json.dumps(spec).replace('"feed_forward": [32]', '"feed_forward": [24]')
        (folder / "model.json").write_text(text)
        self.refused(USAGE, "model", "export", folder, "--length", 8, "--out", "m.onnx",
                     says=("layers.0.feed_forward.0.weight", "[24, 16]", "[32, 16]"))

    def test_a_model_of_a_newer_format(self):
        folder = self.model_folder()
        text = (folder / "model.json").read_text().replace("edgetran.model/1", "edgetran.model/9")
        (folder / "model.json").write_text(text)
        self.refused(USAGE, "model", "show", folder, says=("newer", "edgetran.model/9"))

    def test_a_spec_without_weights_cannot_be_exported(self):
        self.refused(USAGE, "model", "export", self.spec(), "--out", "m.onnx",
                     says=("without weights", "model init"))

    def test_a_transfer_that_cannot_be(self):
        folder, spec = self.model_folder(), self.folder / "spec.json"
        self.refused(USAGE, "model", "transfer", folder, "--spec", spec, "--mode", "ordred", "--out",
                     "t", says=("ordred", "ordered"))
        self.refused(USAGE, "model", "transfer", folder, "--out", "t", says=("needs spec",))
        self.refused(USAGE, "model", "transfer", spec, "--spec", spec, "--out", "t",
                     says=("without weights",))
        self.refused(USAGE, "model", "transfer", folder, "--spec", spec, "--out", folder,
                     says=("--out",))
        self.assertFalse((self.folder / "t").exists())

    def test_a_folder_that_is_no_hugging_face_model(self):
        self.refused(USAGE, "model", "import", self.model_folder(), "--out", "t",
                     says=("config.json",))
        config = self.write("config.json", json.dumps({"model_type": "gpt2"}))
        self.refused(USAGE, "model", "import", config.parent, "--out", "t", says=("gpt2", "bert"))

    # -- data -------------------------------------------------------------------------------------

    def prepare(self, train, says, code=USAGE, name="train.tsv"):
        file = self.write(name, train)
        dev = self.write("dev.tsv", "text\tlabel\na b\tx\nc d\ty\n")
        self.refused(code, "data", "prepare", "--source", "files", "--train", file, "--dev", dev,
                     says=says)

    def test_an_empty_file(self):
        self.prepare("", ("train.tsv", "empty"))

    def test_one_class_only(self):
        self.prepare("text\tlabel\n" + "a b\tx\n" * 3, ("train.tsv", "x"))

    def test_a_label_missing_in_row_17(self):
        rows = "".join(f"w{i}\t{'xy'[i % 2] if i != 17 else ''}\n" for i in range(1, 30))
        self.prepare("text\tlabel\n" + rows, ("train.tsv", "row 17"))

    def test_a_row_with_three_columns_instead_of_two(self):
        self.prepare("text\tlabel\na\tx\nb\ty\tz\n", ("train.tsv", "row 2", "3", "2"))

    def test_invalid_utf8_is_placed(self):
        self.prepare(b"text\tlabel\na\tx\nb\xff\ty\n", ("train.tsv", "byte"))

    def test_an_unknown_column_names_the_nearest(self):
        self.prepare("txt\tlabel\na\tx\n", ("text", "txt"))

    def test_a_vocabulary_without_mask(self):
        vocabulary = self.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n")
        file = self.write("train.tsv", "text\tlabel\na\tx\nb\ty\n")
        self.refused(USAGE, "data", "prepare", "--source", "files", "--train", file, "--dev",
                     file, "--vocabulary-file", vocabulary, says=("[MASK]",))

    # -- stores -----------------------------------------------------------------------------------

    def test_a_folder_that_holds_no_study(self):
        self.refused(USAGE, "study", "status", self.folder / "none", says=("none",))

    def test_a_study_with_an_unknown_key(self):
        self.write("space.yaml", SPACE)
        study = self.write("study.yaml", "format: edgetran.study/1\nname: s\nspace: space.yaml\n"
                           "devices: [this-machine]\nsearch: {rungs: [10]}\ntraning: {}\n")
        self.refused(USAGE, "study", "run", study, "--out", "s",
                     says=("study.yaml:6:1", "traning", "training", "^"))

    def test_an_unknown_search_method(self):
        self.write("space.yaml", SPACE)
        rows = self.write("rows.tsv", "text\tlabel\na b\tx\nc d\ty\n")
        study = self.write("study.yaml", "format: edgetran.study/1\nname: s\nspace: space.yaml\n"
                           "devices: [this-machine]\nsearch: {method: randm, rungs: [10]}\n"
                           f"task: {{source: files, train: {rows}, dev: {rows}}}\n")
        self.refused(USAGE, "study", "run", study, "--out", "s", says=("randm", "random"))


if __name__ == "__main__":
    unittest.main()
