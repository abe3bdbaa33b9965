"""Studies of scores as a user runs them: on a small generated file that calls itself a subset, and on
rows of GLUE where the shared data is there (EDGETRAN_SHARED_DATA, else ../shared/data). SciPy is the
oracle of what the deployed model is said to reach. Usage: score_study_test.py BIN_FOLDER"""

import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import unittest

import scipy.stats

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import small_study

BIN = sys.argv.pop(1) if len(sys.argv) > 1 else "build/bin"
SHARED = pathlib.Path(os.environ.get("EDGETRAN_SHARED_DATA",
                                     small_study.ROOT.parent / "shared" / "data"))
RIDGE = f"{sys.executable} {small_study.ROOT / 'adapters' / 'baselines' / 'tfidf_ridge.py'}"
NOTE = "train is only a subset of the data set; results do not compare with published ones"

# Values of words; a text's score is their mean.
VALUES = {"awful": 0, "bad": 1, "dull": 2, "plain": 3, "fine": 4, "good": 5, "superb": 6}

LOCAL_CARD = """format: edgetran.device/1
board: {name: here, kind: local, cores: 1}
deployments:
  - {name: cpu-1t, runtime: openvino, precision: fp32, threads: 1, batch: 1, length: 8}
"""

SPACE = """space:
  format: edgetran.space/1
  name: tiny
  layers: [1]
  width: [16, 32]
  heads: [1, 2]
  head_types: [sa_sdp]
  feed_forward: {depth: [1], sizes: [16, 32]}
  positions: 24
execution: {workers: 1, threads: 1}
"""

SCORES = "format: edgetran.study/1\nname: scores\nseed: 3\n" + SPACE + f"""
task: {{source: files, train: train_subset.tsv, dev: dev.tsv, vocabulary_size: 80, max_length: 8}}
devices: [card.yaml]
search: {{method: random, encoders: 4, rungs: [6000, 40000], keep: 0.5}}
training: {{learning_rate: 0.005, batch: 16}}
measurement: {{deploy_rows: 64}}
baseline: {RIDGE}
"""

GLUE = "format: edgetran.study/1\nname: glue\nseed: 1\n" + SPACE + """
task: {task: TASK, data: DATA, vocabulary_size: 800, max_length: 24, train_rows: 1500, dev_rows: 300}
devices: [card.yaml]
search: {method: random, encoders: 2, rungs: [20000]}
training: {learning_rate: 0.003, batch: 16}
"""


def write_rows(path, count, seed):
    draw = random.Random(seed)
    scores = []
    with open(path, "w", encoding="utf-8") as file:
        file.write("text\tlabel\n")
        for _ in range(count):
            words = [draw.choice(sorted(VALUES)) for _ in range(draw.randint(2, 5))]
            scores.append(round(statistics.mean(VALUES[word] for word in words), 2))
            file.write(f"{' '.join(words)}\t{scores[-1]}\n")
    return scores


class Studies(unittest.TestCase):
    """Runs one study for the tests of a class."""

    @classmethod
    def start(cls):
        scratch = tempfile.TemporaryDirectory(prefix="edgetran-scores-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        cls.study = cls.folder / "study"
        cls.programs = small_study.Programs(BIN, cls.folder / "cache")
        # A lock folder of its own: other agents on this machine are not in the way.
        cls.programs.environment["XDG_RUNTIME_DIR"] = str(cls.folder)

    def run_study(self, *arguments, code=0):
        done = self.programs.run(*arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def json_of(self, *arguments):
        return json.loads(self.run_study(*arguments, "--format", "json").stdout)

    def payloads(self, kind):
        with open(self.study / "events.jsonl", encoding="utf-8") as file:
            events = [json.loads(line) for line in file.readlines()[1:]]
        return [event["payload"] for event in events if event["type"] == kind]


class GeneratedScores(Studies):
    @classmethod
    def setUpClass(cls):
        cls.start()
        write_rows(cls.folder / "train_subset.tsv", 600, 1)
        cls.dev_scores = write_rows(cls.folder / "dev.tsv", 150, 2)
        (cls.folder / "card.yaml").write_text(LOCAL_CARD)
        (cls.folder / "study.yaml").write_text(SCORES)
        cls.ran = cls.programs.run("study", "run", cls.folder / "study.yaml", "--out", cls.study,
                                   "--format", "json")
        if cls.ran.returncode != 0:
            raise AssertionError(cls.ran.stderr)

    def test_encoders_are_compared_by_their_correlation(self):
        rows = self.json_of("study", "export", self.study)
        self.assertEqual(len(rows), 4)
        for row in rows:
            self.assertNotIn("accuracy", row)
            for metric in ("pearson", "spearman", "rmse", "loss"):
                self.assertIn(metric, row)
        complete = [row for row in rows if row["state"] == "complete"]
        self.assertEqual(len(complete), 2)
        best = max(complete, key=lambda row: row["pearson"])
        self.assertGreater(best["pearson"], 0.8)
        self.assertEqual(json.loads(self.ran.stdout)["recommended_trial"], best["trial"])
        self.assertIn("Pearson correlation", self.ran.stderr)

    def test_the_deployed_model_reaches_what_is_said(self):
        [deployed] = self.payloads("study.deployed")
        predictions = self.folder / "predictions.tsv"
        figures = self.json_of("evaluate", self.study / "deploy", "--dev", self.folder / "dev.tsv",
                               "--length", 8, "--predictions", predictions)
        lines = [line.split("\t") for line in predictions.read_text().splitlines()[1:]]
        truth, predicted = zip(*((float(score), float(guess)) for _, score, guess in lines))
        expected = scipy.stats.pearsonr(truth, predicted)[0]
        self.assertAlmostEqual(deployed["metrics"]["test_pearson"], expected, places=5)
        self.assertAlmostEqual(figures["pearson"], expected, places=5)

    def test_the_deployed_file_answers_as_in_training(self):
        [deployed] = self.payloads("study.deployed")
        parity = deployed["parity"]
        self.assertTrue(parity["verified"])
        self.assertEqual((parity["rows"], parity["agreement"]), (64, 1))
        self.assertAlmostEqual(parity["tolerance"], 0.01 * parity["score_range"])
        self.assertLess(parity["max_abs_difference"], 1e-3)
        self.assertAlmostEqual(parity["deployed_pearson"], parity["trained_pearson"], places=3)
        self.assertNotIn("deployed_accuracy", parity)

    def test_the_folder_that_is_handed_over_names_the_metric(self):
        how = json.loads((self.study / "deploy" / "deploy.json").read_text())
        self.assertEqual((how["answer"], how["metric"]), ("score", "pearson"))
        self.assertEqual(how["training_scores"], [0, 6])
        self.assertNotIn("labels", how)
        self.assertEqual((how["subsets"], how["note"]), (["train"], NOTE))

    def test_baselines_are_of_scores(self):
        mean, ridge = self.payloads("study.baseline")
        self.assertEqual(mean["name"], "mean of the training scores")
        self.assertEqual(mean["metrics"]["pearson"], 0)
        # The means of both files are near each other, so it misses by about dev's deviation.
        self.assertAlmostEqual(mean["metrics"]["rmse"], statistics.pstdev(self.dev_scores),
                               delta=0.05)
        self.assertEqual(ridge["name"], "TF-IDF with ridge regression")
        self.assertGreater(ridge["metrics"]["pearson"], 0.8)

    def test_every_output_says_that_the_data_are_a_subset(self):
        self.assertIn(NOTE, self.ran.stderr)
        self.assertEqual(json.loads(self.ran.stdout)["note"], NOTE)
        status = self.json_of("study", "status", self.study)
        self.assertEqual((status["metric"], status["subsets"], status["note"]),
                         ("pearson", ["train"], NOTE))
        self.assertIn(NOTE, self.run_study("study", "status", self.study).stdout)
        front = self.run_study("search", "front", self.study).stdout.splitlines()
        self.assertIn("Pearson correlation", front[0])
        self.assertTrue(front[0].endswith("subset"), front[0])
        self.assertTrue(front[1].endswith("train"), front[1])
        for command in (("search", "front"), ("study", "export")):
            for row in self.json_of(*command, self.study):
                self.assertEqual((row["subset"], row["note"]), ("train", NOTE))
        self.assertIn(NOTE, self.run_study("study", "export", self.study, "--format", "csv").stdout)
        report = self.run_study("report", self.study)
        self.assertIn(NOTE, report.stdout)
        page = (self.study / "report.html").read_text(encoding="utf-8")
        self.assertIn('"title":"Pearson correlation"', page)
        self.assertIn(NOTE, page)

    def test_the_same_command_finds_it_finished(self):
        again = self.run_study("study", "run", self.folder / "study.yaml", "--out", self.study,
                               "--format", "json")
        self.assertEqual(json.loads(again.stdout), json.loads(self.ran.stdout))

    def test_figures_of_classes_are_refused_before_anything_runs(self):
        other = self.folder / "wrong.yaml"
        other.write_text(SCORES + "objectives: [{name: accuracy, goal: maximize}]\n")
        done = self.run_study("study", "run", other, "--out", self.folder / "wrong", code=2)
        self.assertIn("the task has scores", done.stderr)
        self.assertIn("pearson", done.stderr)
        self.assertFalse((self.folder / "wrong").exists())


class Glue(Studies):
    def study_of(self, task):
        if not (SHARED / "glue" / task).is_dir():
            self.skipTest(f"{SHARED / 'glue' / task} is not there")
        self.start()
        (self.folder / "card.yaml").write_text(small_study.CARD)
        (self.folder / "study.yaml").write_text(
            GLUE.replace("TASK", task).replace("DATA", str(SHARED / "glue")) +
            (f"baseline: {RIDGE}\n" if task == "STS-B" else ""))
        return self.json_of("study", "run", self.folder / "study.yaml", "--out", self.study)

    def test_sts_b_is_compared_by_pearson_on_whole_data(self):
        outcome = self.study_of("STS-B")
        self.assertEqual(outcome["metric"], "pearson")
        self.assertNotIn("note", outcome)
        self.assertEqual(outcome["test_rows"], 300)
        self.assertGreater(outcome["test_pearson"], -1)
        mean, ridge = self.payloads("study.baseline")
        self.assertEqual(mean["metrics"]["pearson"], 0)
        self.assertGreater(ridge["metrics"]["pearson"], 0.5)
        how = json.loads((self.study / "deploy" / "deploy.json").read_text())
        self.assertEqual(how["training_scores"], [0, 5])
        self.assertNotIn("note", how)

    def test_cola_is_compared_by_matthews(self):
        outcome = self.study_of("CoLA")
        self.assertEqual(outcome["metric"], "matthews")
        self.assertIn("test_matthews", outcome)
        [majority] = self.payloads("study.baseline")
        self.assertEqual(majority["metrics"]["matthews"], 0)
        self.assertGreater(majority["metrics"]["accuracy"], 0.5)

    def test_qnli_says_that_it_is_a_subset(self):
        outcome = self.study_of("QNLI")
        self.assertEqual((outcome["metric"], outcome["subsets"], outcome["note"]),
                         ("accuracy", ["train"], NOTE))


if __name__ == "__main__":
    unittest.main()
