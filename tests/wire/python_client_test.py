"""The Python client against recorded frames and, where they are built, the real programs."""

import io
import os
import struct
import sys
import unittest

SOURCE = os.environ["EDGETRAN_SOURCE_DIR"]
BIN = os.environ["EDGETRAN_BIN_DIR"]
sys.path.insert(0, os.path.join(SOURCE, "adapters", "python"))

import edgetran_wire as wire  # noqa: E402


def fixture(name):
    with open(os.path.join(SOURCE, "tests", "wire", "fixtures", name), "rb") as file:
        return file.read()


def program(name):
    path = os.path.join(BIN, name)
    return path if os.access(path, os.X_OK) else None


class Frames(unittest.TestCase):
    def test_recorded_messages_are_read(self):
        message, blob = wire.read_message(io.BytesIO(fixture("put_with_blob.bin")))
        self.assertEqual(message, {"id": 3, "verb": "put", "sha256": "ab", "blob_bytes": 10})
        self.assertEqual(blob, b"0123456789")
        message, blob = wire.read_message(io.BytesIO(fixture("blob_in_three_chunks.bin")))
        self.assertEqual(blob, b"aaabbc")

    def test_broken_recordings_are_refused(self):
        names = [n for n in os.listdir(os.path.join(SOURCE, "tests", "wire", "fixtures"))
                 if n.startswith("broken_")]
        self.assertEqual(len(names), 9)
        for name in names:
            with self.subTest(name), self.assertRaises(wire.ProtocolError):
                wire.read_message(io.BytesIO(fixture(name)))

    def test_what_is_written_is_read(self):
        blob = bytes(range(256)) * 5000
        stream = io.BytesIO(wire.encode_message({"id": 1, "verb": "x"}, blob))
        message, back = wire.read_message(stream)
        self.assertEqual((message["verb"], back), ("x", blob))


@unittest.skipUnless(program("edgetran-agent"), "edgetran-agent is not built")
class Agent(unittest.TestCase):
    LAW = {"mean_s": 0.01, "noise_share": 0.02, "load_s": 0.5, "memory_bytes": 1000, "seed": 3}
    MEASURE = {"mode": "latency", "model": "0" * 64, "runtime": "simulated", "precision": "fp32",
               "threads": 1, "batch": 1, "length": 16, "vocabulary": 100, "seed": 1, "law": LAW}

    def start(self):
        return wire.Process([program("edgetran-agent"), "--stdio"], service="agent")

    def test_a_simulated_measurement_and_its_samples(self):
        with self.start() as agent:
            agent.call("lease", seconds=30, exclusive=False)
            record = agent.call("measure", **self.MEASURE)["record"]
            self.assertEqual(record["kind"], "modelled")
            self.assertAlmostEqual(record["latency"]["median_s"], 0.01, delta=0.0005)
            raw = agent.call("fetch", sha256=record["raw"]["sha256"])["blob"]
            self.assertEqual(len(raw), record["raw"]["bytes"])
            self.assertTrue(raw.startswith(b'{"format":"edgetran.samples/2"'))

    def test_errors_are_named_and_the_session_goes_on(self):
        with self.start() as agent:
            with self.assertRaises(wire.RemoteError) as caught:
                agent.call("mesure")
            self.assertEqual(caught.exception.category, "usage")
            self.assertIn("measure", caught.exception.hint)
            with self.assertRaises(wire.RemoteError) as caught:
                agent.call("measure", **self.MEASURE)
            self.assertIn("lease", str(caught.exception))
            self.assertIn("quick", agent.call("capabilities")["profiles"])

    def test_the_agent_ends_with_its_client(self):
        agent = self.start()
        self.assertEqual(agent.close(), 0)

    def test_noise_on_its_input_ends_it_with_an_exit_code(self):
        import subprocess
        done = subprocess.run([program("edgetran-agent"), "--stdio"], input=b"noise" * 20,
                              capture_output=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"broken frame", done.stderr)

    def test_a_claimed_length_of_4_gib_is_refused(self):
        import subprocess
        frame = b"EDTN\x01\x01\x00\x00" + struct.pack("<II", 0xFFFFFFFF, 0)
        done = subprocess.run([program("edgetran-agent"), "--stdio"], input=frame,
                              capture_output=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"4294967295", done.stderr)


@unittest.skipUnless(program("edgetran-worker"), "edgetran-worker is not built")
class Worker(unittest.TestCase):
    def test_it_says_hello_and_refuses_what_it_does_not_know(self):
        with wire.Process([program("edgetran-worker"), "--stdio"], service="train") as worker:
            self.assertEqual(worker.about["service"], "train")
            with self.assertRaises(wire.RemoteError) as caught:
                worker.call("no-such-verb")
            self.assertEqual(caught.exception.category, "usage")


if __name__ == "__main__":
    unittest.main()
