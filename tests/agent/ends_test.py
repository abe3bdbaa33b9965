"""Killing either side at any moment leaves no process, no lease and no half file."""

import hashlib
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import unittest

import listening
from listening import wait_for, wire

SEED = 20261128
# A client that dies in the middle: connects, measures and uploads until it is killed.
CLIENT = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
import listening
class There(listening.Agent):
    def __init__(self, keys, port):
        self.keys, self.port = listening.pathlib.Path(keys), int(port)
client = There(sys.argv[2], sys.argv[3]).client()
client.call("lease", seconds=60)
print("leased", flush=True)
blob = bytes(range(256)) * 40000
while True:
    client.call("measure", **{**listening.MEASURE, "law": {**listening.LAW, "mean_s": 1e-5}})
    client.call("put", blob=blob, sha256=hashlib.sha256(blob).hexdigest())
"""


class Ends(listening.AgentCase):
    def setUp(self):
        super().setUp()
        # A folder of its own for temporary files shows what is left behind.
        self.temporary = self.folder / "temporary"
        self.temporary.mkdir()
        self.environment = {"TMPDIR": str(self.temporary)}

    def leased(self, agent):
        """A client with a lease, in a process of its own."""
        here = str(pathlib.Path(__file__).resolve().parent)
        child = subprocess.Popen([sys.executable, "-c", CLIENT, here, str(self.keys),
                                  str(agent.port)], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)  # its last words are a traceback
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        self.assertEqual(child.stdout.readline(), b"leased\n")
        return child

    def assert_nothing_left(self, agent, sessions):
        wait_for(lambda: not any(map(listening.alive, sessions)), f"processes {sessions} stay")
        wait_for(agent.lease_is_free, "the lease stays")
        self.assertEqual(list(self.temporary.iterdir()), [])
        self.assertEqual({path.name for path in self.folder.iterdir()},
                         {"temporary", "lease.lock"})

    def test_a_client_that_is_killed_at_any_moment(self):
        agent = self.start(environment=self.environment)
        moments = random.Random(SEED)
        for _ in range(8):
            client = self.leased(agent)
            sessions = agent.sessions()
            self.assertEqual(len(sessions), 1)
            self.assertFalse(agent.lease_is_free())
            time.sleep(moments.uniform(0, 0.3))  # the moment is what is tried
            client.kill()
            self.assert_nothing_left(agent, sessions)
        self.assert_serves(agent)

    def test_an_agent_that_is_killed_at_any_moment(self):
        moments = random.Random(SEED + 1)
        for _ in range(5):
            agent = self.start(environment=self.environment)
            client = self.leased(agent)
            sessions = agent.sessions()
            time.sleep(moments.uniform(0, 0.3))
            agent.process.kill()
            agent.wait()
            self.assert_nothing_left(agent, sessions)
            self.assertNotEqual(client.wait(timeout=listening.PATIENCE_S), 0)

    def test_a_session_that_is_killed_is_the_end_of_its_client_only(self):
        agent = self.start(environment=self.environment)
        client = self.leased(agent)
        (session,) = agent.sessions()
        os.kill(session, signal.SIGKILL)
        self.assertNotEqual(client.wait(timeout=listening.PATIENCE_S), 0)
        agent.logged("has gone after", "killed by signal 9")
        self.assert_nothing_left(agent, [session])
        self.assert_serves(agent)

    def test_the_signals_that_end_it_end_it_well(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for busy in (False, True):
                with self.subTest(number=number, busy=busy):
                    agent = self.start(environment=self.environment)
                    client = self.leased(agent) if busy else None
                    visitor = agent.socket()  # in its handshake
                    sessions = agent.sessions()
                    self.assertEqual(agent.stop(number), 0)
                    visitor.close()
                    if client:
                        self.assert_nothing_left(agent, sessions)

    def test_a_session_that_does_not_stop_is_killed(self):
        """A runtime's program that hangs while it loads holds its session; the client goes."""
        program = self.folder / "hangs.py"
        program.write_text(
            "import sys, time\n"
            f"sys.path.insert(0, {str(listening.SOURCE / 'adapters' / 'python')!r})\n"
            "import edgetran_wire as wire\n"
            "def describe(call):\n"
            "    return {'version': '1', 'devices': ['CPU'], 'precisions': ['fp32']}\n"
            "def load(call):\n    time.sleep(3600)\n"
            "wire.Service('runtime', {'describe': describe, 'load': load}).serve_stdio()\n")
        agent = self.start("--runtime", f"hangs={sys.executable} {program}",
                           environment=self.environment)
        client = agent.client()
        model = b"a model"
        name = hashlib.sha256(model).hexdigest()
        client.call("put", blob=model, sha256=name)
        client.call("lease", seconds=60)
        request = {**listening.MEASURE, "runtime": "hangs", "model": name}
        del request["law"]
        client.socket.sendall(wire.encode_message({"id": 99, "verb": "measure", **request}))
        (session,) = agent.sessions()
        (runtime,) = wait_for(lambda: listening.children_of(session), "the program is not started")
        client.close()
        wait_for(lambda: not listening.alive(session), "the session stays")
        wait_for(lambda: not listening.alive(runtime), "the runtime's program stays")
        agent.logged("has gone after", "the client closed the connection", "did not stop")
        wait_for(agent.lease_is_free, "the lease stays")
        program.unlink()
        self.assert_serves(agent)

    def test_a_socket_of_a_killed_agent_does_not_keep_the_next_from_listening(self):
        address = f"unix:{self.folder}/agent.socket"
        agent = self.start(address=address)
        agent.process.kill()
        agent.wait()
        self.assertTrue((self.folder / "agent.socket").exists())
        self.start(address=address)

    def test_two_agents_do_not_lease_one_machine(self):
        one, other = self.start(), self.start()
        with one.client() as first, other.client() as second:
            first.call("lease", seconds=60)
            with self.assertRaises(wire.RemoteError) as caught:
                second.call("lease", seconds=60)
            self.assertEqual(caught.exception.category, "resource")
            first.close()
            wait_for(one.lease_is_free, "the lease stays")
            second.call("lease", seconds=60)

    def test_a_lease_that_runs_out_frees_the_machine_though_its_client_stays(self):
        agent = self.start()
        with agent.client() as client:
            client.call("lease", seconds=1)
            self.assertFalse(agent.lease_is_free())
            wait_for(agent.lease_is_free, "the lease stays")


if __name__ == "__main__":
    unittest.main()
