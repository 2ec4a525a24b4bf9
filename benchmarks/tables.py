"""How a recipe for a table does beside scikit-learn's classifiers.

    python benchmarks/tables.py --splits 10

configs/breast_cancer_fusion.yaml against three classifiers of scikit-learn: logistic regression, a
multi-layer perceptron with as many parameters, and gradient boosting. The table is split anew each
time (`data.split_seed`). All read the same training examples, scaled alike; each has its choice by
the loss on validation examples, kzoo the epoch and the others their regularization; the test split
is read once. With `--splits 0` the CSV is printed.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
from rows import mean_and_spread, read_rows, write_rows
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from training import fit_and_test

from kzoo.training.recipe import load_config
from kzoo.training.run import read_data_and_build

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "configs" / "breast_cancer_fusion.yaml"
RESULTS = Path(__file__).parent / "results" / "tables.csv"
STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)  # of regularization
HIDDEN = 87  # units: 30 * 87 + 87 + 87 + 1 = 2,785 parameters, the recipe has 2,802

PEERS = {
    "LogisticRegression": lambda strength, seed: LogisticRegression(C=1 / strength, max_iter=9999),
    "MLPClassifier": lambda strength, seed: MLPClassifier(
        (HIDDEN,), alpha=strength, max_iter=2000, random_state=seed
    ),
    "HistGradientBoostingClassifier": lambda strength, seed: HistGradientBoostingClassifier(
        l2_regularization=strength, random_state=seed
    ),
}


def main(splits):
    """Trains all of them on each split; the CSV is complete after each."""
    rows = []
    for split in range(splits):
        config = load_config(CONFIG, {"data.split_seed": split, "seed": split})
        dataset, core = read_data_and_build(config)
        rows.append(measure(CONFIG.stem, split, train_kzoo, core, dataset, config))
        for name in PEERS:
            rows.append(measure(name, split, train_peer, name, dataset, split))
        write_rows(RESULTS, rows)
    report(read_rows(RESULTS))


def measure(name, split, train, *arguments):
    """Trains once, with its choice; returns a row of the CSV."""
    start = time.perf_counter()
    test_accuracy = train(*arguments)
    return {
        "classifier": name,
        "split": split,
        "test_accuracy": f"{test_accuracy:.4f}",
        "seconds": f"{time.perf_counter() - start:.2f}",
    }


def train_kzoo(core, dataset, config):
    """Trains the recipe; returns its test accuracy."""
    return fit_and_test(core, dataset, config["seed"], config["training"])[1]


def train_peer(name, dataset, seed):
    """Trains a classifier of scikit-learn with each strength; returns its test accuracy."""
    scale = dataset.preprocessing
    train, validation, test = (
        (scale(scale.as_raw(split.inputs)).numpy(), split.labels)
        for split in (dataset.train, dataset.validation, dataset.test)
    )
    fitted = [PEERS[name](strength, seed).fit(*train) for strength in STRENGTHS]
    losses = [log_loss(validation[1], model.predict_proba(validation[0])) for model in fitted]
    return fitted[int(np.argmin(losses))].score(*test)


def report(rows):
    """Prints a line of a Markdown table for each, and the differences paired by split."""
    accuracy = {row["classifier"]: [] for row in rows}
    seconds = {row["classifier"]: [] for row in rows}
    for row in rows:
        accuracy[row["classifier"]].append(100 * float(row["test_accuracy"]))
        seconds[row["classifier"]].append(float(row["seconds"]))
    for name, values in accuracy.items():
        paired = [a - b for a, b in zip(accuracy[CONFIG.stem], values, strict=True)]
        difference = "" if name == CONFIG.stem else f"{mean_and_spread(paired, '+')} "
        print(
            f"| {name} | {mean_and_spread(values)} | {difference}"
            f"| {statistics.mean(seconds[name]):.1f} s |"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=10)
    main(parser.parse_args().splits)
