"""Both sides of EdgeTran's message protocol (docs/protocol.md) in Python. No dependencies.

    with Process(["edgetran-agent", "--stdio"], service="agent") as agent:
        print(agent.call("capabilities"))

    Service("runtime", {"describe": lambda call: {"version": "1"}}).serve_stdio()
"""

import itertools
import json
import os
import queue
import struct
import subprocess
import threading
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


class Call:
    """A request in the hands of its handler."""

    def __init__(self, number, fields, blob):
        self.id = number
        self.fields = fields
        self.blob = blob
        self._cancelled = threading.Event()

    def cancel(self):
        self._cancelled.set()

    @property
    def cancelled(self):
        """Whether the peer asked to stop, or has gone."""
        return self._cancelled.is_set()


class Service:
    """The answering side: a closed list of verbs, {name: handler(call)}. A handler returns the
    reply's fields, or (fields, blob), or raises RemoteError for a refusal of its own. Requests are
    worked on one after the other on the serving thread; `cancel` is answered meanwhile."""

    MAX_WAITING = 16

    def __init__(self, name, verbs, program="edgetran_wire.py", version="0.1.0"):
        self._name = name
        self._verbs = verbs
        self._about = {"protocol": PROTOCOL, "oldest": OLDEST_PROTOCOL, "program": program,
                       "version": version, "service": name, "capabilities": []}
        self._greeted = False
        self._waiting = queue.Queue()
        self._open = {}
        self._lock = threading.Lock()

    def serve_stdio(self):
        """Serves one client on descriptors of its own, so that whatever a library prints goes to
        standard error. Returns at `bye` or the end of the stream; ProtocolError where it broke."""
        reader = os.fdopen(os.dup(0), "rb")
        writer = os.fdopen(os.dup(1), "wb")
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        self.serve(reader, writer)

    def serve(self, reader, writer):
        self._writer = writer
        failures = []
        thread = threading.Thread(target=self._read, args=(reader, failures), daemon=True)
        thread.start()
        while (call := self._waiting.get()) is not None:
            message, blob = self._answer(call)
            with self._lock:
                self._open.pop(call.id, None)
            self._send(message, blob)
            if call.fields.get("verb") == "bye":
                return
        if failures:
            raise failures[0]

    def _send(self, message, blob=b""):
        with self._lock:
            try:
                self._writer.write(encode_message(message, blob))
                self._writer.flush()
            except (OSError, ValueError):
                pass  # the reading side sees the end

    def _read(self, reader, failures):
        try:
            while reader.peek(1):
                message, blob = read_message(reader)
                self._take(message, blob)
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)
        with self._lock:
            for call in self._open.values():
                call.cancel()
        self._waiting.put(None)

    def _take(self, message, blob):
        number = message.get("id")
        if message.get("verb") == "cancel":
            with self._lock:
                call = self._open.get(message.get("target"))
            if call:
                call.cancel()
            self._send({"id": number, "ok": True, "cancelled": call is not None})
            return
        call = Call(number, message, blob)
        with self._lock:
            full = len(self._open) >= self.MAX_WAITING
            if not full:
                self._open[number] = call
        if full:
            self._send(_refusal(number, "resource", "too many requests wait"))
        else:
            self._waiting.put(call)

    def _answer(self, call):
        verb = call.fields.get("verb")
        try:
            if verb == "hello":
                return self._hello(call), b""
            if verb == "bye":
                return {"id": call.id, "ok": True}, b""
            if not self._greeted:
                raise error("usage", "hello comes first")
            if verb not in self._verbs:
                raise error("usage", f"there is no verb \"{verb}\"; known: {', '.join(self._verbs)}")
            answer = self._verbs[verb](call)
            fields, blob = answer if isinstance(answer, tuple) else (answer or {}, b"")
            return {**fields, "id": call.id, "ok": True}, blob
        except RemoteError as refusal:
            return _refusal(call.id, refusal.category, str(refusal), refusal.hint), b""
        except MemoryError:
            return _refusal(call.id, "resource", "out of memory"), b""
        except Exception as failure:  # pylint: disable=broad-except
            return _refusal(call.id, "failed", f"{type(failure).__name__}: {failure}"), b""

    def _hello(self, call):
        theirs = call.fields
        negotiated = min(PROTOCOL, theirs.get("protocol", 0))
        if theirs.get("service") != self._name:
            raise error("protocol", f"this is the service {self._name}, not {theirs.get('service')}")
        if negotiated < max(OLDEST_PROTOCOL, theirs.get("oldest", 0)):
            raise error("protocol", f"the peer speaks {theirs.get('oldest')} to "
                        f"{theirs.get('protocol')}, this service {OLDEST_PROTOCOL} to {PROTOCOL}")
        self._greeted = True
        return {**self._about, "negotiated": negotiated, "id": call.id, "ok": True}


def error(category, message, hint=""):
    """A refusal to raise in a handler."""
    return RemoteError({"category": category, "message": message, "hint": hint})


def _refusal(number, category, message, hint=""):
    return {"id": number, "ok": False,
            "error": {"category": category, "message": message, "hint": hint}}
