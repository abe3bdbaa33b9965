"""The repository keeps its layers, and the check that says so would notice if it did not."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import layering

ROOT = pathlib.Path(__file__).resolve().parents[2]

ARCHITECTURE = """\
| module | owns | links directly |
|---|---|---|
| `base` | ground | libraries only |
| `store` | logs | base |
| `report` | pages | store |
| `train/torch` | engine | base |

| program | links directly |
|---|---|
| `edgetran` | report |

| headers | only in |
|---|---|
| `torch/`, `ATen/` | train/torch |
"""


class House(unittest.TestCase):
    """A small tree that keeps its layers until a test breaks one."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("docs/architecture.md", ARCHITECTURE)
        self.write("src/base/CMakeLists.txt", "edgetran_module(base LIBRARIES fmt::fmt)  # ground\n")
        self.write("src/store/CMakeLists.txt", "edgetran_module(store LINKS base\n  PRIVATE_LIBRARIES x)\n")
        self.write("src/report/CMakeLists.txt", "edgetran_module(report LINKS store)\n")
        self.write("src/train/torch/CMakeLists.txt", "edgetran_module(train/torch LINKS base)\n")
        self.write("apps/edgetran/CMakeLists.txt", "add_executable(edgetran main.cc)\n"
                   "target_link_libraries(edgetran PRIVATE edgetran_report warnings)\n")
        self.write("src/base/a.h", "#include <vector>\n")
        self.write("src/report/r.cc", '#include "report/r.h"\n#include "base/a.h"\n')
        self.write("src/train/torch/t.cc", "#include <torch/torch.h>\n")
        self.write("apps/edgetran/main.cc", '#include "store/s.h"\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def check_one(self, *parts):
        found = layering.breaches(self.root)
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def test_tree_that_keeps_its_layers_has_no_breach(self):
        self.assertEqual(layering.breaches(self.root), [])

    def test_include_upwards_is_found(self):
        self.write("src/base/b.cc", '#include "store/s.h"\n')
        self.check_one("src/base/b.cc", "store/s.h")

    def test_include_not_rooted_at_src_is_found(self):
        self.write("src/base/b.cc", '#include "b.h"\n')
        self.check_one("src/base/b.cc", "does not begin with a module")

    def test_a_program_may_include_its_own_parts(self):
        self.write("apps/edgetran/part.h", "")
        self.write("apps/edgetran/other.cc", '#include "part.h"\n')
        self.assertEqual(layering.breaches(self.root), [])

    def test_engine_header_outside_its_module_is_found(self):
        self.write("src/store/s.cc", "#  include <ATen/ATen.h>\n")
        self.check_one("src/store/s.cc", "only in train/torch")

    def test_link_that_the_table_lacks_is_found(self):
        self.write("src/store/CMakeLists.txt", "edgetran_module(store LINKS base report)\n")
        self.check_one("src/store/CMakeLists.txt", "report")

    def test_link_that_only_the_table_has_is_found(self):
        self.write("src/store/CMakeLists.txt", "edgetran_module(store)\n")
        self.check_one("src/store/CMakeLists.txt", "base")

    def test_module_without_a_row_is_found(self):
        self.write("src/extra/CMakeLists.txt", "edgetran_module(extra)\n")
        self.check_one("extra is not in the table")

    def test_circle_in_the_table_is_found(self):
        self.write("docs/architecture.md", ARCHITECTURE.replace("| libraries only |", "| report |"))
        self.write("src/base/CMakeLists.txt", "edgetran_module(base LINKS report)\n")
        self.assertTrue(any("circle" in breach for breach in layering.breaches(self.root)))

    def test_program_that_reaches_an_engine_is_found(self):
        self.write("docs/architecture.md",
                   ARCHITECTURE.replace("| `report` | pages | store |", "| `report` | pages | store, train/torch |"))
        self.write("src/report/CMakeLists.txt", "edgetran_module(report LINKS store train/torch)\n")
        self.check_one("edgetran reaches the engine train/torch")

    def test_program_include_beyond_its_links_is_found(self):
        self.write("apps/edgetran/main.cc", '#include "train/torch/t.h"\n')
        self.check_one("apps may not include", "train/torch")

    def test_a_type_that_is_defined_twice_is_found(self):
        self.write("src/report/a.h", "namespace house::report {\nstruct Check {\n};\n}\n")
        self.write("src/report/b.h", "namespace house::report {\nclass Check final : public X {\n};\n}\n")
        self.assertIn("house::report::Check", "".join(layering.breaches(self.root)))

    def test_types_of_one_name_in_two_namespaces_are_two(self):
        self.write("src/report/a.h", "namespace house::report {\nstruct Check {\n};\n}\n")
        self.write("src/store/b.h", "namespace house::store {\nstruct Check {\n};\nstruct Later;\n}\n")
        self.write("src/store/c.h", "namespace house::store {\nstruct Later {\n  struct Check {};\n};\n}\n")
        self.assertEqual(layering.breaches(self.root), [])

    def test_missing_tables_are_found(self):
        self.write("docs/architecture.md", "nothing\n")
        self.assertIn("no module table", layering.breaches(self.root)[0])


class Repository(unittest.TestCase):
    def test_repository_keeps_its_layers(self):
        self.assertEqual(layering.breaches(ROOT), [])

    def test_edgetran_loads_no_engine(self):
        program = pathlib.Path(os.environ.get("EDGETRAN_BIN_DIR", ROOT / "build" / "bin")) / "edgetran"
        if not program.is_file():
            self.skipTest(f"{program} is not built")
        loaded = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
        self.assertIn("libc.so", loaded)
        for engine in ("torch", "openvino", "c10"):
            self.assertNotIn(f"lib{engine}", loaded)


if __name__ == "__main__":
    unittest.main()
