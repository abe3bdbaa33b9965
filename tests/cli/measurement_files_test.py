"""The files that measure, recheck and trace read and write: what is kept, and what is refused."""

import json
import pathlib
import tempfile
import unittest

from program import ROOT, TINY, edgetran

USAGE, FAILED = 2, 1
BOARD = ROOT / "devices" / "raspberry-pi-5.yaml"


class MeasurementFiles(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        (self.folder / "spec.json").write_text(json.dumps(TINY))

    def run_program(self, *words, code=0, says=()):
        done = edgetran(*words, folder=self.folder)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in says:
            self.assertIn(word, done.stderr + done.stdout)
        return done

    def measure(self, *words, **options):
        return self.run_program("measure", "spec.json", "--device", BOARD, "--length", 16, *words, **options)

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def test_each_record_has_samples_of_its_own_name(self):
        for name in ("r.json", "bench.1", "bench.2"):
            self.measure("--seed", len(self.names()), "--out", name)
        self.assertEqual(self.names(), ["bench.1", "bench.1.samples.jsonl", "bench.2", "bench.2.samples.jsonl",
                                        "r.json", "r.samples.jsonl", "spec.json"])
        for name in ("r.json", "bench.1", "bench.2"):
            self.run_program("recheck", name, says=("equal",))

    def test_a_file_is_not_written_over_another_of_the_same_command(self):
        spec = (self.folder / "spec.json").read_bytes()
        for words in (("--out", "same", "--raw", "same"), ("--out", "./same", "--raw", "same"),
                      ("--out", "spec.json"), ("--raw", "../" + self.folder.name + "/spec.json")):
            with self.subTest(words):
                self.measure(*words, code=USAGE, says=("are one file",))
                self.assertEqual(self.names(), ["spec.json"])
                self.assertEqual((self.folder / "spec.json").read_bytes(), spec)
        self.measure("--raw", "s.jsonl")
        samples = (self.folder / "s.jsonl").read_bytes()
        self.run_program("trace", "s.jsonl", "--out", "s.jsonl", code=USAGE, says=("are one file",))
        self.assertEqual((self.folder / "s.jsonl").read_bytes(), samples)

    def test_the_parts_of_the_interval_are_shown(self):
        self.measure(says=("between windows", "at their edges", "gain is not known", "by idle power"))

    def test_a_trace_of_a_sensor_that_is_not_there_names_those_that_are(self):
        self.measure("--raw", "s.jsonl")
        for form in ("csv", "prometheus"):
            self.run_program("trace", "s.jsonl", "--to", form, "--sensor", "foo", code=USAGE,
                             says=("s.jsonl", "foo", "simulated/power"))
            self.run_program("trace", "s.jsonl", "--to", form, "--sensor", "simulated/power")

    def test_a_trace_of_another_file_says_what_it_found(self):
        self.measure("--out", "r.json")
        self.run_program("trace", "r.json", code=FAILED,
                         says=("r.json", "edgetran.measurement/2", "edgetran.samples/2"))
        self.run_program("recheck", "r.samples.jsonl", code=FAILED, says=("r.samples.jsonl", "holds no record"))


if __name__ == "__main__":
    unittest.main()
