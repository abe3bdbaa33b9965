"""The unit files of edgetran-sensord: systemd's own checks of them, and the program in the place that
they make for it. Exit 77: systemd is not here."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

UNITS = pathlib.Path(sys.argv.pop(1))
BIN = pathlib.Path(sys.argv.pop(1)).resolve()
# 0 is safe, 10 is not. What is left (0.8) is the capability, and the calls that give up the others.
MOST_EXPOSED = 1.0
STRANGER = "65533"


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True,
                          text=True, check=False, timeout=30)


def settings(name):
    """The values of a key of the service, in their order."""
    text = (UNITS / "edgetran-sensord.service").read_text(encoding="utf-8")
    return re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)


class Units(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for kind in ("service", "socket"):
            text = (UNITS / f"edgetran-sensord.{kind}").read_text(encoding="utf-8")
            lines = [f"ExecStart={BIN}/edgetran-sensord" if line.startswith("ExecStart=") else line
                     for line in text.splitlines() if not line.startswith("Documentation=")]
            self.unit(kind).write_text("\n".join(lines) + "\n", encoding="utf-8")

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
        for name in ("AmbientCapabilities", "CapabilityBoundingSet"):
            self.assertEqual(settings(name), ["CAP_DAC_READ_SEARCH"])

    def test_the_socket_is_for_its_group(self):
        lines = self.unit("socket").read_text(encoding="utf-8").splitlines()
        for line in ("SocketMode=0660", "SocketGroup=edgetran",
                     "ListenSequentialPacket=/run/edgetran/sensord.sock"):
            self.assertIn(line, lines)


def calls_of(group):
    """The system calls of a group such as @system-service."""
    names = set()
    for line in analyze("syscall-filter", group).stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            names |= calls_of(word)
        elif word and not word.startswith("#"):
            names.add(word)
    return names


def allowed_calls():
    """What SystemCallFilter= leaves, by the rules of systemd.exec(5)."""
    allowed = {"execve", "exit", "exit_group", "rt_sigreturn"}
    for line in settings("SystemCallFilter"):
        for word in line.removeprefix("~").split():
            calls = calls_of(word) if word.startswith("@") else {word}
            allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("strace"), "needs root and strace")
class InItsPlace(unittest.TestCase):
    """As the unit starts it: another user, the one capability, a socket at descriptor 3."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        zone = self.root / "sys/class/powercap/intel-rapl:0"
        zone.mkdir(parents=True)
        (zone / "energy_uj").write_text("17\n", encoding="utf-8")
        (zone / "energy_uj").chmod(0o400)
        self.path, self.trace = self.root / "socket", self.root / "trace"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(str(self.path))
        listener.listen()
        self.child = os.fork()
        if self.child == 0:
            os.dup2(listener.fileno(), 3)
            os.set_inheritable(3, True)
            os.execvp("strace", [
                "strace", "-f", "-o", str(self.trace), "setpriv", "--reuid", STRANGER, "--regid",
                STRANGER, "--clear-groups", "--inh-caps=-all,+dac_read_search",
                "--ambient-caps=-all,+dac_read_search", "--bounding-set=-all,+dac_read_search",
                # LISTEN_PID must be the program's own number; a shell has the same before it.
                "sh", "-c", 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', "sh",
                str(BIN / "edgetran-sensord"), "--root", str(self.root)])
        listener.close()

    def serve_and_end(self):
        """One reading, then SIGTERM; the program's system calls as (name, line)."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(20)
            client.connect(str(self.path))
            client.send(b"open 1 intel-rapl:0/energy_uj")
            opened = client.recv(200)
            client.send(b"read")
            value = client.recv(200)
        lines = self.trace.read_text(encoding="utf-8").splitlines()
        own = [line for line in lines if "execve(" in line and "edgetran-sensord" in line]
        os.kill(int(own[-1].split()[0]), signal.SIGTERM)
        os.waitpid(self.child, 0)
        self.assertEqual((opened, value), (b"ok", b"ok 17"))
        lines = self.trace.read_text(encoding="utf-8").splitlines()
        begin = max(i for i, line in enumerate(lines) if "execve(" in line)
        calls = [re.match(r"\d+\s+(\w+)\((.*)", line) for line in lines[begin:]]
        return [(match[1], match[2]) for match in calls if match]

    def test_the_unit_allows_every_call_that_it_makes(self):
        calls = self.serve_and_end()
        self.assertGreater(len(calls), 50)
        self.assertEqual({name for name, _ in calls} - allowed_calls(), set())

    @unittest.skipIf(b"__tsan_init" in (BIN / "edgetran-sensord").read_bytes(),
                     "ThreadSanitizer writes files of its own")
    def test_it_writes_nothing(self):
        for name, arguments in self.serve_and_end():
            self.assertNotRegex(name, "^(unlink|rename|mkdir|chmod|chown|truncate|link|symlink)")
            if name.startswith(("open", "creat")):
                self.assertNotRegex(arguments, "O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
            if name.startswith(("write", "pwrite")):
                self.assertRegex(arguments, "^2,")  # its log


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        sys.exit(77)
    unittest.main()
