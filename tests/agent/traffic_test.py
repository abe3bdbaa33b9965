"""What an authenticated client may send: broken frames, paths, gigabytes, and nothing at all."""

import contextlib
import hashlib
import itertools
import struct
import unittest
import zlib

import listening
from listening import MEMORY_UNIT, MIB, wait_for, wire

FIXTURES = listening.SOURCE / "tests" / "wire" / "fixtures"


def frame(payload, kind=wire.JSON, magic=wire.MAGIC, version=1, zero=0, length=None, crc=None):
    """A frame in which anything may be wrong."""
    head = struct.pack("<4sBBHI", magic, version, kind, zero,
                       len(payload) if length is None else length)
    right = zlib.crc32(payload, zlib.crc32(head))
    return head + struct.pack("<I", right if crc is None else crc) + payload


class Traffic(listening.AgentCase):
    def setUp(self):
        super().setUp()
        self.agent = self.start()

    def greeted(self):
        return self.enterContext(self.agent.client())

    def assert_ends(self, data, *words):
        """Sending `data` ends the session, and the log says why and whose it was."""
        client = self.greeted()
        address = "%s:%d" % client.socket.getsockname()
        with contextlib.suppress(OSError):
            client.socket.sendall(data)
        with contextlib.suppress(OSError):
            while client.socket.recv(65536):
                pass
        client.close()
        self.agent.logged(address, *words)
        wait_for(lambda: not self.agent.sessions(), "the session's process stays")

    def session_memory(self):
        (session,) = self.agent.sessions()
        return listening.peak_bytes(session)

    def test_broken_frames_end_the_session_with_the_reason(self):
        good = b'{"id":9,"verb":"capabilities"}'
        for broken, words in (
                (frame(good, magic=b"EDTM"), "broken frame"),
                (frame(good, version=9), "broken frame"),
                (frame(good, kind=3), "broken frame"),
                (frame(good, zero=1), "broken frame"),
                (frame(good, crc=1), "checksum"),
                (frame(b"", length=0xFFFFFFFF), "4294967295"),
                (frame(b"", length=MIB + 1), "1048577"),
                (frame(b"x", kind=wire.BLOB), "no message announced"),
                (bytes(range(256)) * 40, "broken frame"),
                (b"\0" * 5000, "broken frame")):
            with self.subTest(broken[:40]):
                self.assert_ends(broken, words)
        self.assert_serves(self.agent)

    def test_the_recorded_broken_frames_end_the_session(self):
        names = sorted(FIXTURES.glob("broken_*.bin"))
        self.assertEqual(len(names), 9)
        for path in names:
            with self.subTest(path.name):
                self.assert_ends(path.read_bytes(), "edgetran-agent[", "error")
        self.assert_serves(self.agent)

    def test_a_message_cut_anywhere_ends_the_session(self):
        whole = wire.encode_message({"id": 9, "verb": "put", "sha256": "0" * 64}, b"blob" * 10)
        for cut in range(1, len(whole), 7):
            with self.subTest(cut):
                client = self.greeted()
                address = "%s:%d" % client.socket.getsockname()
                client.socket.sendall(whole[:cut])
                client.close()
                self.agent.logged(address, "ended inside a message")
        self.assert_serves(self.agent)

    def test_frames_out_of_order_end_the_session_or_are_answered(self):
        head = frame(b'{"id":9,"verb":"put","sha256":"%s","blob_bytes":6}' % (b"0" * 64))
        parts = [head, frame(b"abc", wire.BLOB), frame(b"def", wire.BLOB)]
        for order in itertools.permutations(parts):
            if order[0] is head:
                client = self.greeted()
                client.socket.sendall(b"".join(order))
                message, _ = wire.read_message(client._reader)
                self.assertEqual(message["error"]["category"], "corrupt")
                client.close()
            else:
                self.assert_ends(b"".join(order), "no message announced")
        self.assert_ends(head + frame(b'{"id":10,"verb":"capabilities"}'), "blob bytes were due")
        self.assert_ends(head + frame(b"abcdefg", wire.BLOB), "where 6 were due")
        self.assert_serves(self.agent)

    def test_messages_that_are_no_requests_are_answered_and_logged(self):
        client = self.greeted()
        for payload in (b"", b"[]", b"7", b"{", b'{"id":1}', b'{"verb":"x"}', b'{"id":[],"verb":1}',
                        b'{"id":1,"id":2,"verb":"x"}', b"\xff\xfe", b"[" * 5000,
                        b'{"a":' * 65 + b"1" + b"}" * 65,
                        b'{"id":1,"verb":"put","blob_bytes":-1}',
                        b'{"id":1,"verb":"put","blob_bytes":1e99}',
                        b'{"id":9999999999999999999,"verb":"capabilities"}'):
            with self.subTest(payload[:40]):
                client.socket.sendall(frame(payload))
                message, _ = wire.read_message(client._reader)
                self.assertEqual(message["error"]["category"], "usage")
        self.assertIn("quick", client.call("capabilities")["profiles"])
        self.agent.logged("127.0.0.1:", "refused", "must be a JSON object")

    def test_nothing_is_done_before_hello(self):
        with listening.Client(self.agent.tls(), greet=False) as client:
            for verb in ("capabilities", "lease", "put", "measure", "fetch", "cancel"):
                with self.assertRaises(wire.RemoteError) as caught:
                    client.call(verb, seconds=30)
                self.assertIn("hello", str(caught.exception))
        self.assertFalse(self.agent.lock_file.exists())

    def test_paths_are_names_that_nothing_has(self):
        client = self.greeted()
        for name in ("../../etc/passwd", "/etc/passwd", "a/../../b", "..", "\0", "~root/.ssh", "",
                     "A" * 64, "0" * 63 + "/"):
            with self.subTest(name):
                with self.assertRaises(wire.RemoteError) as caught:
                    client.call("put", blob=b"root::0:0", sha256=name)
                self.assertEqual(caught.exception.category, "corrupt")
                with self.assertRaises(wire.RemoteError) as caught:
                    client.call("fetch", sha256=name)
                self.assertEqual(caught.exception.category, "not_found")
                client.call("lease", seconds=30)
                with self.assertRaises(wire.RemoteError) as caught:
                    client.call("measure", mode="convert", model=name, runtime="simulated")
                self.assertEqual(caught.exception.category, "usage")
        self.assertEqual({path.name for path in self.folder.iterdir()}, {"lease.lock"})
        self.agent.logged("refused", "../../etc/passwd")

    def test_no_field_names_a_file_or_a_command(self):
        client = self.greeted()
        client.call("lease", seconds=30)
        for key, value in (("path", "/etc/passwd"), ("file", "x"), ("command", "id"),
                           ("runtime", "../../bin/sh"), ("runtime", "/bin/sh"),
                           ("profile", "../quick"), ("plugin", "evil.so")):
            with self.subTest(key), self.assertRaises(wire.RemoteError) as caught:
                client.call("measure", **{**listening.MEASURE, key: value})
            self.assertIn(caught.exception.category, ("usage", "device"))

    def test_ten_gigabytes_are_refused_when_they_are_announced(self):
        client = self.greeted()
        before = self.session_memory()
        client.socket.sendall(frame(b'{"id":9,"verb":"put","sha256":"%s","blob_bytes":%d}'
                                    % (b"0" * 64, 10 << 30)))
        message, _ = wire.read_message(client._reader)
        self.assertEqual((message["id"], message["error"]["category"]), (9, "resource"))
        # Of what follows all the same nothing is held.
        chunk = frame(b"\0" * MIB, wire.BLOB)
        for _ in range(200):
            client.socket.sendall(chunk)
        self.assertLess(self.session_memory() - before, 32 * MEMORY_UNIT)
        client.close()
        self.agent.logged("refused", "10737418240 bytes is over the limit")
        self.assert_serves(self.agent)

    def test_json_that_is_large_when_it_is_parsed_is_bounded(self):
        client = self.greeted()
        before = self.session_memory()
        bombs = (b'{"id":9,"verb":"x","a":[' + b",".join([b"[]"] * 349000) + b"]}",
                 b'{"id":9,"verb":"x","a":[' + b",".join([b"{}"] * 349000) + b"]}",
                 b'{"id":9,"verb":"x","a":[' + b",".join([b'{"":{}}'] * 130000) + b"]}",
                 b'{"id":9,"verb":"x",' + b",".join(b'"%x":0' % i for i in range(95000)) + b"}")
        for bomb in bombs:
            self.assertLessEqual(len(bomb), MIB)
            self.assertGreater(len(bomb), MIB // 2)
            # One is worked on, one waits, and the rest find the line full.
            for _ in range(6):
                client.socket.sendall(frame(bomb))
            for _ in range(6):
                message, _ = wire.read_message(client._reader)
                self.assertFalse(message["ok"])
        print(f"six times each: {(self.session_memory() - before) / MIB:.0f} MiB")
        self.assertLess(self.session_memory() - before, 6 * 40 * MEMORY_UNIT)
        self.assertIn("quick", client.call("capabilities")["profiles"])

    def test_many_models_push_one_another_out(self):
        agent = self.agent
        client = self.greeted()
        before = self.session_memory()
        for i in range(3000):
            blob = b"model %d" % i
            client.call("put", blob=blob, sha256=hashlib.sha256(blob).hexdigest())
        first = hashlib.sha256(b"model 0").hexdigest()
        self.assertFalse(client.call("put", sha256=first)["present"])
        self.assertLess(self.session_memory() - before, 16 * MEMORY_UNIT)
        client.close()
        self.assert_serves(agent)

    def test_requests_without_end_find_the_line_full(self):
        client = self.greeted()
        client.call("lease", seconds=30)
        slow = {**listening.MEASURE, "law": {**listening.LAW, "mean_s": 1e-6}}
        requests = [wire.encode_message({"id": 100 + i, "verb": "measure", **slow})
                    for i in range(60)]
        client.socket.sendall(b"".join(requests))
        refused = 0
        while refused < 20:
            message, _ = wire.read_message(client._reader)
            refused += message.get("error", {}).get("category") == "resource"
        client.close()
        wait_for(lambda: not self.agent.sessions(), "the session's process stays")
        self.assert_serves(self.agent)

    def test_a_client_that_never_reads_is_given_up_within_bounds(self):
        client = self.greeted()
        (session,) = self.agent.sessions()
        blob = bytes(range(256)) * (4 << 10)
        name = hashlib.sha256(blob).hexdigest()
        client.call("put", blob=blob, sha256=name)
        request = b"".join(wire.encode_message({"id": 9, "verb": "x" * 100_000}) for _ in range(10))
        client.socket.settimeout(5)
        peak = 0
        with contextlib.suppress(OSError):
            for _ in range(1000):  # until it takes no more, because nobody takes its answers
                client.socket.sendall(request)
                peak = listening.peak_bytes(session)
        self.assertLess(peak, 400 * MEMORY_UNIT)
        self.agent.logged("127.0.0.1:", "the peer did not read for 30 s")
        wait_for(lambda: not self.agent.sessions(), "the session's process stays")
        self.assert_serves(self.agent)

    def test_a_flood_of_refused_requests_does_not_flood_the_log(self):
        client = self.greeted()
        for _ in range(500):
            with self.assertRaises(wire.RemoteError):
                client.call("no-such-verb\n" + "x" * 10000)
        self.agent.logged("further refusals of this session are not logged")
        lines = [line for line in self.agent.log() if "no-such-verb" in line]
        self.assertEqual(len(lines), 100)
        self.assertLess(max(map(len, lines)), 1000)


if __name__ == "__main__":
    unittest.main()
