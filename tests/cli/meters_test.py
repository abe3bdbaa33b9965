"""Power meters beside a board, as a user has them: a log that another program writes."""

import json
import pathlib
import tempfile
import threading
import time
import unittest

from program import ROOT, edgetran, edgetran_json

TINY = ROOT / "examples" / "models" / "bert-tiny.json"
WATTS = 4.0
USAGE, DEVICE = 2, 4


class Meter:
    """Writes a value every 0.05 s, its clock `offset_s` before this machine's."""

    def __init__(self, path, offset_s=0):
        self.path, self.offset_s = path, offset_s
        path.write_text("# a plug\ntime,watts\n", encoding="utf-8")
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.write)

    def write(self):
        with self.path.open("a", encoding="utf-8") as log:
            while not self.end.wait(0.05):
                log.write(f"{time.time() - self.offset_s:.4f},{WATTS}\n")
                log.flush()

    def __enter__(self):
        self.thread.start()
        time.sleep(0.2)

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()


class Meters(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def card(self, **meter):
        settings = {"driver": "csv", "file": "plug.csv", "time": "time", "power": "watts",
                    "boundary": "wall", "update_s": 0.05, **meter}
        runtime = ROOT / "tests" / "device" / "fake_runtime.py"
        card = {"format": "edgetran.device/1",
                "board": {"name": "bench", "kind": "local", "cores": 1,
                          "runtimes": {"fake": f"python3 '{runtime}'"}, "meters": [settings]},
                "deployments": [{"name": "one", "runtime": "fake", "precision": "fp32",
                                 "threads": 1, "batch": 1, "length": 16}]}
        (self.folder / "card.json").write_text(json.dumps(card), encoding="utf-8")

    def measure(self, *more):
        return edgetran_json("measure", TINY, "--device", "card.json", "--profile", "quick", "--out",
                             "record.json", *more, folder=self.folder)

    def check(self, record):
        self.assertEqual(record["energy"]["boundary"], "wall")
        self.assertAlmostEqual(record["power"]["mean_w"], WATTS, places=6)
        median = record["latency"]["median_s"]
        self.assertGreater(record["energy"]["gross_j"], WATTS * median * 0.9)
        self.assertLess(record["energy"]["gross_j"], WATTS * median * 3)
        done = edgetran("recheck", "record.json", folder=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        trace = edgetran("trace", "record.samples.jsonl", folder=self.folder).stdout
        self.assertIn("window 0", trace)

    def test_a_log_gives_the_energy(self):
        self.card()
        with Meter(self.folder / "plug.csv"):
            self.check(self.measure("--require-energy"))

    def test_a_meter_with_another_clock(self):
        self.card(offset_s=7200)
        with Meter(self.folder / "plug.csv", offset_s=7200):
            self.check(self.measure())

    def test_a_meter_that_is_silent_is_named(self):
        self.card()
        with Meter(self.folder / "plug.csv", offset_s=7200):
            done = edgetran("measure", TINY, "--device", "card.json", "--profile", "quick", "--format",
                            "json", folder=self.folder)
        # A sensor that fails makes a measurement INVALID; the record is there all the same.
        self.assertEqual(done.returncode, DEVICE, done.stderr)
        record = json.loads(done.stdout)
        self.assertIsNone(record["energy"])
        (note,) = [note for note in record["provenance"]["sensor_notes"]
                   if note["sensor"] == "csv/plug"]
        self.assertIn("before the measurement", note["message"])
        self.assertIn("offset_s", note["fix"])

    def test_the_check_of_a_card_reads_its_meters(self):
        self.card()
        done = edgetran("device", "check", "card.json", folder=self.folder)
        self.assertEqual(done.returncode, DEVICE, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"missing +meter csv: .*plug.csv")
        with Meter(self.folder / "plug.csv"):
            done = edgetran("device", "check", "card.json", folder=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"ok +meter csv: a value every 0.05 s")

    def test_a_log_that_is_not_there(self):
        self.card()
        done = edgetran("measure", TINY, "--device", "card.json", folder=self.folder)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("plug.csv", done.stderr)

    def test_a_wrong_column_is_told_with_the_nearest(self):
        self.card(power="wats")
        (self.folder / "plug.csv").write_text("time,watts\n", encoding="utf-8")
        done = edgetran("measure", TINY, "--device", "card.json", folder=self.folder)
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertIn('did you mean "watts"', done.stderr)

    def test_a_board_that_runs_nothing_has_no_meters(self):
        card = (ROOT / "devices" / "simulated-board.yaml").read_text(encoding="utf-8")
        (self.folder / "card.yaml").write_text(
            card.replace("  kind: simulated\n", "  kind: simulated\n  meters: []\n"), encoding="utf-8")
        done = edgetran("device", "show", "card.yaml", folder=self.folder)
        self.assertEqual(done.returncode, USAGE, done.stdout + done.stderr)
        self.assertIn("meters", done.stderr)


if __name__ == "__main__":
    unittest.main()
