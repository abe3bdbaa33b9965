#!/usr/bin/env python3
"""Runs the shell and Python blocks of Markdown documents, so that what we print there works.

    code_blocks.py --bin BUILD/bin [--python PYTHON] DOCUMENT...

Blocks fenced as ```sh or ```python run in the order of the document, in one working folder a
document: a copy of the folders that a reader of the repository would use. A block fails where it
exits with another status than 0. A comment on the line before the fence changes that:
    <!-- not run: REASON -->      the block is not run
    <!-- exits: 2 -->             the block shows an error and must end with this status
Exit: 0 all as said; 1 a block failed (its document, line and output are printed).
"""

import argparse
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKING_FOLDERS = ("examples", "spaces", "devices", "schemas")
LIMIT_S = 120  # a block that needs longer belongs to the demo, not to a document
FENCE = re.compile(r"^(\s*)```(\S*)\s*$")
REMARK = re.compile(r"^\s*<!--\s*(not run|exits):\s*(.*?)\s*-->\s*$")


@dataclasses.dataclass
class Block:
    document: pathlib.Path
    line: int
    language: str
    text: str
    not_run: str = ""
    exits: int = 0


def blocks_of(document, text):
    """Every fenced block of a Markdown text; a fence that is never closed is an error."""
    blocks, lines, at, remark = [], text.splitlines(), 0, None
    while at < len(lines):
        fence = FENCE.match(lines[at])
        if fence:
            start, body = at, []
            at += 1
            while at < len(lines) and lines[at].strip() != "```":
                body.append(lines[at][len(fence[1]):])
                at += 1
            if at == len(lines):
                raise ValueError(f"{document}:{start + 1}: the fence is never closed")
            block = Block(document, start + 1, fence[2], "\n".join(body) + "\n")
            if remark and remark[1] == "not run":
                block.not_run = remark[2] or "no reason given"
            elif remark:
                block.exits = int(remark[2])
            blocks.append(block)
        if lines[at].strip():
            remark = REMARK.match(lines[at])
        at += 1
    return blocks


def command_of(block, python):
    if block.language == "python":
        return [python, "-c", block.text]
    return ["bash", "-euo", "pipefail", "-c", block.text]


def run_document(blocks, environment, python):
    """Runs a document's blocks in a folder of their own; returns the complaints."""
    complaints = []
    with tempfile.TemporaryDirectory(prefix="edgetran-docs-") as folder:
        for name in WORKING_FOLDERS:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, pathlib.Path(folder) / name)
        for block in blocks:
            try:
                done = subprocess.run(command_of(block, python), cwd=folder, env=environment,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S)
                status, output = done.returncode, done.stdout
            except subprocess.TimeoutExpired:
                status, output = f"none after {LIMIT_S} s", ""
            if status != block.exits:
                complaints.append(f"{block.document}:{block.line}: exit status {status}, "
                                  f"expected {block.exits}\n{block.text}{output}")
    return complaints


def main(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("documents", nargs="+")
    options = parser.parse_args(arguments)
    environment = dict(os.environ, NO_COLOR="1")
    environment["PATH"] = os.pathsep.join(
        [os.path.abspath(options.bin), os.path.dirname(os.path.abspath(options.python)),
         environment["PATH"]])
    complaints, ran, left = [], 0, 0
    for name in options.documents:
        document = pathlib.Path(name)
        blocks = [block for block in blocks_of(document, document.read_text())
                  if block.language in ("sh", "python")]
        chosen = [block for block in blocks if not block.not_run]
        ran += len(chosen)
        left += len(blocks) - len(chosen)
        complaints += run_document(chosen, environment, options.python) if chosen else []
    print("\n".join(complaints + [f"{ran} blocks run, {left} marked not run, "
                                  f"{len(complaints)} failed"]))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
