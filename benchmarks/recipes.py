"""What the recipes for other tasks and inputs come to over several seeds, beside their baselines.

    python benchmarks/recipes.py             # --seeds 0 prints what was measured last
    python benchmarks/recipes.py --only diabetes_fusion

A number to predict, several labels an example, sequences of different lengths, and rows with a
photo and a text. The seed draws the weights and, for both sides, the split; the baseline is that of
the run (see docs/data.md).
"""

import argparse
import contextlib
import io
import tempfile
from pathlib import Path

from rows import read_rows, spread, write_rows

import kzoo

RESULTS = Path(__file__).parent / "results" / "recipes.csv"
CONFIGS = Path(__file__).parents[1] / "configs"
METRICS = {  # what is told of each
    "diabetes_fusion": "test_r2",
    "synthetic_patterns": "test_f1_micro",
    "synthetic_order": "test_accuracy",
    "digit_sums": "test_accuracy",
}


def main(seeds, only):
    """Trains each recipe with each seed; the CSV is complete after each recipe."""
    for name in (name for name in METRICS if seeds and name in (only or METRICS)):
        kept = [row for row in read_rows(RESULTS) if row["recipe"] != name]
        write_rows(RESULTS, [*kept, *(measure(name, seed) for seed in range(seeds))])
    report(read_rows(RESULTS))


def measure(name, seed):
    """Trains a recipe once; returns a row of the CSV."""
    overrides = {"seed": seed, "data.split_seed": seed, "export.formats": ["keras"]}
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        run = kzoo.train(CONFIGS / f"{name}.yaml", overrides, Path(folder) / "run")
    metrics, metric = run.metrics, METRICS[name]
    return {
        "recipe": name,
        "seed": seed,
        "metric": metric.removeprefix("test_"),
        "kzoo": f"{metrics[metric]:.4f}",
        "baseline": f"{metrics['baseline'][metric]:.4f}",
        "alternative": metrics["baseline"]["name"],
        "seconds": f"{metrics['train_seconds']:.1f}",
    }


def report(rows):
    """Prints the means and their spread over the seeds, as Markdown."""
    print("| recipe | measure | kzoo | obvious alternative | training |")
    print("|---|---|---|---|---|")
    for name in METRICS:
        of_recipe = [row for row in rows if row["recipe"] == name]
        if not of_recipe:
            continue
        ours, theirs, seconds = (
            [float(row[key]) for row in of_recipe] for key in ("kzoo", "baseline", "seconds")
        )
        print(
            f"| {name} | {of_recipe[0]['metric']} | {spread(ours)} | {spread(theirs)}, "
            f"{of_recipe[0]['alternative']} | {sum(seconds) / len(seconds):.0f} s |"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    arguments = parser.parse_args()
    main(arguments.seeds, arguments.only)
