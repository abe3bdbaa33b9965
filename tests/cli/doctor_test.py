"""edgetran doctor with the real programs: fields, formats, exit codes."""

import csv
import io
import json
import os
import pathlib
import shutil
import tempfile
import unittest

import program
from program import edgetran

GROUPS = ["programs", "measuring", "power", "machine", "files", "tools"]
STATUSES = {"ok", "warning", "missing", "failed"}


#: A build without engines has no runtime that measures, and the doctor fails for it.
MEASURES = (program.BIN / "edgetran-worker").exists()
EXIT = 0 if MEASURES else 4


def by_name(rows):
    return {row["name"]: row for row in rows}


class Programs:
    """A folder with the built programs, some of them replaced."""

    def __init__(self, **scripts):
        self.folder = tempfile.TemporaryDirectory()
        shutil.copy(program.BIN / "edgetran", self.folder.name)
        for name in ("edgetran-agent", "edgetran-worker"):
            path = pathlib.Path(self.folder.name) / name
            script = scripts.get(name.replace("-", "_"))
            if script is not None:
                path.write_text("#!/bin/sh\n" + script, encoding="utf-8")
                path.chmod(0o755)
            elif (program.BIN / name).exists():
                path.symlink_to(program.BIN / name)

    def __enter__(self):
        self.before, program.BIN = program.BIN, pathlib.Path(self.folder.name)
        return self

    def __exit__(self, *_):
        program.BIN = self.before
        self.folder.cleanup()


class Doctor(unittest.TestCase):
    def rows(self, **options):
        done = edgetran("doctor", "--format", "json", **options)
        self.assertEqual(done.returncode, EXIT, done.stderr)
        return json.loads(done.stdout)

    def test_this_machine_can_measure_where_the_engines_are_built(self):
        rows = self.rows()
        self.assertEqual("runtimes" in by_name(rows), not MEASURES)
        self.assertEqual(by_name(rows)["edgetran-agent"]["status"], "ok")
        self.assertEqual(by_name(rows)["runtime simulated"]["status"], "ok")
        self.assertTrue(any(row["name"] == "runtime openvino" for row in rows))

    def test_rows_have_their_fields_and_order(self):
        rows = self.rows()
        for row in rows:
            self.assertEqual(list(row), ["group", "name", "status", "seen", "fix"])
            self.assertIn(row["status"], STATUSES)
            self.assertTrue(row["seen"], row["name"])
            self.assertNotIn("\n", row["fix"])
        groups = [row["group"] for row in rows]
        self.assertEqual(groups, sorted(groups, key=GROUPS.index))

    def test_json_is_short_for_format_json(self):
        done = edgetran("doctor", "--json")
        self.assertEqual(done.returncode, EXIT, done.stderr)
        self.assertEqual({row["name"] for row in json.loads(done.stdout)},
                         {row["name"] for row in self.rows()})
        self.assertEqual(edgetran("doctor", "--json", "--format", "csv").returncode, 2)

    def test_text_and_csv_say_the_same(self):
        text = edgetran("doctor").stdout
        rows = list(csv.DictReader(io.StringIO(edgetran("doctor", "--format", "csv").stdout)))
        for row in rows:
            self.assertIn(row["name"], text)
        self.assertNotIn("\x1b", text)

    def test_without_an_agent_nothing_can_be_measured(self):
        with Programs() as programs:
            os.remove(pathlib.Path(programs.folder.name) / "edgetran-agent")
            done = edgetran("doctor", "--json")
        self.assertEqual(done.returncode, 4)
        row = by_name(json.loads(done.stdout))["edgetran-agent"]
        self.assertEqual(row["status"], "missing")
        self.assertIn("edgetran-agent", row["fix"])

    def test_without_a_worker_all_else_works(self):
        with Programs() as programs:
            worker = pathlib.Path(programs.folder.name) / "edgetran-worker"
            worker.unlink(missing_ok=True)
            done = edgetran("doctor", "--json")
        self.assertEqual(done.returncode, EXIT)
        self.assertEqual(by_name(json.loads(done.stdout))["edgetran-worker"]["status"], "missing")

    def test_a_hanging_agent_is_ended_in_time(self):
        with tempfile.TemporaryDirectory() as folder:
            pid_file = pathlib.Path(folder) / "pid"
            with Programs(edgetran_agent=f"trap '' TERM\necho $$ > {pid_file}\n"
                          "while :; do sleep 600; done\n"):
                done = edgetran("doctor", "--json", "--limit-s", 2)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn("within 2 s", by_name(json.loads(done.stdout))["edgetran-agent"]["seen"])
            self.assertFalse(pathlib.Path(f"/proc/{pid_file.read_text().strip()}").exists())

    def test_an_agent_that_dies_says_why(self):
        with Programs(edgetran_agent="echo no such engine >&2\nexit 5\n"):
            done = edgetran("doctor", "--json")
        self.assertEqual(done.returncode, 4)
        seen = by_name(json.loads(done.stdout))["edgetran-agent"]["seen"]
        self.assertIn("code 5", seen)
        self.assertIn("no such engine", seen)

    def test_it_writes_nothing_where_it_is_called(self):
        with tempfile.TemporaryDirectory() as folder:
            rows = self.rows(folder=folder, environment={"XDG_CACHE_HOME": f"{folder}/cache"})
            self.assertEqual(os.listdir(folder), [])
            self.assertEqual(by_name(rows)["device cards"]["status"], "missing")


if __name__ == "__main__":
    unittest.main()
