#!/usr/bin/env python3
"""A service that answers what a file says: fake_service.py SERVICE FILE --stdio.

FILE: {"version": "...", "replies": {VERB: {fields}, or {"error": [category, message, hint]}, or
"hang", or "die"}}.
"""

import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "adapters" / "python"))

from edgetran_wire import Service, error  # noqa: E402


def answer(reply):
    def handler(_call):
        if reply == "hang":
            time.sleep(600)
        if reply == "die":
            print("first line\nthe reason why it died", file=sys.stderr, flush=True)
            os._exit(9)
        if "error" in reply:
            raise error(*reply["error"])
        return reply
    return handler


def main():
    script = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
    verbs = {verb: answer(reply) for verb, reply in script["replies"].items()}
    Service(sys.argv[1], verbs, version=script["version"]).serve_stdio()


if __name__ == "__main__":
    main()
