"""Campaigns by the built program: kill -9 at random moments, a full disk, an interrupt, an agent
that dies, every format. Usage: campaign_test.py BIN_FOLDER [CLASS]; ThisMachine needs the engine."""

import csv
import io
import json
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import small_study

BIN = sys.argv.pop(1) if len(sys.argv) > 1 else "build/bin"
SEED = 20240701
KILLS = 12


def spec(width):
    return {"vocabulary": 40, "positions": 16, "embedding": width,
            "layers": [{"width": width, "head_width": 8, "heads": ["sa_sdp", "c_5"],
                        "feed_forward": [2 * width]}]}


class CampaignCase(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="edgetran-campaign-")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.programs = small_study.Programs(BIN, self.folder / "cache")
        (self.folder / "card.yaml").write_text(small_study.CARD)
        (self.folder / "other.yaml").write_text(
            small_study.CARD.replace("name: test-board", "name: other-board"))
        with open(self.folder / "models.jsonl", "w", encoding="utf-8") as file:
            for width in range(16, 16 + 8 * 8, 8):
                file.write(json.dumps(spec(width)) + "\n")

    def command(self, out, *more):
        return ("profile", "run", "--models", self.folder / "models.jsonl",
                "--device", self.folder / "card.yaml", "--device", self.folder / "other.yaml",
                "--sentinel-every", 5, "--repeats", 0.1, "--out", out, *more)

    def run_campaign(self, out, *more):
        done = self.programs.run(*self.command(out, *more))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def rows(self, out, show="measurements"):
        done = self.programs.run("profile", "status", out, "--show", show, "--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def outcome(self, out):
        parts = [self.rows(out, show) for show in ("measurements", "batches", "sentinels",
                                                   "repeats")]
        return parts + [(out / "measurements.jsonl").read_text()]

    def assert_nothing_left(self):
        deadline = time.monotonic() + 10
        left = small_study.processes_with(str(self.folder))
        while left and time.monotonic() < deadline:
            time.sleep(0.02)
            left = small_study.processes_with(str(self.folder))
        self.assertEqual(left, [], "processes were left behind")

    def events(self, out):
        lines = (out / "events.jsonl").read_bytes().split(b"\n")[1:-1]
        return [json.loads(line) for line in lines]


class Campaign(CampaignCase):
    def test_kills_at_any_moment_change_nothing(self):
        whole = self.folder / "whole"
        self.run_campaign(whole)
        expected = self.outcome(whole)
        draw = random.Random(SEED)
        kills, rounds = 0, 0
        while kills < KILLS:
            rounds += 1
            self.assertLess(rounds, 50, "the program ends before it can be killed")
            out = self.folder / f"killed-{rounds}"
            kept = []
            while True:
                process = self.programs.start(*self.command(out), stdout=subprocess.DEVNULL,
                                              stderr=subprocess.DEVNULL)
                try:
                    process.wait(timeout=draw.uniform(0.02, 0.8))
                except subprocess.TimeoutExpired:
                    process.kill()
                status = process.wait()
                self.assert_nothing_left()
                now = self.events(out) if (out / "events.jsonl").exists() else []
                self.assertEqual(now[:len(kept)], kept, "a finished measurement was lost")
                kept = now
                if status == 0:
                    break
                self.assertEqual(status, -signal.SIGKILL)
                kills += 1
            self.assertEqual(self.outcome(out), expected)

    def test_an_interrupt_commits_and_prints_the_command_that_resumes(self):
        out = self.folder / "interrupted"
        process = self.programs.start(*self.command(out), stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if line.startswith("[3/"):
                process.send_signal(signal.SIGINT)
                break
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.assert_nothing_left()
        command = next(line for line in errors.splitlines() if "continue with: " in line)
        words = command.split("continue with: ")[1].split()
        self.assertEqual(words[:3], ["edgetran", "profile", "run"])
        before = self.events(out)
        done = self.programs.run(*words[1:])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.events(out)[:len(before)], before)
        self.assertEqual({row["state"] for row in self.rows(out)}, {"measured"})

    def test_other_inputs_are_refused_with_what_changed(self):
        out = self.folder / "campaign"
        self.run_campaign(out)
        log = (out / "events.jsonl").read_bytes()
        done = self.programs.run(*self.command(out, "--seed", 9))
        self.assertEqual(done.returncode, 2)
        self.assertIn("seed: 1 there, 9 now", done.stderr)
        with open(self.folder / "models.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(spec(160)) + "\n")
        done = self.programs.run(*self.command(out))
        self.assertEqual(done.returncode, 2)
        self.assertIn("8 models there, 9 now", done.stderr)
        self.assertEqual((out / "events.jsonl").read_bytes(), log)

    def test_a_folder_is_run_by_one_at_a_time(self):
        out = self.folder / "campaign"
        first = self.programs.start(*self.command(out), stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE, text=True)
        self.assertTrue(first.stderr.readline().startswith("["))
        second = self.programs.run(*self.command(out))
        _, errors = first.communicate(timeout=60)
        self.assertEqual(first.returncode, 0, errors)
        if second.returncode != 0:  # else the first had ended before the second began
            self.assertEqual(second.returncode, 1)
            self.assertIn("lock", second.stderr)
        self.assertEqual({row["state"] for row in self.rows(out)}, {"measured"})

    def test_a_full_disk_stops_cleanly_and_the_same_command_goes_on(self):
        whole = self.folder / "whole"
        self.run_campaign(whole)
        out = self.folder / "full"
        # Files end at a size that the largest raw samples do not fit into.
        largest = max(file.stat().st_size for file in (whole / "artifacts").rglob("*"))
        self.assertGreater(largest, (whole / "events.jsonl").stat().st_size)

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest - 1, largest - 1))

        process = subprocess.run([self.programs.edgetran, *map(str, self.command(out))],
                                 env=self.programs.environment, stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, check=False, timeout=120,
                                 preexec_fn=limit, restore_signals=False)
        self.assertEqual(process.returncode, 1, process.stderr)
        self.assertIn("File too large", process.stderr)
        self.assertIn("continue with", process.stderr)
        self.assert_nothing_left()
        kept = self.events(out)
        self.assertGreater(len(kept), 1)
        self.run_campaign(out)
        self.assertEqual(self.events(out)[:len(kept)], kept)
        self.assertEqual(self.outcome(out), self.outcome(whole))

    def test_every_format_has_the_rows(self):
        out = self.folder / "campaign"
        self.run_campaign(out)
        rows = self.rows(out)
        self.assertEqual(len(rows), 8 * 2 * 2)

        def status(*more):
            done = self.programs.run("profile", "status", out, *more)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        table = list(csv.DictReader(io.StringIO(status("--format", "csv"))))
        self.assertEqual([float(row["latency_s"]) for row in table],
                         [row["latency_s"] for row in rows])
        self.assertEqual([json.loads(row["spec"]) for row in table], [row["spec"] for row in rows])
        lines = [json.loads(line) for line in status("--format", "jsonl").splitlines()]
        self.assertEqual(lines, rows)
        self.assertEqual(len(status("--format", "md").splitlines()), len(rows) + 2)
        text = status("--rows", "0")
        for row in rows:
            self.assertIn(row["model"][:12], text)

    def test_dry_run_prints_the_plan_and_leaves_nothing(self):
        out = self.folder / "campaign"
        done = self.programs.run(*self.command(out, "--dry-run", "--format", "json"))
        self.assertEqual(done.returncode, 0, done.stderr)
        plan = json.loads(done.stdout)
        self.assertEqual([board["candidates"] for board in plan["boards"]], [16, 16])
        self.assertEqual([board["repeats"] for board in plan["boards"]], [2, 2])
        self.assertFalse(out.exists())


class ThisMachine(CampaignCase):
    """With the engine: figures are measured, and the agent can die under them."""

    def command(self, out, *more):
        return ("profile", "run", "--models", self.folder / "models.jsonl", "--device",
                "this-machine", "--deployment", "cpu-1t-fp32", "--length", 16, "--repeats", 0,
                "--out", out, *more)

    def setUp(self):
        super().setUp()
        (self.folder / "models.jsonl").write_text(json.dumps(spec(16)) + "\n")

    def agents_of(self, process):
        return [pid for pid in small_study.descendants(process.pid)
                if small_study.program_of(pid) == "edgetran-agent"]

    def kill_agent(self, process, but):
        """Kills the agent that is not `but`, once there is one; its process id."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for pid in self.agents_of(process):
                if pid != but:
                    os.kill(pid, signal.SIGKILL)
                    return pid
            time.sleep(0.01)
        raise AssertionError("no agent came")

    def test_an_agent_that_dies_twice_is_a_failed_measurement_that_is_tried_again(self):
        out = self.folder / "campaign"
        process = self.programs.start(*self.command(out), stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True)
        line = process.stderr.readline()
        while line and not line.startswith("[1/3]"):
            line = process.stderr.readline()
        killed = self.kill_agent(process, but=None)
        self.kill_agent(process, but=killed)
        _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, errors)
        self.assert_nothing_left()
        kinds = [event["type"] for event in self.events(out)[1:]]
        self.assertEqual(kinds.count("campaign.failed"), 1, kinds)
        failed = next(event["payload"] for event in self.events(out)
                      if event["type"] == "campaign.failed")
        self.assertIn("broke off twice", failed["reason"])
        row, = self.rows(out)
        self.assertIn(row["state"], ("measured", "INVALID"))
        self.assertGreaterEqual(row["attempts"], 2)
        self.assertEqual(row["kind"], "measured")


if __name__ == "__main__":
    unittest.main()
