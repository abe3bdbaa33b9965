"""A listening agent, its keys, and clients of it, for the tests of this folder and bench/agent_attack.py."""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SOURCE = pathlib.Path(os.environ.get("EDGETRAN_SOURCE_DIR",
                                     pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get("EDGETRAN_BIN_DIR", SOURCE / "build" / "bin"))
sys.path.insert(0, str(SOURCE / "adapters" / "python"))
sys.path.insert(0, str(SOURCE / "tests" / "docs"))

import code_blocks  # noqa: E402
import edgetran_wire as wire  # noqa: E402

AGENT = BIN / "edgetran-agent"
PATIENCE_S = 60  # for what happens in milliseconds, on a machine with more to do
MIB = 1 << 20

#: Sanitizers keep what was freed and notes beside what is not: bounds of memory are then three times as
#: high, and a limit of the system would only stop the sanitizer itself.
SANITIZER = next((name for name in ("asan", "tsan") if f"__{name}_init".encode() in AGENT.read_bytes()), None)
MEMORY_UNIT = (3 if SANITIZER else 1) * MIB
SANITIZER_THREADS = 1 if SANITIZER == "tsan" else 0

LAW = {"mean_s": 0.01, "noise_share": 0.02, "load_s": 0.5, "memory_bytes": 1000, "seed": 3}
MEASURE = {"mode": "latency", "model": "0" * 64, "runtime": "simulated", "precision": "fp32",
           "threads": 1, "batch": 1, "length": 16, "vocabulary": 100, "seed": 1, "law": LAW}


def wait_for(condition, what):
    """The first true value of `condition`; an AssertionError that says `what` after PATIENCE_S."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"after {PATIENCE_S} s: {what}")


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def document_keys(folder):
    """authority, board and director: made by the very commands of docs/protocol.md."""
    document = SOURCE / "docs" / "protocol.md"
    blocks = [block for block in code_blocks.blocks_of(document, document.read_text())
              if "openssl req" in block.text]
    assert len(blocks) == 1 and not blocks[0].not_run
    subprocess.run(["bash", "-euo", "pipefail", "-c", blocks[0].text], cwd=folder, check=True,
                   capture_output=True)


def hostile_keys(folder):
    """A director whose certificate has expired, and one of an authority of its own."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    sign = ["x509", "-req", "-CAcreateserial"]
    openssl(folder, *sign, "-in", "director.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
            "-days", "-1", "-out", "expired.pem")
    shutil.copy(folder / "director.key", folder / "expired.key")
    openssl(folder, "req", "-x509", *curve, "-days", "9", "-subj", "/CN=other", "-keyout",
            "other.key", "-out", "other.pem")
    openssl(folder, "req", *curve, "-subj", "/CN=stranger", "-keyout", "stranger.key", "-out",
            "stranger.csr")
    openssl(folder, *sign, "-in", "stranger.csr", "-CA", "other.pem", "-CAkey", "other.key",
            "-days", "9", "-out", "stranger.pem")


def make_keys(folder):
    folder = pathlib.Path(folder)
    document_keys(folder)
    hostile_keys(folder)
    return folder


def children_of(process_id):
    """Process ids of the living children of a process."""
    ids = []
    for task in pathlib.Path(f"/proc/{process_id}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            ids += [int(word) for word in task.read_text().split()]
    return ids


def alive(process_id):
    try:
        state = pathlib.Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def peak_bytes(process_id):
    text = pathlib.Path(f"/proc/{process_id}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) * 1024


class Agent:
    """`edgetran-agent --listen` with its log; `with` ends it."""

    def __init__(self, keys, folder, *options, address="127.0.0.1:0", environment=None,
                 working_folder=None):
        self.keys = pathlib.Path(keys)
        self.lock_file = pathlib.Path(folder) / "lease.lock"
        command = [str(AGENT), "--listen", address, "--lock-file", str(self.lock_file), *options]
        if not address.startswith("unix:"):
            for option, name in (("certificate", "board.pem"), ("key", "board.key"),
                                 ("authority", "authority.pem")):
                command += [f"--{option}", str(self.keys / name)]
        self._lines = []
        self._lock = threading.Lock()
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                        text=True, errors="replace", cwd=working_folder,
                                        env=dict(os.environ, **(environment or {})))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            line = self.logged("listening on ")
        except AssertionError:
            self.kill()
            raise
        self.address = line.split("listening on ")[1].strip()
        self.port = None if address.startswith("unix:") else int(self.address.rsplit(":", 1)[1])

    def _read(self):
        for line in self.process.stderr:
            with self._lock:
                self._lines.append(line)

    def log(self):
        with self._lock:
            return list(self._lines)

    def logged(self, *words):
        """The first line of the log with all of these words; waits for it."""
        return wait_for(lambda: next((line for line in self.log()
                                      if all(word in line for word in words)), None),
                        f"no {words} in the log:\n{''.join(self.log())}")

    def socket(self):
        connected = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def context(self, name="director"):
        """TLS as a client with the certificate `name` (None: without)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.keys / "authority.pem")
        if name:
            context.load_cert_chain(self.keys / f"{name}.pem", self.keys / f"{name}.key")
        return context

    def tls(self, name="director"):
        return self.context(name).wrap_socket(self.socket(), server_hostname="board.local")

    def client(self, greet=True):
        return Client(self.tls(), greet)

    def sessions(self):
        return children_of(self.process.pid)

    def lease_is_free(self):
        if not self.lock_file.exists():
            return True
        with open(self.lock_file, "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def stop(self, number=signal.SIGTERM):
        """Tells it to stop; its exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        code = self.process.wait(timeout=PATIENCE_S)
        self._reader.join(timeout=PATIENCE_S)
        self.process.stderr.close()
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        if not self.process.stderr.closed:
            self.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


class Client(wire.Client):
    """A client over a connected socket; `with` closes it."""

    def __init__(self, connected, greet=True):
        self.socket = connected
        self._files = (connected.makefile("rb"), connected.makefile("wb"))
        super().__init__(*self._files)
        if greet:
            self.hello("agent")

    def close(self):
        for file in (*self._files, self.socket):
            with contextlib.suppress(OSError, ValueError):
                file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@unittest.skipUnless(AGENT.exists(), "edgetran-agent is not built")
@unittest.skipUnless(shutil.which("openssl"), "the program openssl is missing")
class AgentCase(unittest.TestCase):
    """Keys once a class; agents and folders that go with the test."""

    @classmethod
    def setUpClass(cls):
        cls._keys = tempfile.TemporaryDirectory(prefix="edgetran-agent-keys-")
        cls.addClassCleanup(cls._keys.cleanup)
        cls.keys = make_keys(cls._keys.name)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="edgetran-agent-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, *options, **more):
        agent = Agent(self.keys, self.folder, *options, **more)
        self.addCleanup(agent.kill)
        return agent

    def assert_serves(self, agent):
        """The next client is served and measures."""
        with agent.client() as client:
            client.call("lease", seconds=30)
            self.assertEqual(client.call("measure", **MEASURE)["record"]["kind"], "modelled")
        wait_for(lambda: not agent.sessions(), "the session's process stays")
        wait_for(agent.lease_is_free, "the lease stays")
