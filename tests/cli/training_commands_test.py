"""pretrain and finetune as a user types them: their figures, progress, resuming, and what can be
asked wrongly."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from program import BIN, edgetran

USAGE, DEVICE, FAILED, INTERRUPTED = 2, 4, 1, 130
WORDS = [f"w{index}" for index in range(19)]
SPEC = {"vocabulary": 24, "positions": 16, "position": "absolute", "embedding": 16, "types": 2,
        "layers": [{"width": 16, "head_width": 8, "heads": ["sa_sdp", "sa_sdp"],
                    "feed_forward": [32]}]}


class TrainingCommands(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.environment = {"XDG_CACHE_HOME": str(self.folder / "cache")}
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        self.write("vocab.txt", "\n".join(special + WORDS) + "\n")
        self.write("spec.json", json.dumps(SPEC))
        rows = [f"{WORDS[i % 7]} {WORDS[i % 5]}\t{'no yes'.split()[i % 2]}" for i in range(60)]
        self.write("rows.tsv", "text\tlabel\n" + "\n".join(rows) + "\n")
        lines = [" ".join(WORDS[(i + j) % 19] for j in range(12)) for i in range(200)]
        self.write("text.txt", "\n\n".join(lines) + "\n")

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def run_command(self, *arguments):
        return edgetran(*arguments, folder=self.folder, environment=self.environment)

    def finetune(self, *flags):
        return self.run_command("finetune", "spec.json", "--train", "rows.tsv", "--dev", "rows.tsv",
                                "--vocabulary", "vocab.txt", "--length", 16, "--batch", 8, "--out",
                                "tuned", "--format", "json", *flags)

    def pretrain(self, *flags):
        return self.run_command("pretrain", "spec.json", "--text", "text.txt", "--vocabulary",
                                "vocab.txt", "--length", 16, "--batch", 8, "--out", "body",
                                "--format", "json", *flags)

    def figures(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_bf16_where_the_processor_has_it_and_a_warning_where_not(self):
        flags = set(pathlib.Path("/proc/cpuinfo").read_text().split())
        if not flags & {"avx2", "avx512_bf16"}:
            self.skipTest("not an x86 processor")
        done = self.pretrain("--tokens", 512, "--precision", "bf16")
        native = "avx512_bf16" in flags
        self.assertEqual(self.figures(done)["precision"], "bf16" if native else "fp32")
        self.assertEqual("no bfloat16 instructions" in done.stderr, not native, done.stderr)

    def refused(self, code, done, *says):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for words in says:
            self.assertIn(words, done.stderr)
        self.assertFalse((self.folder / "tuned").exists() or (self.folder / "body").exists())

    # -- figures ----------------------------------------------------------------------------------

    def test_pretrain_gives_its_fixed_fields(self):
        figures = self.figures(self.pretrain("--tokens", 2000, "--precision", "bf16", "--threads",
                                             1, "--dropout", 0.1, "--seed", 3))
        for field in ("tokens_per_s", "loss", "valid_loss", "seconds", "tokens",
                      "peak_memory_bytes"):
            self.assertGreater(figures[field], 0, field)
        self.assertGreaterEqual(figures["tokens"], 2000)
        self.assertLess(figures["tokens"], 2000 + 8 * 16)  # whole steps

    def test_a_held_out_text_replaces_the_last_part(self):
        self.write("valid.txt", " ".join(WORDS[:8]) + "\n\n" + " ".join(WORDS[8:]) + "\n")
        own = self.figures(self.pretrain("--tokens", 300))
        other = self.figures(self.pretrain("--tokens", 300, "--valid", "valid.txt"))
        self.assertNotEqual(own["valid_loss"], other["valid_loss"])

    def test_finetune_gives_its_fixed_fields(self):
        figures = self.figures(self.finetune("--epochs", 2))
        for field in ("accuracy", "examples_per_s", "tokens_per_s", "seconds"):
            self.assertGreater(figures[field], 0, field)

    def test_early_stopping_is_reported(self):
        figures = self.figures(self.finetune("--epochs", 60, "--patience", 1, "--learning-rate",
                                             "0.05", "--evaluation-interval", 2))
        self.assertTrue(figures["stopped_early"])
        self.assertLess(figures["best_step"], figures["steps"])

    def test_a_teacher_is_learned_from(self):
        self.figures(self.finetune("--epochs", 1))
        (self.folder / "tuned").rename(self.folder / "teacher")
        plain = self.figures(self.finetune("--epochs", 1))
        taught = self.figures(self.finetune("--epochs", 1, "--teacher", "teacher"))
        self.assertNotEqual(plain["train_loss"], taught["train_loss"])

    # -- progress ---------------------------------------------------------------------------------

    def test_without_a_terminal_there_is_a_line_a_tenth(self):
        done = self.pretrain("--tokens", 20000, "--log-interval-s", 0)
        lines = [line for line in done.stderr.splitlines() if line.startswith("training")]
        self.assertEqual(len(lines), 10, done.stderr)
        self.assertRegex(lines[-1], r"^training 100 %, step \d+, loss [\d.]+, [\d ]+ tokens/s, ")
        self.assertEqual(self.pretrain("--tokens", 300, "--quiet").stderr, "")

    # -- stopping and going on --------------------------------------------------------------------

    def test_the_same_command_goes_on_after_an_interruption(self):
        flags = ("--tokens", 400000, "--seed", 2, "--log-interval-s", 0)
        command = [str(BIN / "edgetran"), "pretrain", "spec.json", "--text", "text.txt",
                   "--vocabulary", "vocab.txt", "--length", "16", "--batch", "8", "--out", "body",
                   "--format", "json", *map(str, flags)]
        process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=dict(os.environ, **self.environment))
        process.stderr.readline()  # a first tenth is done
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, INTERRUPTED, errors)
        self.assertTrue((self.folder / "body.checkpoint" / "checkpoint.safetensors").exists())
        self.assertFalse((self.folder / "body").exists())
        resumed = self.figures(self.pretrain(*flags))
        weights = (self.folder / "body" / "model.safetensors").read_bytes()
        self.assertFalse((self.folder / "body.checkpoint").exists())
        whole = self.figures(self.pretrain(*flags))
        self.assertEqual((self.folder / "body" / "model.safetensors").read_bytes(), weights)
        self.assertEqual(whole["valid_loss"], resumed["valid_loss"])

    def test_a_checkpoint_folder_that_was_asked_for_stays(self):
        self.figures(self.pretrain("--tokens", 300, "--checkpoint", "kept"))
        self.assertTrue((self.folder / "kept" / "checkpoint.safetensors").exists())

    # -- what can be asked wrongly ----------------------------------------------------------------

    def test_budgets_of_nothing_and_less(self):
        for tokens in (0, -5):
            self.refused(USAGE, self.pretrain("--tokens", tokens), "--tokens", str(tokens))
        for epochs in (0, -1):
            self.refused(USAGE, self.finetune("--epochs", epochs), "--epochs", str(epochs))

    def test_settings_that_contradict_one_another(self):
        self.refused(USAGE, self.finetune("--hidden-weight", 1), "hidden_weight is 1",
                     "no teacher")
        self.refused(USAGE, self.finetune("--accumulation", 9), "accumulation is 9", "8 rows")
        self.refused(USAGE, self.finetune("--stop-metric", "accuracy"), "patience is 0")
        self.refused(USAGE, self.pretrain("--tokens", 100, "--class-weights", "balanced"),
                     "no classes")
        self.refused(USAGE, self.finetune("--class-weights", "1,2,3"),
                     "3 numbers for 2 labels (no, yes)")

    def test_a_teacher_that_does_not_fit(self):
        self.refused(USAGE, self.finetune("--teacher", "nowhere"), "nowhere")
        self.refused(USAGE, self.finetune("--teacher", "spec.json"), "a spec without weights")

    def test_a_text_without_words(self):
        for text in ("", "\n\n  \n"):
            self.write("text.txt", text)
            self.refused(USAGE, self.pretrain("--tokens", 100), "text.txt", "empty")

    def test_longer_rows_than_the_model_takes_are_cut_and_said(self):
        done = self.finetune("--length", 40)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("rows are cut to 16 tokens", done.stderr)

    def test_a_learning_rate_that_diverges(self):
        self.refused(FAILED, self.finetune("--learning-rate", 1000, "--epochs", 5),
                     "training diverged", "lower learning_rate (1000 now)", "is kept in")
        self.assertTrue((self.folder / "tuned.checkpoint" / "checkpoint.safetensors").exists())

    def test_a_device_that_is_not_there(self):
        if pathlib.Path("/proc/driver/nvidia").exists():
            self.skipTest("this machine may have a CUDA device")
        self.refused(DEVICE, self.finetune("--device", "cuda"), "cuda")


if __name__ == "__main__":
    unittest.main()
