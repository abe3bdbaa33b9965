#!/usr/bin/env python3
"""A worker that misbehaves on request: fake_worker.py MODE --stdio."""

import json
import os
import signal
import struct
import sys
import time
import zlib

MODE = sys.argv[1]
RESULT = {"metrics": {"accuracy": 0.5}, "loss": 1.25, "seconds": 2.0, "tokens_per_s": 10.0,
          "examples_per_s": 3.0, "tokens": 640, "steps": 5, "peak_memory_bytes": 1000,
          "model": "out"}


def read_exactly(count):
    data = b""
    while len(data) < count:
        more = sys.stdin.buffer.read(count - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data


def receive():
    header = read_exactly(16)
    (length,) = struct.unpack("<I", header[8:12])
    return json.loads(read_exactly(length))


def send(message):
    payload = json.dumps(message).encode()
    head = b"EDTN" + bytes([1, 1, 0, 0]) + struct.pack("<I", len(payload))
    checksum = zlib.crc32(head + payload)
    sys.stdout.buffer.write(head + struct.pack("<I", checksum) + payload)
    sys.stdout.buffer.flush()


def run(request):
    number = request["id"]
    send({"id": number, "event": "progress", "step": 1, "tokens": 128, "loss": 2.0})
    if MODE == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if MODE == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if MODE == "exits":
        sys.exit(3)
    if MODE == "garbles":
        sys.stdout.buffer.write(b"Segmentation fault, core not dumped, sorry\n" * 3)
        sys.stdout.buffer.flush()
        time.sleep(600)
    if MODE == "leaves":
        sys.exit(0)
    if MODE == "refuses":
        send({"id": number, "ok": False, "error": {
            "category": "resource", "message": "out of memory", "hint": "use a smaller batch"}})
        return
    if MODE == "bad_result":
        send({"id": number, "ok": True, "metrics": 7})
        return
    if MODE == "deaf":
        time.sleep(600)
    if MODE == "waits_for_cancel":
        cancel = receive()
        send({"id": cancel["id"], "ok": cancel["verb"] == "cancel" and cancel["target"] == number})
        send({"id": number, "ok": False, "error": {
            "category": "interrupted", "message": "cancelled after 128 tokens", "hint": ""}})
        return
    send({"id": number, "ok": True, **RESULT})


def main():
    if MODE == "never_speaks":
        time.sleep(600)
    hello = receive()
    service = "measure" if MODE == "wrong_service" else "train"
    send({"id": hello["id"], "ok": True, "protocol": 1, "oldest": 1, "program": "fake",
          "version": "0", "service": service, "capabilities": []})
    while True:
        run(receive())


main()
