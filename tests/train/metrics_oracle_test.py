"""Metrics against scikit-learn and SciPy, on random and on degenerate inputs.

Environment: EDGETRAN_METRIC_LINES, the program of metric_lines.cc.
"""

import json
import os
import subprocess
import unittest
import warnings

import numpy
import scipy.stats
import sklearn.metrics

TOLERANCE = 1e-12


def ours(inputs):
    lines = "".join(json.dumps(each) + "\n" for each in inputs)
    done = subprocess.run([os.environ["EDGETRAN_METRIC_LINES"]], input=lines, text=True,
                          capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def classifiers(source):
    """Random tables, and those where something is constant, missing, all right or all wrong."""
    for labels in (2, 3, 7):
        for rows in (1, 2, 5, 100, 1000):
            truth = source.integers(0, labels, rows)
            yield labels, truth, source.integers(0, labels, rows)
            yield labels, truth, numpy.where(source.random(rows) < 0.8, truth, 0)
            yield labels, truth, truth
            yield labels, truth, (truth + 1) % labels
            for constant in (0, labels - 1):
                yield labels, truth, numpy.full(rows, constant)
                yield labels, numpy.full(rows, constant), truth
                yield labels, numpy.full(rows, constant), numpy.full(rows, constant)
        yield labels, numpy.array([], dtype=int) + 0, numpy.array([], dtype=int) + 0


def regressions(source):
    for rows in (2, 3, 10, 1000):
        x, y = source.normal(size=rows), source.normal(size=rows)
        yield x, y
        yield x, 3 * x - 1
        yield x, -x
        yield x + 100, y + 100
        yield source.integers(0, 3, rows).astype(float), y  # ties
        yield source.integers(0, 2, rows).astype(float), source.integers(0, 2, rows).astype(float)
        yield x * 1e150, y * 1e150
        yield x * 1e-100, y
        yield numpy.full(rows, 0.1), y  # 0.1: the mean of many is not 0.1
        yield x, numpy.full(rows, 0.1)
        yield numpy.full(rows, 0.1), numpy.full(rows, 0.1)
    yield numpy.array([1.0]), numpy.array([2.0])
    yield numpy.array([]), numpy.array([])


def correlation(function, x, y):
    """SciPy's value; 0 where it has none: fewer than two rows, or a side that is constant."""
    if len(x) < 2 or numpy.all(x == x[0]) or numpy.all(y == y[0]):
        return 0.0
    return float(function(x, y).statistic)


class MetricsOracle(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore")  # they warn of what is defined here

    def same(self, seen, wanted, case):
        self.assertAlmostEqual(seen, wanted, delta=TOLERANCE, msg=str(case)[:300])

    def test_classification(self):
        cases = list(classifiers(numpy.random.default_rng(1)))
        results = ours([{"labels": labels, "truth": truth.tolist(), "predicted": predicted.tolist()}
                        for labels, truth, predicted in cases])
        different = set()
        for case, result in zip(cases, results):
            labels, truth, predicted = case
            if len(truth) == 0:
                self.assertEqual([result[k] for k in ("accuracy", "f1", "macro_f1", "matthews")],
                                 [0, 0, 0, 0])
                continue
            self.same(result["accuracy"], sklearn.metrics.accuracy_score(truth, predicted), case)
            macro = sklearn.metrics.f1_score(truth, predicted, average="macro", zero_division=0)
            self.same(result["macro_f1"], macro, case)
            binary = macro if labels > 2 else sklearn.metrics.f1_score(
                truth, predicted, labels=[0, 1], pos_label=1, average="binary", zero_division=0)
            self.same(result["f1"], binary, case)
            self.same(result["matthews"], sklearn.metrics.matthews_corrcoef(truth, predicted), case)
            different.add(round(result["matthews"], 6))
        self.assertGreater(len(different), 20)

    def test_regression(self):
        cases = list(regressions(numpy.random.default_rng(2)))
        results = ours([{"x": x.tolist(), "y": y.tolist()} for x, y in cases])
        for (x, y), result in zip(cases, results):
            self.same(result["pearson"], correlation(scipy.stats.pearsonr, x, y), (x, y))
            self.same(result["spearman"], correlation(scipy.stats.spearmanr, x, y), (x, y))


if __name__ == "__main__":
    unittest.main()
