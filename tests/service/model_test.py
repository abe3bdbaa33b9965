"""model export --to openvino, verify and diff, as a user runs them: OpenVINO's own Python API and
ONNX Runtime see the same logits; what differs is found and is exit code 1."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import numpy as np
import openvino
from safetensors.numpy import load_file, save_file

from order_one_model import session

EDGETRAN = pathlib.Path(os.environ["EDGETRAN_BIN_DIR"]) / "edgetran"
TOLERANCE = 1e-4
FAILED, USAGE = 1, 2

SPEC = {"vocabulary": 40, "positions": 16, "position": "relative_key", "embedding": 12, "types": 2,
        "layers": [{"width": 16, "head_width": 5, "heads": ["sa_sdp"] * 3, "feed_forward": [24, 20]},
                   {"width": 12, "head_width": 6, "heads": ["sa_sdp"] * 2, "feed_forward": [32]}]}


class Model(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.model = self.init("model")

    def run_program(self, *arguments, code=0):
        # A lock folder of its own: other agents on this machine are not in the way.
        done = subprocess.run(
            [EDGETRAN, *map(str, arguments), "--format", "json"], capture_output=True, text=True,
            check=False, env=dict(os.environ, XDG_RUNTIME_DIR=str(self.folder)))
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout else done.stderr

    def init(self, name, spec=SPEC, *arguments):
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(spec))
        self.run_program("model", "init", path, "--initialization", "order-one", "--out",
                         self.folder / name, *arguments)
        return self.folder / name

    def changed(self, name):
        """A copy of the model with one weight moved."""
        copy = self.folder / name
        shutil.copytree(self.model, copy)
        tensors = load_file(copy / "model.safetensors")
        tensors["layers.0.value.bias"][0] += 0.5
        save_file(tensors, copy / "model.safetensors")
        return copy

    @staticmethod
    def passed(rows):
        return {row["check"]: row["passed"] for row in rows}

    # -- export to OpenVINO -----------------------------------------------------------------------

    def inputs(self, batch, length):
        draw = np.random.default_rng(1)
        return {"input_ids": draw.integers(0, SPEC["vocabulary"], (batch, length)),
                "token_type_ids": draw.integers(0, SPEC["types"], (batch, length)),
                "attention_mask": np.ones((batch, length), np.int64)}

    def logits_of(self, path, inputs):
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(path), "CPU",
                                      {"INFERENCE_PRECISION_HINT": "f32"})
        return compiled(inputs)["logits"]

    def check_export(self, batch, length, *arguments):
        onnx, folder = self.folder / "model.onnx", self.folder / "ir"
        self.run_program("model", "export", self.model, "--to", "onnx", "--out", onnx, *arguments)
        reply = self.run_program("model", "export", self.model, "--to", "openvino", "--out", folder,
                                 *arguments)
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["model.bin", "model.xml"])
        self.assertEqual(reply["weights_bytes"], (folder / "model.bin").stat().st_size)
        runtime = session(onnx)
        wanted = {port.name for port in runtime.get_inputs()}
        inputs = {name: value for name, value in self.inputs(batch, length).items()
                  if name in wanted}
        expected = runtime.run(["logits"], inputs)[0]
        actual = self.logits_of(folder / "model.xml", inputs)
        self.assertLess(np.abs(actual - expected).max(), TOLERANCE * np.abs(expected).max())

    def test_openvino_s_own_files_give_the_same_logits(self):
        self.check_export(2, 8, "--batch", 2, "--length", 8)

    def test_so_they_do_with_symbolic_sizes(self):
        self.check_export(3, 11, "--dynamic")

    # -- verify -----------------------------------------------------------------------------------

    def test_a_sound_folder_passes_every_check(self):
        rows = self.run_program("model", "verify", self.model)
        self.assertEqual(self.passed(rows),
                         {"format": True, "spec": True, "weights": True, "onnx": True})

    def test_unsound_folders_fail_with_exit_code_1(self):
        tensors = load_file(self.model / "model.safetensors")
        tensors["layers.1.key.bias"][2] = np.nan
        save_file(tensors, self.model / "model.safetensors")
        rows = self.run_program("model", "verify", self.model, code=FAILED)
        self.assertFalse(self.passed(rows)["weights"])
        self.assertIn("layers.1.key.bias", rows[-1]["detail"])
        info = json.loads((self.model / "model.json").read_text())
        info["tokenizer"] = "vocab.txt"
        (self.model / "model.json").write_text(json.dumps(info))
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"]
        (self.model / "vocab.txt").write_text("\n".join(words))
        rows = self.run_program("model", "verify", self.model, code=FAILED)
        self.assertIn("6 entries", [row["detail"] for row in rows if row["check"] == "vocabulary"][0])
        (self.model / "model.json").write_text("{")
        rows = self.run_program("model", "verify", self.model, code=FAILED)
        self.assertEqual(self.passed(rows), {"format": False})

    def test_outputs_are_compared_with_an_onnx_file(self):
        for arguments in (("--batch", 2, "--length", 9), ("--dynamic", "--with", "hidden")):
            onnx = self.folder / "model.onnx"
            self.run_program("model", "export", self.model, "--out", onnx, *arguments)
            rows = self.run_program("model", "verify", self.model, "--against", onnx)
            self.assertTrue(self.passed(rows)["logits"])
            other = self.changed(f"other{len(arguments)}")
            rows = self.run_program("model", "verify", other, "--against", onnx, code=FAILED)
            self.assertFalse(self.passed(rows)["logits"])
            self.assertIn("largest difference", rows[-1]["detail"])

    def test_outputs_are_compared_with_a_model_folder(self):
        rows = self.run_program("model", "verify", self.model, "--against", self.model)
        checks = self.passed(rows)
        self.assertTrue(checks["logits"] and checks["last_hidden_state"])
        self.run_program("model", "verify", self.model, "--against", self.changed("other"),
                         code=FAILED)

    def test_outputs_are_compared_with_a_hugging_face_folder(self):
        plain = dict(SPEC, position="absolute", layers=[dict(
            SPEC["layers"][1], width=12, head_width=6, heads=["sa_sdp"] * 2)] * 2)
        for name, arguments in {"classifier": ("--labels", 3), "mlm": ("--mlm",)}.items():
            model = self.init(name, plain, *arguments)
            theirs = self.folder / f"{name}-hf"
            self.run_program("model", "export", model, "--to", "huggingface", "--out", theirs)
            checks = self.passed(self.run_program("model", "verify", model, "--against", theirs))
            self.assertTrue(checks["last_hidden_state"])
            self.assertEqual("logits" in checks, name == "classifier")

    def test_what_is_no_model_is_refused(self):
        file = self.folder / "noise.onnx"
        file.write_bytes(b"\xff" * 40)
        message = self.run_program("model", "verify", self.model, "--against", file, code=FAILED)
        self.assertIn("noise.onnx", message)
        message = self.run_program("model", "verify", self.model, "--against", "nowhere",
                                   code=USAGE)
        self.assertIn("nowhere", message)

    # -- diff -------------------------------------------------------------------------------------

    def test_diff_shows_where_two_models_differ(self):
        other = json.loads(json.dumps(SPEC))
        other["layers"][1]["feed_forward"] = [40]
        other["layers"].append(other["layers"][1])
        path = self.folder / "other.json"
        path.write_text(json.dumps(other))
        rows = {row["block"]: row for row in self.run_program("model", "diff", self.model, path)}
        self.assertEqual([name for name, row in rows.items() if row["same"]],
                         ["embeddings, pooler", "layer 0"])
        self.assertEqual(rows["layer 0"]["distance"], 0)
        # 8 units more: rows of 12 and a bias, and 12 columns, of the larger layer's parameters.
        self.assertAlmostEqual(rows["layer 1"]["distance"],
                               8 * (12 + 1 + 12) / rows["layer 1"]["parameters_b"])
        self.assertEqual(rows["layer 2"]["a"], "")
        self.assertEqual(rows["layer 2"]["distance"], 1)
        whole = rows["model"]
        for side in ("parameters_a", "parameters_b", "shared"):
            self.assertEqual(whole[side], sum(row[side] for name, row in rows.items()
                                              if name != "model"))
        self.assertAlmostEqual(whole["distance"], 1 - whole["shared"] / whole["parameters_b"])


if __name__ == "__main__":
    unittest.main()
