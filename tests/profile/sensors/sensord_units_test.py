"""The unit files of edgetran-sensord, by systemd's own checks. Exit 77: systemd is not here."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

UNITS = pathlib.Path(sys.argv.pop(1))
BIN = pathlib.Path(sys.argv.pop(1)).resolve()
# 0 is safe, 10 is not. What is left (0.8) is the capability, and the calls that give up the others.
MOST_EXPOSED = 1.0


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True,
                          text=True, check=False, timeout=30)


class Units(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for kind in ("service", "socket"):
            text = (UNITS / f"edgetran-sensord.{kind}").read_text(encoding="utf-8")
            lines = [f"ExecStart={BIN}/edgetran-sensord" if line.startswith("ExecStart=") else line
                     for line in text.splitlines() if not line.startswith("Documentation=")]
            path = pathlib.Path(self.folder.name) / f"edgetran-sensord.{kind}"
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def unit(self, kind):
        return pathlib.Path(self.folder.name) / f"edgetran-sensord.{kind}"

    def test_systemd_understands_every_line(self):
        done = analyze("verify", "--man=no", self.unit("service"), self.unit("socket"))
        about_ours = [line for line in done.stderr.splitlines() if "edgetran" in line]
        self.assertEqual(about_ours, [])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_service_is_hardly_exposed(self):
        done = analyze("security", "--offline=yes", "--no-pager",
                       f"--threshold={int(MOST_EXPOSED * 10)}", self.unit("service"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_it_has_the_one_capability(self):
        lines = self.unit("service").read_text(encoding="utf-8").splitlines()
        for name in ("AmbientCapabilities", "CapabilityBoundingSet"):
            self.assertEqual([line for line in lines if line.startswith(name + "=")],
                             [name + "=CAP_DAC_READ_SEARCH"])

    def test_the_socket_is_for_its_group(self):
        lines = self.unit("socket").read_text(encoding="utf-8").splitlines()
        for line in ("SocketMode=0660", "SocketGroup=edgetran",
                     "ListenSequentialPacket=/run/edgetran/sensord.sock"):
            self.assertIn(line, lines)


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        sys.exit(77)
    unittest.main()
