"""kill -9 of edgetran, of the worker and of the agent at random moments of a study: the same
command continues, nothing finished is lost or done twice, and the final table is that of a study
that nobody disturbed. Usage: crash_test.py BIN_FOLDER"""

import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import small_study

BIN = sys.argv.pop(1) if len(sys.argv) > 1 else "build/bin"
KILLS = 20
SEED = 20240601


def results_of(study):
    """How often each result stands in the log."""
    counts = collections.Counter()
    with open(study / "events.jsonl", encoding="utf-8") as file:
        for line in file.readlines()[1:]:
            event = json.loads(line)
            payload = event["payload"]
            if event["type"] in ("trial.created", "trial.trained", "trial.measured",
                                 "study.deployed", "study.finished"):
                counts[(event["type"], payload.get("trial"), payload.get("rung"),
                        payload.get("device"))] += 1
    return counts


class Crash(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="edgetran-crash-")
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)
        self.study_file = small_study.make(self.folder)
        self.programs = small_study.Programs(BIN, self.folder / "cache")
        self.draw = random.Random(SEED)

    def undisturbed(self):
        study = self.folder / "undisturbed"
        done = self.programs.run("study", "run", self.study_file, "--out", study)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.programs.rows(study), results_of(study)

    def assert_nothing_left(self):
        """Every program that worked below our folder has ended, at the latest after a while."""
        deadline = time.monotonic() + 10
        left = small_study.processes_with(str(self.folder))
        while left and time.monotonic() < deadline:
            time.sleep(0.02)
            left = small_study.processes_with(str(self.folder))
        self.assertEqual(left, [], "processes were left behind")

    def disturb(self, process, victims):
        """Kills one program of the running study after a random while. True when one was hit."""
        time.sleep(self.draw.uniform(0.0, 1.2))
        wanted = self.draw.choice(("edgetran", "edgetran-worker", "edgetran-agent"))
        if wanted == "edgetran":
            hit = [process.pid] if process.poll() is None else []
        else:
            hit = [pid for pid in small_study.descendants(process.pid)
                   if small_study.program_of(pid) == wanted]
        for pid in hit[:1]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return False
            victims[wanted] += 1
        return bool(hit)

    def run_disturbed(self, study, victims, kills):
        """Runs the study to its end through at most `kills` kills."""
        while True:
            with open(self.folder / "stderr.txt", "ab") as errors:
                process = self.programs.start("study", "run", self.study_file, "--out", study,
                                              stdout=subprocess.DEVNULL, stderr=errors)
            while process.poll() is None and sum(victims.values()) < kills:
                self.disturb(process, victims)
            status = process.wait(timeout=200)
            self.assert_nothing_left()
            if status == 0:
                return
            self.assertEqual(status, -signal.SIGKILL, (self.folder / "stderr.txt").read_text())

    def test_killed_studies_end_like_undisturbed_ones(self):
        rows, results = self.undisturbed()
        self.assertEqual(set(results.values()), {1})
        victims = collections.Counter()
        round_number = 0
        while sum(victims.values()) < KILLS:
            round_number += 1
            study = self.folder / f"disturbed-{round_number}"
            self.run_disturbed(study, victims, KILLS)
            self.assertEqual(self.programs.rows(study), rows)
            self.assertEqual(results_of(study), results)
        print(f"kills: {dict(victims)} in {round_number} studies of {len(rows)} pairs")
        self.assertGreaterEqual(sum(victims.values()), KILLS)

    def test_an_interrupt_commits_and_the_same_command_continues(self):
        rows, _ = self.undisturbed()
        study = self.folder / "interrupted"
        process = self.programs.start("study", "run", self.study_file, "--out", study,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not (study / "trials").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.assertIn("continues", errors)
        self.assert_nothing_left()
        done = self.programs.run("study", "run", self.study_file, "--out", study)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.programs.rows(study), rows)


if __name__ == "__main__":
    unittest.main()
