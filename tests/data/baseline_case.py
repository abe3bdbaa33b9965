"""Runs a baseline on rows in files of their own."""

import contextlib
import io
import pathlib
import sys
import tempfile
import types
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "adapters" / "baselines"))
from baseline_program import run  # noqa: E402  (found by the line above)


class BaselineTest(unittest.TestCase):
    program = None  #: the module

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_on(self, train, dev):
        files = []
        for name, text in (("train.tsv", train), ("dev.tsv", dev)):
            files.append(self.folder / name)
            files[-1].write_text(text, encoding="utf-8")
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(self.program.evaluate, [str(file) for file in files])
        return types.SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())
