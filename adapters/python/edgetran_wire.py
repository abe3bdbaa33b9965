"""A small client of EdgeTran's message protocol (docs/protocol.md). No dependencies.

    with Process(["edgetran-agent", "--stdio"], service="agent") as agent:
        print(agent.call("capabilities"))
"""

import itertools
import json
import struct
import subprocess
import zlib

MAGIC = b"EDTN"
FRAME_VERSION = 1
JSON, BLOB = 1, 2
MAX_PAYLOAD = 1 << 20
PROTOCOL = 1
OLDEST_PROTOCOL = 1

_HEADER = struct.Struct("<4sBBHI")  # magic, version, kind, zero, payload bytes; then the CRC


class ProtocolError(Exception):
    """The peer broke the protocol or vanished."""


class RemoteError(Exception):
    """The peer answered with an error."""

    def __init__(self, error):
        super().__init__(error.get("message", ""))
        self.category = error.get("category", "")
        self.hint = error.get("hint", "")


def encode_frame(kind, payload):
    """One frame as bytes."""
    head = _HEADER.pack(MAGIC, FRAME_VERSION, kind, 0, len(payload))
    return head + struct.pack("<I", zlib.crc32(payload, zlib.crc32(head))) + payload


def encode_message(message, blob=b""):
    """A message and its blob as bytes."""
    message = {key: value for key, value in message.items() if key != "blob_bytes"}
    if blob:
        message["blob_bytes"] = len(blob)
    frames = [encode_frame(JSON, json.dumps(message).encode())]
    frames += [encode_frame(BLOB, blob[i:i + MAX_PAYLOAD]) for i in range(0, len(blob), MAX_PAYLOAD)]
    return b"".join(frames)


def _read_exactly(stream, count):
    parts = []
    while count:
        part = stream.read(count)
        if not part:
            raise ProtocolError("the peer vanished")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def read_frame(stream):
    """(kind, payload) of the next frame of a binary stream."""
    head = _read_exactly(stream, 16)
    magic, version, kind, zero, length = _HEADER.unpack(head[:12])
    if magic != MAGIC or version != FRAME_VERSION or kind not in (JSON, BLOB) or zero:
        raise ProtocolError(f"broken frame header {head!r}")
    if length > MAX_PAYLOAD:
        raise ProtocolError(f"a frame claims {length} bytes")
    payload = _read_exactly(stream, length)
    if struct.unpack("<I", head[12:])[0] != zlib.crc32(payload, zlib.crc32(head[:12])):
        raise ProtocolError("a frame's checksum does not fit its bytes")
    return kind, payload


def read_message(stream):
    """(message, blob) of the next message of a binary stream."""
    kind, payload = read_frame(stream)
    if kind != JSON:
        raise ProtocolError("a blob frame came that no message announced")
    message = json.loads(payload)
    left = message.get("blob_bytes", 0)
    parts = []
    while left > 0:
        kind, payload = read_frame(stream)
        if kind != BLOB or not 0 < len(payload) <= left:
            raise ProtocolError("the blob is not what was announced")
        parts.append(payload)
        left -= len(payload)
    return message, b"".join(parts)


class Client:
    """The asking side over a readable and a writable binary stream."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)

    def call(self, verb, blob=b"", on_event=None, **fields):
        """The reply's fields (with "blob" where it has one); RemoteError where it is an error."""
        number = next(self._ids)
        self._writer.write(encode_message({"id": number, "verb": verb, **fields}, blob))
        self._writer.flush()
        while True:
            message, data = read_message(self._reader)
            if message.get("id") != number:
                continue
            if "event" in message:
                if on_event:
                    on_event(message)
                continue
            if not message.get("ok"):
                raise RemoteError(message.get("error") or {})
            for key in ("id", "ok", "blob_bytes"):
                message.pop(key, None)
            if data:
                message["blob"] = data
            return message

    def hello(self, service, program="edgetran_wire.py", version="0.1.0"):
        """Negotiates; returns what the service says of itself."""
        return self.call("hello", protocol=PROTOCOL, oldest=OLDEST_PROTOCOL, program=program,
                         version=version, service=service, capabilities=[])


class Process(Client):
    """A service started as a child process; `with` ends it."""

    def __init__(self, command, service, **options):
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       **options)
        super().__init__(self._child.stdout, self._child.stdin)
        try:
            self.about = self.hello(service)
        except BaseException:
            self.close()
            raise

    def close(self):
        """Ends the session and waits for the process; returns its exit code."""
        for stream in (self._child.stdin, self._child.stdout):
            try:
                stream.close()
            except OSError:
                pass
        try:
            return self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
