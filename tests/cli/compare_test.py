"""`edgetran compare`: two encoders by turns."""

import json
import pathlib
import re
import tempfile
import unittest

from program import edgetran

USAGE, DEVICE = 2, 4
ROOT = pathlib.Path(__file__).parents[2]
BOARD = ROOT / "devices" / "simulated-board.yaml"
TINY = ROOT / "examples" / "models" / "bert-tiny.json"


class Compare(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        spec = json.loads(TINY.read_text(encoding="utf-8"))
        spec["layers"] = [dict(layer) for layer in spec["layers"] for _ in range(2)]
        (self.folder / "deep.json").write_text(json.dumps(spec), encoding="utf-8")

    def compare(self, *arguments, code=0):
        done = edgetran("compare", *map(str, arguments), "--format", "json", folder=self.folder)
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(done.stdout) if code == 0 else done.stderr

    def latency(self, *arguments):
        (row,) = [row for row in self.compare(*arguments)["quantities"]
                  if row["quantity"] == "latency"]
        return row

    def test_more_layers_are_slower_by_as_much_as_the_law_says(self):
        def mean(model):
            done = edgetran("measure", str(model), "--device", str(BOARD), "--format", "json",
                            folder=self.folder)
            return json.loads(done.stdout)["latency"]["median_s"]
        row = self.latency(TINY, "deep.json", "--device", BOARD)
        self.assertEqual(row["verdict"], "SLOWER")
        self.assertEqual(row["pairs"], 8)
        self.assertLess(row["ratio_low"], row["ratio"])
        self.assertAlmostEqual(row["ratio"], mean("deep.json") / mean(TINY), delta=0.05)

    def test_the_other_way_round_it_is_faster(self):
        row = self.latency("deep.json", TINY, "--device", BOARD, "--pairs", 4)
        self.assertEqual(row["verdict"], "FASTER")
        self.assertLess(row["ratio_high"], 1)

    def test_an_encoder_is_the_same_as_itself(self):
        self.assertEqual(self.latency(TINY, TINY, "--device", BOARD)["verdict"], "SAME")

    def test_within_a_wide_margin_all_is_the_same(self):
        row = self.latency(TINY, "deep.json", "--device", BOARD, "--margin", "1")
        self.assertEqual((row["verdict"], row["margin"]), ("SAME", 1))

    def test_energy_is_compared_where_both_have_it(self):
        found = self.compare(TINY, "deep.json", "--pairs", 3, "--device",
                             ROOT / "devices" / "raspberry-pi-5.yaml")
        self.assertEqual([row["quantity"] for row in found["quantities"]], ["latency", "energy"])

    def test_energies_within_their_noise_have_no_ratio_and_decide_nothing(self):
        card = (ROOT / "devices" / "raspberry-pi-5.yaml").read_text(encoding="utf-8")
        idle = re.sub(r"(core_w|compute_w|memory_w): .*", r"\1: 1.0e-9", card)
        self.assertNotEqual(idle, card)
        (self.folder / "idle.yaml").write_text(idle, encoding="utf-8")
        _, energy = self.compare(TINY, "deep.json", "--pairs", 3, "--device", "idle.yaml")["quantities"]
        self.assertEqual((energy["quantity"], energy["verdict"]), ("energy", "AMBIGUOUS"))
        self.assertIsNone(energy["ratio"])
        self.assertEqual(energy["pairs"], 0)

    def test_what_is_no_number_of_pairs_is_refused(self):
        self.assertIn("--pairs", self.compare(TINY, TINY, "--pairs", 1, code=USAGE))

    def test_a_replay_board_is_refused(self):
        (self.folder / "replay.yaml").write_text(
            "format: edgetran.device/1\n"
            "board: {name: past, kind: replay, cores: 1, table: t.json, boundary: wall}\n"
            "deployments:\n"
            "  - {name: a, runtime: pytorch, precision: fp32, threads: 1, batch: 1, length: 8}\n",
            encoding="utf-8")
        self.assertIn("past", self.compare(TINY, TINY, "--device", "replay.yaml", code=USAGE))


if __name__ == "__main__":
    unittest.main()
