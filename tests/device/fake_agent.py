#!/usr/bin/env python3
"""An agent that streams made-up windows and breaks off where it is told to.

    fake_agent.py FOLDER [words that the director adds]...

FOLDER/plan.json says what it does, FOLDER/requests.jsonl gets its command lines and what it was
asked, FOLDER/pid its process id. Keys of the plan, all optional:
    windows    how many a measurement has (6)
    die_at     {start: window}: the agent of that start (1, 2, ...) kills itself before that window
    hang_at    {start: window}: ... waits there for the end of its input
    stop_at    {start: window}: ... is stopped there: alive, and deaf
    leave_at   a start: the agent of that start is gone once its measurement is whole
    streams    false: the raw samples are kept for `fetch`, as agents did before
    fault      "hash" (the record's is wrong), "cut" (a line without its end), "protocol" (a newer one),
               "noise" (prints before it speaks)
    clock      what its clock shows more than this machine's; null: it does not tell
"""

import hashlib
import json
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "adapters" / "python"))
import edgetran_wire as wire  # noqa: E402

HEADER = {"format": "edgetran.samples/2"}


class FakeAgent:
    def __init__(self, folder, words):
        self.folder = folder
        self.plan = json.loads((folder / "plan.json").read_text())
        self.start = self.note({"arguments": words})
        self.kept = {}
        self.models = set()
        self.measured = False
        self.service = wire.Service("agent", {
            "capabilities": self.capabilities, "lease": self.lease, "put": self.put,
            "measure": self.measure, "fetch": self.fetch})
        if self.plan.get("fault") == "protocol":
            self.service._about.update(protocol=9, oldest=9, version="9.0.0")

    def note(self, entry):
        """Appends to requests.jsonl; how many agents have started so far."""
        path = self.folder / "requests.jsonl"
        with path.open("a") as file:
            file.write(json.dumps(entry) + "\n")
        return sum("arguments" in json.loads(line) for line in path.read_text().splitlines())

    def capabilities(self, call):
        return {"runtimes": [], "sensors": [], "sensor_problems": [], "host": {"cores": 1}}

    def lease(self, call):
        if self.measured and self.plan.get("leave_at") == self.start:
            os._exit(0)
        clock = self.plan.get("clock", 0)
        return {"seconds": 60} | ({} if clock is None else {"clock_s": time.monotonic() + clock})

    def put(self, call):
        if call.blob:
            self.models.add(call.fields["sha256"])
        return {"present": call.fields["sha256"] in self.models}

    def fetch(self, call):
        return {}, self.kept[call.fields["sha256"]]

    def event(self, call, name, **fields):
        self.service._send({"id": call.id, "event": name, **fields})

    def stumble(self, call, window):
        if self.plan.get("die_at", {}).get(str(self.start)) == window:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.plan.get("stop_at", {}).get(str(self.start)) == window:
            os.kill(os.getpid(), signal.SIGSTOP)
        if self.plan.get("hang_at", {}).get(str(self.start)) == window:
            while not call.cancelled:
                time.sleep(0.01)
            raise wire.error("interrupted", "cancelled")

    def measure(self, call):
        fields = {k: v for k, v in call.fields.items() if k not in ("id", "verb", "blob_bytes")}
        self.note({"measure": fields, "blob": call.blob.decode()})
        lines = call.blob.decode().splitlines(keepends=True)
        done = sum("window" in json.loads(line) for line in lines)
        segments = 1 + sum("segment" in json.loads(line) for line in lines)
        text = call.blob.decode()
        new = [{"segment": segments}] if fields.get("resume") else [HEADER]
        for window in range(done, self.plan.get("windows", 6)):
            text += self.stream(call, new)
            self.event(call, "phase", phase="window", index=window)
            self.stumble(call, window)
            new = [{"window": window, "start": self.start}]
        text += self.stream(call, new)
        self.measured = True
        return {"record": self.record(text)}

    def stream(self, call, objects):
        text = "".join(json.dumps(item) + "\n" for item in objects)
        if self.plan.get("streams", True):
            sent = text[:-1] if self.plan.get("fault") == "cut" else text
            self.event(call, "raw", text=sent)
        return text

    def record(self, text):
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        self.kept[sha256] = text.encode()
        if self.plan.get("fault") == "hash":
            sha256 = "0" * 64
        return {"format": "edgetran.measurement/2", "kind": "measured", "verdict": "VALID",
                "memory": {}, "provenance": {"program": "fake"},
                "raw": {"path": None, "sha256": sha256, "bytes": len(text.encode())}}


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "pid").write_text(str(os.getpid()))
    agent = FakeAgent(folder, sys.argv[2:])
    if agent.plan.get("fault") == "noise":
        print("Welcome to the board! Have a nice day and a lot of fun.", flush=True)
    agent.service.serve_stdio()


main()
