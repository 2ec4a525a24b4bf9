"""Trains recipes with several seeds and tells mean and spread.

    python benchmarks/zoo.py configs/digits_cnn_attention.yaml --seeds 5

Each run is `python train.py --config ... --set seed=S` in a process of its own. The splits are the
same in all of them; the seed draws weights, order, augmentation and dropout. A row takes the place
of that of the same recipe and seed in the CSV, the others stay (remove those of a recipe that has
changed); with `--seeds 0` they are only printed. Of two recipes it also tells the difference,
paired by seed. With `--ship`, the run with seed 0 becomes `saved_models/<name>/`, just as it is;
its card is told the result over all seeds, and an example is laid beside it.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rows import mean_and_spread, read_rows, write_rows
from sklearn.datasets import load_breast_cancer, load_digits

import kzoo
from kzoo.config import read as read_yaml
from kzoo.report.card import card
from kzoo.saved.shipped import sha256
from kzoo.saved.signature import input_kind, signature_of
from kzoo.tasks.classification import Classification

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "saved_models"
RESULTS = Path(__file__).parent / "results" / "zoo.csv"
COPIED = (
    "test_accuracy",
    "test_loss",
    "test_calibration_error",
    "validation_accuracy",
    "best_epoch",
    "parameters",
    "train_seconds",
    "peak_memory_bytes",
    "machine",
    "commit",
)

TEXTS = [
    "A wonderful film: funny, moving and beautifully played.",
    "Two hours of my life that nobody will give me back. Terrible!",
    "Not bad at all, although the end is too long.",
    "zzz qqq",
    "I have seen it three times " + "and it was better each time " * 100,
]


def digit_images():
    """Handwritten digits of scikit-learn, uint8 (5, 8, 8, 1)."""
    return (load_digits().images[:5, ..., None] * 255 / 16).astype("uint8")


def table_rows():
    """Rows of scikit-learn's breast cancer table: dict of columns, one value missing."""
    table = load_breast_cancer()
    rows = table.data[:5].astype("float32")
    rows[2, 3] = np.nan
    return {str(name): column for name, column in zip(table.feature_names, rows.T, strict=True)}


EXAMPLES = {"image": digit_images, "text": lambda: TEXTS, "table": table_rows}


def main(configs, seeds, resume, ship):
    """Runs every recipe with every seed; the CSV is complete after each run."""
    for config in configs:
        for seed in range(seeds):
            if resume and (config.stem, seed) in map(key, read_rows(RESULTS)):
                continue
            row = train(config, seed, ship and seed == 0)
            write_rows(
                RESULTS,
                sorted([r for r in read_rows(RESULTS) if key(r) != key(row)] + [row], key=key),
            )
            print(f"{config.stem}, seed {seed}: {row['test_accuracy']:.4f}", flush=True)
    results = [
        sorted((row for row in read_rows(RESULTS) if row["config"] == config.stem), key=key)
        for config in configs
    ]
    for config, rows in zip(configs, results, strict=True):
        if not rows:
            sys.exit(f"{RESULTS.name} has no run of {config.stem}; --seeds 1 makes the first.")
        print(summary(rows))
        if ship:
            finish_card(SHIPPED / config.stem, f"{accuracy(rows)} % over {len(rows)} seeds")
            write_example(SHIPPED / config.stem)
            write_checksums()
    if len(results) == 2:
        print(paired_difference(*results))


def train(config, seed, ship):
    """Runs train.py once; returns a row of the CSV."""
    with tempfile.TemporaryDirectory() as folder:
        folder = SHIPPED / config.stem if ship else Path(folder)
        command = [sys.executable, ROOT / "train.py", "--config", config]
        start = time.perf_counter()
        subprocess.run(
            [*command, "--set", f"seed={seed}", "--run-dir", folder, "--overwrite"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds = time.perf_counter() - start
        metrics = json.loads((folder / "metrics.json").read_text())
    copied = {name: metrics[name] for name in COPIED}
    return {"config": config.stem, "seed": seed, **copied, "seconds": round(seconds, 1)}


def finish_card(folder, over_seeds):
    """Writes the card again, with what the other seeds came to."""
    config = read_yaml(folder / "config.yaml")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    figures = [path.relative_to(folder) for path in sorted(folder.glob("figures/*.png"))]
    task = Classification(list(metrics["test_classes"]))
    text = card(config, metrics, figures, task, over_seeds, **config["card"])
    (folder / "README.md").write_text(text, encoding="utf-8")


def write_example(folder):
    """Stores inputs, and what the model makes of them, for the tests of all later versions."""
    model = kzoo.load(folder)
    inputs = EXAMPLES[input_kind(signature_of(model).inputs)]()
    probabilities = model.predict(inputs, verbose=0)["probabilities"]
    named = inputs if isinstance(inputs, dict) else {"": inputs}
    arrays = {f"inputs_{name}": np.asarray(values) for name, values in named.items()}
    np.savez_compressed(folder / "example.npz", probabilities=probabilities, **arrays)


def write_checksums():
    """Writes down what each file of the shipped models is."""
    files = sorted(p for p in SHIPPED.rglob("*") if p.is_file() and p.parent != SHIPPED)
    checksums = {path.relative_to(SHIPPED).as_posix(): sha256(path) for path in files}
    (SHIPPED / "checksums.json").write_text(json.dumps(checksums, indent=2) + "\n")


def summary(rows):
    """Returns a line of a Markdown table: mean and standard deviation over the seeds."""
    return (
        f"| {rows[0]['config']} | {int(rows[0]['parameters']):,} "
        f"| {accuracy(rows)} ({len(rows)} seeds) "
        f"| {statistics.mean(float(row['train_seconds']) for row in rows):.0f} s "
        f"| {statistics.mean(float(row['seconds']) for row in rows):.0f} s |"
    )


def accuracy(rows):
    """Returns mean and standard deviation of the test accuracy, in percent."""
    return mean_and_spread(100 * float(row["test_accuracy"]) for row in rows)


def key(row):
    """What a row is the result of."""
    return row["config"], int(row["seed"])


def paired_difference(rows, others):
    """Returns a sentence on the difference in test accuracy, paired by seed."""
    accuracy = {row["seed"]: 100 * float(row["test_accuracy"]) for row in others}
    both = [row for row in rows if row["seed"] in accuracy]
    differences = [100 * float(row["test_accuracy"]) - accuracy[row["seed"]] for row in both]
    return (
        f"{rows[0]['config']} - {others[0]['config']}: {mean_and_spread(differences, '+')} "
        f"points ({min(differences):+.2f} to "
        f"{max(differences):+.2f}), paired over {len(differences)} seeds"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configs", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--resume", action="store_true", help="only seeds without a row")
    parser.add_argument("--ship", action="store_true", help="keep the run with seed 0")
    arguments = parser.parse_args()
    main(arguments.configs, arguments.seeds, arguments.resume, arguments.ship)
