"""scripts/setup against a made-up machine: its programs are stubs that write down their calls."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

STUBS = {
    "dpkg-query": 'sed "s/^/installed /" "$MACHINE/installed"',
    "apt-get": 'echo "apt-get $*" >> "$MACHINE/calls"',
    "id": 'cat "$MACHINE/uid"',
    "node": 'echo v18.20.0',
    "npm": 'echo "npm $*" >> "$MACHINE/calls"; [ "$1" != ci ] || mkdir -p node_modules; echo 9.2.0',
    "python3": 'echo "python3 $*" >> "$MACHINE/calls"; mkdir -p .venv/bin;'
               ' cp "$MACHINE/pip" .venv/bin/pip; cp "$MACHINE/pip" .venv/bin/python',
}
PIP = 'echo "pip $*" >> "$MACHINE/calls"; [ ! -f "$MACHINE/no-torch" ] ||' \
      ' { echo "ERROR: No matching distribution found for torch" >&2; exit 1; }'


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = pathlib.Path(folder.name) / "tree"
        self.machine = pathlib.Path(folder.name) / "machine"
        (self.machine / "bin").mkdir(parents=True)
        for name in ("scripts/setup", "packages.txt", "requirements.txt", "webui/package-lock.json"):
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.tree / name)
        for name, body in STUBS.items():
            self.program(self.machine / "bin" / name, body)
        self.program(self.machine / "pip", PIP)
        self.packages = [line.split("#")[0].strip()
                         for line in (ROOT / "packages.txt").read_text().splitlines()]
        self.packages = [name for name in self.packages if name]
        self.set("installed", "\n".join(self.packages) + "\n")
        self.set("uid", "1000")

    def program(self, path, body):
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(0o755)

    def set(self, name, text):
        (self.machine / name).write_text(text)

    def run_setup(self, **environment):
        done = subprocess.run(
            ["bash", str(self.tree / "scripts/setup")], capture_output=True, text=True,
            env={"PATH": f"{self.machine}/bin:/usr/bin:/bin", "MACHINE": str(self.machine),
                 "HOME": str(self.machine), **environment})
        return done.returncode, done.stdout + done.stderr

    def calls(self):
        path = self.machine / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def test_installs_wheels_and_npm_packages_with_torch_first(self):
        self.assertEqual(self.run_setup()[0], 0)
        pip = [call for call in self.calls() if call.startswith("pip")]
        self.assertRegex(pip[0], r"^pip install --quiet torch==\S+\+cpu$")
        self.assertIn("npm ci --silent", self.calls())
        self.assertFalse(any(call.startswith("apt-get") for call in self.calls()))

    def test_second_run_does_nothing(self):
        self.run_setup()
        (self.machine / "calls").unlink()
        self.assertEqual(self.run_setup(), (0, ""))
        self.assertEqual(self.calls(), [])

    def test_changed_requirements_are_installed_again(self):
        self.run_setup()
        (self.machine / "calls").unlink()
        with open(self.tree / "requirements.txt", "a") as file:
            file.write("another==1\n")
        self.run_setup()
        self.assertTrue(any(call.startswith("pip install") for call in self.calls()))
        self.assertFalse(any(call.startswith("npm") for call in self.calls()))

    def test_prints_the_sudo_line_where_it_may_not_install(self):
        self.set("installed", "\n".join(name for name in self.packages if name != "mold") + "\n")
        status, output = self.run_setup()
        self.assertEqual(status, 1)
        self.assertIn("  sudo apt-get update && "
                      "sudo apt-get install -y --no-install-recommends mold\n", output)
        self.assertEqual(self.calls(), ["npm --version"])

    def test_root_installs_exactly_what_is_missing(self):
        self.set("uid", "0")
        self.set("installed", "\n".join(self.packages[2:]) + "\n")
        self.assertEqual(self.run_setup()[0], 0)
        missing = " ".join(sorted(self.packages[:2]))
        self.assertIn(f"apt-get install -y --no-install-recommends {missing} -qq", self.calls())

    def test_node_that_is_too_old_is_replaced_by_debian_s(self):
        self.program(self.machine / "bin" / "node", "echo v16.1.0")
        status, output = self.run_setup()
        self.assertEqual(status, 1)
        self.assertIn("--no-install-recommends nodejs npm", output)

    def test_missing_cpu_build_of_torch_is_explained(self):
        self.set("no-torch", "")
        status, output = self.run_setup()
        self.assertEqual(status, 1)
        for words in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "TORCH=cuda", "pytorch.org/get-started"):
            self.assertIn(words, output)
        self.assertEqual(len([call for call in self.calls() if call.startswith("pip")]), 1)

    def test_cuda_build_is_taken_on_request(self):
        self.run_setup(TORCH="cuda")
        self.assertIn("pip install --quiet torch==2.13.0", self.calls())

    def test_unknown_build_of_torch_is_refused(self):
        status, output = self.run_setup(TORCH="rocm")
        self.assertEqual(status, 1)
        self.assertIn("allowed: cpu, cuda", output)

    def test_lock_file_names_no_registry(self):
        self.assertNotIn('"resolved"', (ROOT / "webui" / "package-lock.json").read_text())


if __name__ == "__main__":
    unittest.main()
