"""Who gets in: certificates, TLS versions, plaintext, floods, and the order of clients."""

import contextlib
import os
import socket
import ssl
import subprocess
import unittest

import listening
from listening import wait_for, wire


def said(connected):
    """What the agent says until it closes; b"" where it only closes."""
    parts = []
    with contextlib.suppress(OSError):
        while part := connected.recv(65536):
            parts.append(part)
    return b"".join(parts)


class Door(listening.AgentCase):
    def refused_tls(self, agent, name):
        """A handshake with the certificate `name`, and the agent's verdict on it."""
        with agent.socket() as connected:
            with self.assertRaises((ssl.SSLError, ConnectionError, wire.ProtocolError)):
                with agent.context(name).wrap_socket(connected,
                                                     server_hostname="board.local") as tls:
                    with listening.Client(tls, greet=False) as client:
                        client.hello("agent")

    def test_a_client_with_a_certificate_of_the_authority_is_served(self):
        agent = self.start()
        self.assert_serves(agent)
        agent.logged('is "CN = director"')
        agent.logged("is served by process")
        agent.logged("has gone after", "exited with code 0")

    def test_a_client_without_a_certificate_is_refused(self):
        agent = self.start()
        self.refused_tls(agent, None)
        agent.logged("127.0.0.1:", "refused", "showed no certificate")
        self.assert_serves(agent)

    def test_a_certificate_of_another_authority_is_refused(self):
        agent = self.start()
        self.refused_tls(agent, "stranger")
        agent.logged("127.0.0.1:", "refused", "not believed")
        self.assert_serves(agent)

    def test_an_expired_certificate_is_refused(self):
        agent = self.start()
        self.refused_tls(agent, "expired")
        agent.logged("127.0.0.1:", "refused", "expired")
        self.assert_serves(agent)

    def test_plain_frames_are_refused_without_an_answer_to_them(self):
        agent = self.start()
        with agent.socket() as connected:
            hello = {"id": 1, "verb": "hello", "protocol": 1, "oldest": 1, "program": "p",
                     "version": "1", "service": "agent", "capabilities": []}
            connected.sendall(wire.encode_message(hello))
            self.assertNotIn(wire.MAGIC, said(connected))
        agent.logged("127.0.0.1:", "refused", "does not speak TLS")
        self.assert_serves(agent)

    def test_http_is_refused(self):
        agent = self.start()
        with agent.socket() as connected:
            connected.sendall(b"GET / HTTP/1.1\r\nHost: board\r\n\r\n")
            self.assertNotIn(b"HTTP", said(connected))
        agent.logged("refused", "does not speak TLS")

    def test_tls_1_2_is_refused(self):
        agent = self.start()
        context = agent.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(agent.socket(), server_hostname="board.local")
        agent.logged("127.0.0.1:", "refused", "does not speak TLS 1.3")
        self.assert_serves(agent)

    def test_there_are_no_session_tickets(self):
        agent = self.start()
        with agent.client() as client:
            client.call("capabilities")
            self.assertFalse(client.socket.session and client.socket.session.has_ticket)

    def test_the_openssl_client_is_refused_without_a_certificate_and_served_with_one(self):
        agent = self.start()
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{agent.port}", "-CAfile",
                   str(self.keys / "authority.pem"), "-verify_return_error", "-quiet"]
        own = ["-cert", str(self.keys / "director.pem"), "-key", str(self.keys / "director.key")]
        request = wire.encode_message({"id": 7, "verb": "capabilities"})
        without = subprocess.run(command, input=request, capture_output=True, timeout=60,
                                 check=False)
        self.assertNotIn(wire.MAGIC, without.stdout)
        child = subprocess.Popen([*command, *own], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        try:
            child.stdin.write(request)
            child.stdin.flush()
            message, _ = wire.read_message(child.stdout)
        finally:
            child.kill()
            child.communicate()
        self.assertIn("hello", message["error"]["message"])

    def test_a_visitor_that_says_nothing_is_let_go(self):
        agent = self.start()
        with agent.socket() as connected:
            self.assertEqual(said(connected), b"")
        agent.logged("127.0.0.1:", "refused", "took too long")

    def test_a_handshake_byte_by_byte_is_let_go(self):
        agent = self.start()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = agent.context().wrap_bio(incoming, outgoing, server_hostname="board.local")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        flight = outgoing.read()
        with agent.socket() as connected:
            connected.settimeout(0.2)
            with contextlib.suppress(OSError):
                for byte in flight:
                    connected.sendall(bytes([byte]))
                    with contextlib.suppress(TimeoutError):
                        if not connected.recv(1):
                            break
        agent.logged("refused", "took too long")

    def test_a_flood_of_visitors_delays_a_client_and_no_more(self):
        agent = self.start()
        with contextlib.ExitStack() as stack:
            for _ in range(40):
                with contextlib.suppress(OSError):
                    silent = socket.socket()
                    stack.enter_context(silent)
                    silent.setblocking(False)
                    silent.connect_ex(("127.0.0.1", agent.port))
            wait_for(lambda: self.threads(agent) > 5, "no visitor is attended to")
            for _ in range(20):
                self.assertLessEqual(self.threads(agent), 1 + 8)
        self.assert_serves(agent)
        self.assertLess(listening.peak_bytes(agent.process.pid), 32 * listening.MEMORY_UNIT)

    @staticmethod
    def threads(agent):
        return len(os.listdir(f"/proc/{agent.process.pid}/task")) - listening.SANITIZER_THREADS

    def test_a_second_client_is_told_and_nothing_of_it_is_read(self):
        agent = self.start()
        with agent.client() as first:
            with listening.Client(agent.tls(), greet=False) as second:
                message, _ = wire.read_message(second._reader)
                self.assertIsNone(message["id"])
                self.assertEqual(message["error"]["category"], "resource")
                self.assertIn("another client", message["error"]["message"])
            self.assertIn("quick", first.call("capabilities")["profiles"])
        agent.logged("127.0.0.1:", "refused", "serves another client")
        self.assert_serves(agent)

    def test_a_client_that_comes_while_another_leaves_is_served(self):
        agent = self.start()
        for _ in range(5):
            with agent.client() as client:
                client.call("capabilities")

    def test_a_client_that_says_no_hello_is_dropped(self):
        agent = self.start("--hello-limit", "0.3")
        with listening.Client(agent.tls(), greet=False) as client:
            self.assertEqual(said(client.socket), b"")
        agent.logged("127.0.0.1:", "did not say hello")
        wait_for(lambda: not agent.sessions(), "the session's process stays")

    def test_an_idle_client_without_a_lease_is_dropped_and_one_with_a_lease_is_not(self):
        agent = self.start("--idle-limit", "0.3")
        with agent.client() as client:
            client.call("lease", seconds=1)
            self.assertEqual(said(client.socket), b"")
        agent.logged("127.0.0.1:", "idle")
        gone = agent.logged("has gone after")
        self.assertGreater(float(gone.split("after ")[1].split(" s")[0]), 1.0)
        wait_for(agent.lease_is_free, "the lease stays")


class UnixDoor(listening.AgentCase):
    def address(self):
        return f"unix:{self.folder}/agent.socket"

    def connect(self):
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(listening.PATIENCE_S)
        connected.connect(f"{self.folder}/agent.socket")
        return connected

    def test_the_same_user_is_served_without_certificates(self):
        agent = self.start(address=self.address())
        with listening.Client(self.connect()) as client:
            client.call("lease", seconds=30)
            client.call("measure", **listening.MEASURE)
        agent.logged(f"process {os.getpid()} of user {os.geteuid()}", "is served")
        self.assertEqual(agent.stop(), 0)
        self.assertFalse((self.folder / "agent.socket").exists())

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_another_user_is_refused(self):
        agent = self.start(address=self.address())
        os.chmod(self.folder, 0o755)
        script = ("import os, socket, sys\n"
                  "os.setgid(65534); os.setuid(65534)\n"
                  "s = socket.socket(socket.AF_UNIX)\n"
                  "try:\n    s.connect(sys.argv[1])\n"
                  "except PermissionError:\n    sys.exit(7)\n"
                  "sys.exit(8 if s.recv(1) else 9)\n")

        def visit():
            return subprocess.run(["python3", "-c", script, f"{self.folder}/agent.socket"],
                                  timeout=60, check=False).returncode
        self.assertEqual(visit(), 7)  # the mode of the socket
        os.chmod(f"{self.folder}/agent.socket", 0o666)
        self.assertEqual(visit(), 9)  # and, were that opened, its credentials
        agent.logged("refused", "user 65534 is not this agent's user")


class CommandLine(listening.AgentCase):
    def data_limit(self, *options):
        """The session's limit of memory of its own, in bytes; None where there is none."""
        agent = self.start(*options)
        with agent.client():
            (session,) = agent.sessions()
            with open(f"/proc/{session}/limits", encoding="ascii") as file:
                words = next(line for line in file if line.startswith("Max data size")).split()
        return None if words[3] == "unlimited" else int(words[3])

    @unittest.skipIf(listening.SANITIZER, "a sanitizer cannot live within a limit")
    def test_options_of_the_board_reach_the_session(self):
        self.assertEqual(self.data_limit("--memory-limit", "3000000000"), 3_000_000_000)
        self.assertIsNone(self.data_limit("--memory-limit=0"))

    @unittest.skipIf(listening.SANITIZER, "a build with a sanitizer has no limit of its own")
    def test_a_session_may_have_three_quarters_of_the_machine_unless_it_is_said(self):
        limit = self.data_limit()
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        self.assertLessEqual(limit, machine * 3 // 4)
        self.assertGreater(limit, 0)

    def fails(self, *options):
        done = subprocess.run([str(listening.AGENT), *options], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_tcp_without_certificates_is_refused_on_loopback_too(self):
        for address in ("127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "localhost:0"):
            self.assertIn("--certificate", self.fails("--listen", address))

    def test_half_of_the_files_is_not_enough(self):
        self.assertIn("--authority", self.fails(
            "--listen", "127.0.0.1:0", "--certificate", str(self.keys / "board.pem"), "--key",
            str(self.keys / "board.key")))

    def test_one_of_the_two_ways_must_be_said(self):
        self.assertIn("--listen", self.fails())
        self.assertIn("--listen", self.fails("--stdio", "--listen", "127.0.0.1:0"))

    def test_a_wrong_address_is_named(self):
        self.assertIn("port", self.fails("--listen", "board"))


if __name__ == "__main__":
    unittest.main()
