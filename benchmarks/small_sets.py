"""What a recipe of docs/data.md comes to on small sets, beside the obvious alternative.

    python benchmarks/small_sets.py                       # --seeds 0 prints what was measured last
    python benchmarks/small_sets.py --only iris,moons

Each recipe is copied without a change but for the path and the kind of split: nothing in it, and no
default of kzoo, was chosen on these sets. The seed draws the weights and the split, the same for
both sides; the baseline is that of the run (see docs/data.md). Some are generated, so that the best
possible result is known.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

import numpy as np
from rows import read_rows, spread, write_rows
from sklearn import datasets

import kzoo
from kzoo.config import dump

RESULTS = Path(__file__).parent / "results" / "small_sets.csv"
FUSION, SERIES = {"name": "dense_attention_fusion"}, {"name": "conv_attention"}
METRICS = ("test_accuracy", "test_f1_micro", "test_r2")  # that are compared, by the task


def main(seeds, only):
    """Trains every recipe with every seed and writes the CSV; prints the table."""
    chosen = [name for name in SETS if not only or name in only]
    if seeds:
        kept = [row for row in read_rows(RESULTS) if row["set"] not in chosen] if only else []
        write_rows(RESULTS, [*kept, *measure(chosen, seeds)])
    print_table(read_rows(RESULTS))


def measure(names, seeds):
    """Yields a row of the CSV for each set and seed."""
    for name in names:
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                yield {"set": name, "seed": seed, **train(name, seed, Path(folder))}


def train(name, seed, folder):
    """Trains one recipe and returns the numbers of its row."""
    recipe = {"name": name, "seed": seed, "export": {"formats": ["keras"]}, **SETS[name](folder)}
    recipe["data"]["split_seed"] = seed
    (folder / "recipe.yaml").write_text(dump(recipe))
    metrics = kzoo.train(folder / "recipe.yaml", run_dir=folder / "run").metrics
    [metric] = [key for key in METRICS if key in metrics]
    return {
        "metric": metric,
        "kzoo": f"{metrics[metric]:.4f}",
        "baseline": f"{metrics['baseline'][metric]:.4f}",
        "alternative": metrics["baseline"]["name"],
        "epochs": metrics["epochs"],
        "seconds": f"{metrics['train_seconds']:.1f}",
    }


def print_table(rows):
    """Prints means and standard deviations over the seeds, as Markdown, and how often who wins."""
    print("| set | measure | kzoo | obvious alternative | difference | training |")
    print("|---|---|---|---|---|---|")
    differences = {}
    for name in dict.fromkeys(row["set"] for row in rows):
        of_set = [row for row in rows if row["set"] == name]
        ours, theirs, seconds = (
            [float(row[key]) for row in of_set] for key in ("kzoo", "baseline", "seconds")
        )
        differences[name] = statistics.mean(ours) - statistics.mean(theirs)
        print(
            f"| {name} | {of_set[0]['metric'].removeprefix('test_')} | {spread(ours)} | "
            f"{spread(theirs)}, {of_set[0]['alternative']} | {differences[name]:+.3f} | "
            f"{statistics.mean(seconds):.0f} s |"
        )
    ranks = [1 if d > 0 else 2 if d < 0 else 1.5 for d in differences.values()]
    mean, median = (of(differences.values()) for of in (statistics.mean, statistics.median))
    print(
        f"\nmean rank {statistics.mean(ranks):.2f} of 2, difference {mean:+.3f} in the mean and "
        f"{median:+.3f} in the median of {len(ranks)} sets"
    )


def builtin(dataset, **more):
    """Returns a function to the recipe of a table of scikit-learn."""
    return lambda folder: {
        "data": {"name": "builtin_table", "dataset": dataset},
        "model": FUSION,
        **more,
    }


def table(path, x, y, **more):
    """Writes a CSV file and returns its recipe."""
    names = [f"x{i}" for i in range(x.shape[1])]
    rows = [",".join(map(str, [*row, target])) for row, target in zip(x.round(4), y, strict=True)]
    path.write_text("\n".join([",".join([*names, "y"]), *rows]))
    return {"data": {"name": "csv", "path": str(path), "target": "y"}, "model": FUSION, **more}


def moons(folder):
    """Two interleaved half circles with noise; 300 rows."""
    x, y = datasets.make_moons(300, noise=0.25, random_state=0)
    return table(folder / "t.csv", x, np.where(y, "upper", "lower"))


def friedman(folder):
    """Friedman's first function of 10 columns, 5 of which count; 400 rows, R2 at best 0.96."""
    x, y = datasets.make_friedman1(400, noise=1.0, random_state=0)
    return table(folder / "t.csv", x, y.round(4), task="regression")


def labels(folder):
    """Several labels an example, of counts; 500 rows."""
    x, y = datasets.make_multilabel_classification(500, 15, n_classes=4, random_state=1)
    names = np.array(["a", "b", "c", "d"])
    joined = [";".join(names[row == 1]) for row in y]
    return table(folder / "t.csv", x, joined, task="multi_label")


def checkers(folder):
    """Two categories and a number, the majority of which decides; 400 rows, 90 % at best."""
    random = np.random.default_rng(0)
    a, b, c = (random.integers(0, 2, 400) for _ in range(3))
    y = np.where(a + b + c >= 2, "yes", "no")
    noise = random.random(400) < 0.1
    y = np.where(noise, np.where(y == "yes", "no", "yes"), y)
    rows = zip(np.array(["red", "blue"])[a], np.array(["round", "square"])[b], c, y, strict=True)
    text = "colour,shape,size,kind\n" + "\n".join(",".join(map(str, row)) for row in rows)
    (folder / "t.csv").write_text(text)
    section = {"name": "csv", "path": str(folder / "t.csv"), "target": "kind"}
    return {"data": section, "model": FUSION}


def series(folder):
    """Cylinder, bell and funnel of random place and length (Saito, 1994); 240 series of 128."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(240, 128, 1)), np.arange(240) % 3
    for one, kind in zip(x, y, strict=True):
        start = random.integers(16, 33)
        length = random.integers(32, 97)
        ramp = np.linspace(0, 1, length)
        shape = [np.ones(length), ramp, ramp[::-1]][kind]
        one[start : start + length, 0] += (6 + random.normal()) * shape
    np.savez(folder / "s.npz", x=x.astype("float32"), y=np.array(["cyl", "bell", "fun"])[y])
    return {"data": {"name": "arrays", "path": str(folder / "s.npz")}, "model": SERIES}


def steps(folder):
    """How many beats a noisy series has, a number: regression; 300 series of 60."""
    random = np.random.default_rng(0)
    x, y = 0.3 * random.normal(size=(300, 60, 1)), random.integers(1, 9, 300)
    for one, count in zip(x, y, strict=True):
        one[random.choice(60, count, replace=False), 0] += 2
    np.savez(folder / "s.npz", x=x.astype("float32"), y=y.astype("float64"))
    section = {"name": "arrays", "path": str(folder / "s.npz")}
    return {"task": "regression", "data": section, "model": SERIES}


def shapes(folder):
    """Squares, crosses and rings of any size at any place with noise; 300 images of 24 x 24."""
    random = np.random.default_rng(0)
    y = np.arange(300) % 3
    x = random.integers(0, 120, (300, 24, 24, 1))
    for image, kind in zip(x, y, strict=True):
        size = random.integers(7, 13)
        top, left = random.integers(0, 24 - size, 2)
        mark = np.zeros((size, size), bool)
        if kind == 0:
            mark[:] = True
        elif kind == 1:
            mark[size // 2 - 1 : size // 2 + 1] = mark[:, size // 2 - 1 : size // 2 + 1] = True
        else:
            mark[[0, 1, -2, -1]] = mark[:, [0, 1, -2, -1]] = True
        image[top : top + size, left : left + size, 0][mark] += 100
    np.savez(folder / "i.npz", x=x.astype("uint8"), y=np.array(["square", "cross", "ring"])[y])
    section = {"name": "arrays", "path": str(folder / "i.npz")}
    return {"data": section, "model": {"name": "cnn_attention"}}


def texts(folder):
    """Three of 30 words are from the forty of the class, the others from 300; 400 texts."""
    random = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(300)])
    good, bad = words[:40], words[40:80]
    for i in range(400):
        kind, own = (("good", good), ("bad", bad))[i % 2]
        text = [*random.choice(words, 27), *random.choice(own, 3)]
        path = folder / "texts" / kind / f"{i}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(" ".join(random.permutation(text)))
    section = {"name": "text_folder", "path": str(folder / "texts")}
    training = {"optimizer": {"name": "adamw", "learning_rate": 0.0003}}
    return {"data": section, "model": {"name": "bag_attention"}, "training": training}


SETS = {
    "iris": builtin("iris"),
    "wine": builtin("wine"),
    "diabetes": builtin("diabetes", task="regression"),
    "moons": moons,
    "friedman": friedman,
    "labels": labels,
    "checkers": checkers,
    "series": series,
    "beats": steps,
    "shapes": shapes,
    "texts": texts,
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", type=lambda names: names.split(","), help="sets, by comma")
    arguments = parser.parse_args()
    main(arguments.seeds, arguments.only)
