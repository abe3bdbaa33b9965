"""What the baselines share: their files and how they end."""

import json
import pathlib
import sys


class UnusableFile(Exception):
    pass


def read_columns(path):
    """The rows of a TSV: one text or two, then the label."""
    rows = []
    with open(path, encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            columns = line.rstrip("\r\n").split("\t")
            if len(columns) not in (2, 3) or not columns[-1]:
                raise UnusableFile(f"{path}:{number}: expected text<TAB>label, got "
                                   f"{len(columns)} columns")
            rows.append(columns)
    if not rows:
        raise UnusableFile(f"{path}: the file is empty")
    return rows


def run(evaluate, arguments):
    """Prints evaluate(train path, dev path) as one line of JSON; the exit status."""
    if len(arguments) != 2:
        print(f"usage: {pathlib.Path(sys.argv[0]).name} TRAIN.tsv DEV.tsv", file=sys.stderr)
        return 2
    try:
        print(json.dumps(evaluate(*arguments)))
    except (UnusableFile, OSError, UnicodeDecodeError) as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0
