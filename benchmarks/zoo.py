"""Trains recipes with several seeds and tells mean and spread.

    python benchmarks/zoo.py configs/digits_cnn_attention.yaml --seeds 5

Each run is `python train.py --config ... --set seed=S` in a process of its own. The splits are the
same in all of them; the seed draws weights, order, augmentation and dropout. The rows of a recipe
are replaced in the CSV, those of others stay; with `--seeds 0` they are only printed. Of two
recipes it also tells the difference, paired by seed. With `--ship`, the run with seed 0 becomes
`saved_models/<name>/`, just as it is.
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kzoo.saving import sha256

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


def main(configs, seeds, ship):
    """Runs every recipe with every seed; the CSV is complete after each run."""
    for config in configs:
        rows = []
        for seed in range(seeds):
            rows.append(train(config, seed, ship and seed == 0))
            write([row for row in read() if row["config"] != config.stem] + rows)
            print(f"{config.stem}, seed {seed}: {rows[-1]['test_accuracy']:.4f}", flush=True)
    results = [[row for row in read() if row["config"] == config.stem] for config in configs]
    for rows in results:
        print(summary(rows))
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
    if ship:
        write_checksums()
    copied = {name: metrics[name] for name in COPIED}
    return {"config": config.stem, "seed": seed, **copied, "seconds": round(seconds, 1)}


def write_checksums():
    """Writes down what each file of the shipped models is."""
    files = sorted(p for p in SHIPPED.rglob("*") if p.is_file() and p.parent != SHIPPED)
    checksums = {path.relative_to(SHIPPED).as_posix(): sha256(path) for path in files}
    (SHIPPED / "checksums.json").write_text(json.dumps(checksums, indent=2) + "\n")


def summary(rows):
    """Returns a line of a Markdown table: mean and standard deviation over the seeds."""
    accuracy = [100 * float(row["test_accuracy"]) for row in rows]
    spread = statistics.stdev(accuracy) if len(rows) > 1 else float("nan")
    return (
        f"| {rows[0]['config']} | {int(rows[0]['parameters']):,} "
        f"| {statistics.mean(accuracy):.2f} ± {spread:.2f} ({len(rows)} seeds) "
        f"| {statistics.mean(float(row['train_seconds']) for row in rows):.0f} s "
        f"| {statistics.mean(float(row['seconds']) for row in rows):.0f} s |"
    )


def paired_difference(rows, others):
    """Returns a sentence on the difference in test accuracy, paired by seed."""
    accuracy = {row["seed"]: 100 * float(row["test_accuracy"]) for row in others}
    both = [row for row in rows if row["seed"] in accuracy]
    differences = [100 * float(row["test_accuracy"]) - accuracy[row["seed"]] for row in both]
    return (
        f"{rows[0]['config']} - {others[0]['config']}: {statistics.mean(differences):+.2f} "
        f"± {statistics.stdev(differences):.2f} points ({min(differences):+.2f} to "
        f"{max(differences):+.2f}), paired over {len(differences)} seeds"
    )


def read():
    if not RESULTS.exists():
        return []
    with RESULTS.open(newline="") as file:
        return list(csv.DictReader(file))


def write(rows):
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configs", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--ship", action="store_true", help="keep the run with seed 0")
    arguments = parser.parse_args()
    main(arguments.configs, arguments.seeds, arguments.ship)
