"""Safetensors files go both ways between this program and the format's own library."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np
from safetensors.numpy import load_file, save_file

TOOL = pathlib.Path(os.environ["EDGETRAN_BIN_DIR"]) / "model_tool"


class InterchangeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        random = np.random.default_rng(1)
        self.tensors = {
            "matrix": random.standard_normal((3, 5)).astype(np.float32),
            "scalar": np.array(random.standard_normal(), np.float32),
            "odd": random.standard_normal(7).astype(np.float32),
            "half": random.standard_normal(5).astype(np.float16),
            "integers": random.integers(-(2**60), 2**60, (2, 2)),
            "empty": np.zeros((0, 4), np.float32),
        }

    def rewrite(self, source):
        target = self.folder / "out.safetensors"
        subprocess.run([TOOL, "rewrite", source, target], check=True)
        return target

    def test_reads_the_librarys_files_and_is_read_by_it(self):
        source = self.folder / "in.safetensors"
        save_file(self.tensors, source, metadata={"made_by": "test"})
        read = load_file(self.rewrite(source))
        self.assertEqual(set(read), set(self.tensors))
        for name, tensor in self.tensors.items():
            wide = tensor.astype(np.float32) if tensor.dtype == np.float16 else tensor
            self.assertEqual(read[name].dtype, wide.dtype, name)
            np.testing.assert_array_equal(read[name], wide, name)

    def test_refuses_what_the_library_refuses(self):
        source = self.folder / "in.safetensors"
        save_file(self.tensors, source)
        data = source.read_bytes()
        for broken in (data[:-1], data[:6], data + b"\0", (1 << 40).to_bytes(8, "little") + data[8:]):
            source.write_bytes(broken)
            with self.assertRaises(Exception):
                load_file(source)
            run = subprocess.run([TOOL, "rewrite", source, self.folder / "out"], capture_output=True)
            self.assertEqual(run.returncode, 1, run.stderr)
            self.assertIn(b"in.safetensors", run.stderr)
            self.assertFalse((self.folder / "out").exists())


if __name__ == "__main__":
    unittest.main()
