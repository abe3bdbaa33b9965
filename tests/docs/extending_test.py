"""The C++ blocks of docs/extending.md compile against the headers they are about."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import code_blocks

ROOT = code_blocks.ROOT
DOCUMENT = ROOT / "docs" / "extending.md"


def compile_block(text, folder):
    source = pathlib.Path(folder) / "block.cc"
    source.write_text(text)
    return subprocess.run(
        ["g++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
         "-Wno-unused-const-variable", '-DEDGETRAN_VERSION="0"', f"-I{ROOT / 'src'}", str(source)],
        capture_output=True, text=True, check=False)


class Extending(unittest.TestCase):
    def test_every_cpp_block_compiles(self):
        blocks = [block for block in code_blocks.blocks_of(DOCUMENT, DOCUMENT.read_text())
                  if block.language == "cpp"]
        self.assertGreaterEqual(len(blocks), 3)
        with tempfile.TemporaryDirectory() as folder:
            for block in blocks:
                with self.subTest(line=block.line):
                    done = compile_block(block.text, folder)
                    self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_wrong_block_is_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            done = compile_block('#include "encoder/head_type.h"\nint x = no_such_name;\n', folder)
            self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
