#!/usr/bin/env python3
"""Attacks a listening agent and says whether it held.

    agent_attack.py [--bin build-asan/bin] [--seconds 600] [--seed 1]

Starts an agent with keys of its own, then sends it for that long, from several threads at once: noise,
handshakes that are mutated, cut or never finished, certificates that are not believed, plain frames;
and, as a client that it believes: sequences of requests, sound and mutated, frames that are broken, cut
and reordered, blobs that lie about their size, and connections that end anywhere. Build it with the
preset asan, so that a fault does not pass unnoticed.

Exit: 0 where at the end the agent still serves, no fault was reported, no session ended by a signal,
memory stayed within its bounds, and no process, lease or file is left; 1 otherwise, with what was found.
"""

import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import random
import re
import socket
import ssl
import sys
import tempfile
import threading
import time

FAULTS = re.compile(r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|terminate called|"
                    r"broken promise|killed by signal|exited with code (?![01]\b)")
THREADS = 4
SANITIZED_OPTIONS = {"ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:exitcode=99:"
                                     "allocator_may_return_null=1",
                     "UBSAN_OPTIONS": "print_stacktrace=1"}
WORDS = ("hello", "bye", "cancel", "lease", "put", "measure", "fetch", "capabilities", "latency",
         "outputs", "convert", "simulated", "openvino", "fp32", "bf16", "quick", "../../etc/passwd",
         "0" * 64, "", "\0", "id", "verb", "law", "seconds", "é\u202e\U0001f600")


class Attack:
    def __init__(self, agent, seed):
        self.agent = agent
        self.random = random.Random(seed)
        self.done = 0

    def once(self):
        kind = self.random.choices(
            (self.noise, self.plain, self.mutated_handshake, self.cut_handshake, self.stranger,
             self.requests), (1, 1, 2, 1, 1, 12))[0]
        with contextlib.suppress(OSError, ssl.SSLError, self.wire.ProtocolError, ValueError):
            kind()
        self.done += 1

    # Strangers.

    def noise(self):
        with self.agent.socket() as connected:
            connected.sendall(self.random.randbytes(self.random.choice((1, 5, 100, 5000, 100_000))))
            self.listen(connected)

    def plain(self):
        with self.agent.socket() as connected:
            connected.sendall(self.stream())
            self.listen(connected)

    def first_flight(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.agent.context().wrap_bio(incoming, outgoing, server_hostname="board.local")
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        return outgoing.read()

    def mutated_handshake(self):
        with self.agent.socket() as connected:
            connected.sendall(self.mutated(self.first_flight()))
            self.listen(connected)

    def cut_handshake(self):
        flight = self.first_flight()
        with self.agent.socket() as connected:
            connected.sendall(flight[:self.random.randrange(len(flight) + 1)])

    def stranger(self):
        name = self.random.choice((None, "stranger", "expired"))
        with self.agent.tls(name) as connected:
            connected.sendall(self.stream())
            self.listen(connected)

    # A client that is believed.

    def requests(self):
        with self.agent.tls() as connected:
            connected.settimeout(self.random.choice((0.05, 0.5, 2)))
            hello = {"id": 1, "verb": "hello", "protocol": 1, "oldest": 1, "program": "a",
                     "version": "1", "service": "agent", "capabilities": []}
            if self.random.random() < 0.9:
                connected.sendall(self.wire.encode_message(hello))
            for _ in range(self.random.randrange(1, 6)):
                stream = self.stream()
                if self.random.random() < 0.3:
                    stream = self.mutated(stream)
                connected.sendall(stream)
                if self.random.random() < 0.7:
                    self.listen(connected)
            if self.random.random() < 0.5:
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def stream(self):
        """Some frames, in their order or not, whole or cut."""
        frames = [frame for _ in range(self.random.randrange(1, 8)) for frame in self.message()]
        if self.random.random() < 0.15:
            self.random.shuffle(frames)
        stream = b"".join(frames)
        if self.random.random() < 0.15:
            stream = stream[:self.random.randrange(len(stream) + 1)]
        return stream

    def message(self):
        wire = self.wire
        body, blob = self.request()
        if self.random.random() < 0.1:
            body["blob_bytes"] = self.random.choice((0, 1, len(blob) + 1, 1 << 33, -1, 2 ** 64))
        elif blob:
            body["blob_bytes"] = len(blob)
        frames = [wire.encode_frame(wire.JSON, json.dumps(body).encode()[:wire.MAX_PAYLOAD])]
        at = 0
        while at < len(blob):
            size = self.random.choice((1, 1000, wire.MAX_PAYLOAD))
            frames.append(wire.encode_frame(wire.BLOB, blob[at:at + size]))
            at += max(size, len(blob) // 8)
        return frames

    def request(self):
        pick = self.random.random()
        number = self.random.choice((2, 3, 4, -1, 2 ** 63, None, "2", 1.5, [2]))
        blob = self.random.randbytes(self.random.choice((0, 0, 3, 5000, 3_000_000)))
        if pick < 0.2:
            name = hashlib.sha256(blob).hexdigest() if self.random.random() < 0.7 else self.value(2)
            return {"id": number, "verb": "put", "sha256": name}, blob
        if pick < 0.35:
            return {"id": 2, "verb": "lease", "seconds": self.random.choice((1, 30, 3600, 1e99)),
                    "exclusive": self.random.choice((True, False, 1))}, b""
        if pick < 0.65:
            body = {"id": number, "verb": "measure", **listening.MEASURE,
                    "mode": self.random.choice(("latency", "latency", "outputs", "convert"))}
            for key in self.random.sample(sorted(body), self.random.randrange(3)):
                body[key] = self.value(3)
            if self.random.random() < 0.2:
                body.pop(self.random.choice(sorted(body)))
            return body, blob if self.random.random() < 0.3 else b""
        if pick < 0.75:
            return {"id": 3, "verb": "cancel", "target": self.random.choice((2, 3, 4))}, b""
        return {self.word(): self.value(4) for _ in range(5)} | \
            {"id": number, "verb": self.word()}, blob

    def word(self):
        return self.random.choice(WORDS)

    def value(self, depth):
        pick = self.random.randrange(9 if depth else 7)
        if pick == 7:
            return [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        if pick == 8:
            return {self.word(): self.value(depth - 1) for _ in range(self.random.randrange(4))}
        return (self.word(), self.random.getrandbits(70), -self.random.getrandbits(31),
                self.random.uniform(-1e308, 1e308), None, True, "x" * 20000)[pick]

    def mutated(self, data):
        data = bytearray(data)
        for _ in range(self.random.randrange(1, 6)):
            if not data:
                break
            at = self.random.randrange(len(data))
            if self.random.random() < 0.6:
                data[at] = self.random.getrandbits(8)
            elif self.random.random() < 0.5:
                del data[at:at + self.random.randrange(1, 40)]
            else:
                data[at:at] = self.random.randbytes(self.random.randrange(1, 40))
        return bytes(data)

    @staticmethod
    def listen(connected):
        with contextlib.suppress(TimeoutError):
            connected.recv(65536)


def run(attacks, watch, seconds):
    """Runs the attacks at once for so long; `watch` meanwhile."""
    end = time.monotonic() + seconds

    def work(attack):
        while time.monotonic() < end:
            attack.once()

    threads = [threading.Thread(target=work, args=(attack,)) for attack in attacks]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        watch()
        time.sleep(0.05)
    for thread in threads:
        thread.join()


def examine(agent, folder, peaks, options):
    """What is wrong with the agent after the attack."""
    found = []
    if not listening.alive(agent.process.pid):
        return [f"the agent ended with code {agent.process.poll()}", *faults(agent)]
    try:
        listening.wait_for(lambda: not agent.sessions(), "a session's process is left")
        listening.wait_for(agent.lease_is_free, "the lease is left")
        with agent.client() as client:
            client.call("lease", seconds=30)
            client.call("measure", **listening.MEASURE)
    except Exception as error:  # pylint: disable=broad-except
        found.append(f"it does not serve: {type(error).__name__}: {error}")
    listener = listening.peak_bytes(agent.process.pid)
    print(f"peak memory: listener {listener >> 20} MiB, a session {peaks['session'] >> 20} MiB")
    if listener > options.listener_mib << 20:
        found.append(f"the listener took more than {options.listener_mib} MiB")
    if peaks["session"] > options.session_mib << 20:
        found.append(f"a session took more than {options.session_mib} MiB")
    code = agent.stop()
    if code != 0:
        found.append(f"told to stop, it ended with code {code}")
    left = [path.name for path in pathlib.Path(folder).rglob("*") if path.name != "lease.lock"]
    return [*found, *[f"left behind: {left}"] * bool(left), *faults(agent)]


def faults(agent):
    return [line.rstrip() for line in agent.log() if FAULTS.search(line)]


def main(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default="build-asan/bin")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--listener-mib", type=int, default=512, help="bound; sanitizers take more")
    parser.add_argument("--session-mib", type=int, default=2048)
    options = parser.parse_args(arguments)
    os.environ["EDGETRAN_BIN_DIR"] = os.path.abspath(options.bin)
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "agent"))
    global listening  # pylint: disable=global-statement
    import listening  # pylint: disable=import-outside-toplevel
    Attack.wire = listening.wire
    peaks = {"session": 0}

    with tempfile.TemporaryDirectory() as keys, tempfile.TemporaryDirectory() as folder:
        listening.make_keys(keys)
        with listening.Agent(keys, folder, environment={**SANITIZED_OPTIONS, "TMPDIR": folder}) as agent:
            def watch():
                for session in agent.sessions():
                    with contextlib.suppress(OSError, TypeError):
                        peaks["session"] = max(peaks["session"], listening.peak_bytes(session))

            attacks = [Attack(agent, options.seed * 1000 + i) for i in range(THREADS)]
            run(attacks, watch, options.seconds)
            log = agent.log()
            print(f"{sum(attack.done for attack in attacks)} attacks in {options.seconds:g} s, seed "
                  f"{options.seed}; {sum('is served by' in line for line in log)} sessions, "
                  f"{sum(' refused: ' in line for line in log)} refusals logged")
            found = examine(agent, folder, peaks, options)
    print("\n".join(found[:40] + [f"{len(found)} faults"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
