"""A small study for tests of the whole program: synthetic rows, tiny encoders, a simulated board."""

import json
import os
import pathlib
import random
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]

TOPICS = {
    "sea": "wave tide harbour sail anchor reef gull salt".split(),
    "sky": "cloud star comet wind dawn moon swift blue".split(),
    "soil": "root clay furrow worm seed stone field moss".split(),
}

CARD = """format: edgetran.device/1
board:
  name: test-board
  kind: simulated
  description: a made-up board for tests
  cores: 2
  law:
    peak_flop_per_s: 2.0e9
    bandwidth_bytes_per_s: 4.0e9
    launch_overhead_s: 2.0e-6
    thread_efficiency: 0.9
    load_bytes_per_s: 1.0e8
    noise_share: 0.02
    seed: 7
    precisions: [{precision: fp32, compute: 1, bytes: 1}]
deployments:
  - {name: sim-1t, runtime: simulated, precision: fp32, threads: 1, batch: 1, length: 16}
  - {name: sim-2t, runtime: simulated, precision: fp32, threads: 2, batch: 1, length: 16}
"""

STUDY = """format: edgetran.study/1
name: small
seed: 3
task: {source: files, train: train.tsv, dev: dev.tsv, vocabulary_size: 80, max_length: 12}
space:
  format: edgetran.space/1
  name: tiny
  layers: [1, 2]
  width: [16, 32]
  heads: [1, 2]
  head_types: [sa_sdp]
  feed_forward: {depth: [1], sizes: [16, 32]}
  positions: 16
devices: [card.yaml]
search: {method: random, encoders: 5, rungs: [4000, 8000, 16000], keep: 0.5}
training: {learning_rate: 0.005, batch: 8, checkpoint_interval_s: 0.05}
execution: {workers: 1, threads: 1}
measurement: {deploy_rows: 32}
"""


def write_rows(path, count, seed):
    draw = random.Random(seed)
    with open(path, "w", encoding="utf-8") as file:
        file.write("text\tlabel\n")
        for _ in range(count):
            label = draw.choice(sorted(TOPICS))
            words = [draw.choice(TOPICS[label]) for _ in range(draw.randint(2, 5))]
            words += [draw.choice(TOPICS[draw.choice(sorted(TOPICS))])]
            file.write(" ".join(words) + "\t" + label + "\n")


def make(folder, study=STUDY, card=CARD):
    """Writes the study and what it names; returns its file."""
    folder = pathlib.Path(folder)
    write_rows(folder / "train.tsv", 600, 1)
    write_rows(folder / "dev.tsv", 120, 2)
    (folder / "card.yaml").write_text(card)
    (folder / "study.yaml").write_text(study)
    return folder / "study.yaml"


class Programs:
    """The programs under test with a cache of their own."""

    def __init__(self, bin_folder, cache):
        self.edgetran = str(pathlib.Path(bin_folder) / "edgetran")
        self.environment = dict(os.environ, XDG_CACHE_HOME=str(cache))

    def start(self, *arguments, **options):
        return subprocess.Popen([self.edgetran, *map(str, arguments)], env=self.environment,
                                stdin=subprocess.DEVNULL, **options)

    def run(self, *arguments):
        return subprocess.run([self.edgetran, *map(str, arguments)], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=280)

    def rows(self, study):
        """Every pair of the study, without what depends on the wall clock."""
        done = self.run("study", "export", study, "--format", "json")
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout)


def descendants(pid):
    """Process ids below `pid`."""
    parents = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(entry)] = int(fields[1])
    found, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        children = [child for child, its in parents.items() if its == parent]
        found += children
        waiting += children
    return found


def program_of(pid):
    try:
        return pathlib.Path(os.readlink(f"/proc/{pid}/exe")).name
    except OSError:
        return ""


def processes_with(word):
    """Ids of running programs of ours whose open files or arguments name `word`."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or not program_of(entry).startswith("edgetran"):
            continue
        try:
            links = [os.readlink(f"/proc/{entry}/fd/{fd}") for fd in os.listdir(f"/proc/{entry}/fd")]
            with open(f"/proc/{entry}/cmdline", encoding="utf-8") as file:
                links.append(file.read())
        except OSError:
            continue
        if any(word in link for link in links):
            found.append(int(entry))
    return found
