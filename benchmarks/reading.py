"""What it costs to read a user's data: `kzoo predict`, a CSV file, and the start of the program.

    python benchmarks/reading.py             # --pairs 0 prints what was measured last

In one process, in turn: `kzoo predict` of a file, less the loading of the model, against
`model.predict` of the same examples as ready arrays; and reading a CSV file, columns inferred,
against `pandas.read_csv`. Then whole processes: `kzoo --help` against `python -c pass`. A pair is
one of each; the ratio is that of the pair.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas
from rows import read_rows, write_rows

import kzoo
from kzoo.cli.inputs import read_inputs
from kzoo.cli.predict import predict
from kzoo.data import DATASETS
from kzoo.data.sources.csv import csv

RESULTS = Path(__file__).parent / "results" / "reading.csv"
SEED = 0


def main(pairs):
    """Measures everything and writes the CSV, unless there are no pairs; prints what it holds."""
    if pairs:
        with tempfile.TemporaryDirectory() as folder:
            write_rows(RESULTS, list(measure(Path(folder), pairs)))
    rows = read_rows(RESULTS)
    for name in dict.fromkeys(row["what"] for row in rows):
        mine, other, ratios = (
            [float(row[column]) for row in rows if row["what"] == name]
            for column in ("kzoo_seconds", "peer_seconds", "ratio")
        )
        mine, other, ratio = map(statistics.median, (mine, other, ratios))
        print(
            f"{name}: kzoo {mine:.2f} s, peer {other:.2f} s; ratio {ratio:.2f} (median; "
            f"{min(ratios):.2f} to {max(ratios):.2f})"
        )


def measure(folder, pairs):
    """Yields a row of the CSV for each pair."""
    for name, (ours, theirs) in measurements(folder).items():
        ours(), theirs()  # traces, and fills the caches of the disk
        for pair in range(pairs):
            mine, other = seconds(ours), seconds(theirs)
            yield {
                "what": name,
                "pair": pair,
                "kzoo_seconds": f"{mine:.4f}",
                "peer_seconds": f"{other:.4f}",
                "ratio": f"{mine / other:.4f}",
            }


def measurements(folder):
    """Returns a dict from a name to two functions: of kzoo, and of the peer."""
    generator = np.random.default_rng(SEED)
    table = write_table(folder / "table.csv", generator)
    python = [sys.executable, "-c", "pass"]
    program = [Path(sys.executable).with_name("kzoo"), "--help"]
    return {
        "predict 5,000 images of 28x28": predictions(folder, *images(folder, generator)),
        "predict 20,000 rows of 30 columns": predictions(folder, *cells(folder, generator)),
        "predict 5,000 lines of text": predictions(folder, *lines(folder, generator)),
        "read a CSV file of 200,000 rows, 15 columns": (
            lambda: csv(path=str(table), target="y"),
            lambda: pandas.read_csv(table),
        ),
        "the same, split and pre-processing learned": (
            lambda: DATASETS["csv"](path=str(table), target="y"),
            lambda: pandas.read_csv(table),
        ),
        "kzoo --help": (lambda: run(program), lambda: run(python)),
    }


def images(folder, generator):
    """Returns a model, a file of images, and the same as an array."""
    x = generator.integers(0, 256, (5_000, 28, 28, 1), dtype="uint8")
    np.save(folder / "images.npy", x)
    return "mnist_cnn_attention", folder / "images.npy", x


def cells(folder, generator):
    """The same of the rows of a table."""
    model = kzoo.load("breast_cancer_fusion")
    x = {
        column["name"]: generator.normal(column["mean"], column["scale"], 20_000).round(4)
        for column in model.preprocessing.columns
    }
    pandas.DataFrame(x).to_csv(folder / "rows.csv", index=False)
    return "breast_cancer_fusion", folder / "rows.csv", x


def lines(folder, generator):
    """The same of texts of known words, as long as film reviews."""
    words = kzoo.load("imdb_segment_attention_lstm").preprocessing.vocabulary
    lengths = np.clip(generator.lognormal(5.2, 0.6, 5_000), 10, 1_000).astype(int)
    x = [" ".join(generator.choice(words, length)) for length in lengths]
    (folder / "lines.txt").write_text("\n".join(x), encoding="utf-8")
    return "imdb_segment_attention_lstm", folder / "lines.txt", np.array(x, dtype=object)


def predictions(folder, name, file, x):
    """Returns the two functions of a model: of a file on the command line, and of arrays."""
    model = kzoo.load(name)

    def of_file():
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            if file.suffix != ".txt":
                predict(model, read_inputs(model, [str(file)]))
                return
            with open(file, encoding="utf-8") as sys.stdin:
                predict(model, read_inputs(model, ["-"]))

    return of_file, lambda: model.predict(x, verbose=0)


def write_table(path, generator):
    """Writes numbers, integers and categories, and returns the path."""
    rows = 200_000
    columns = {f"number {i}": generator.normal(size=rows).round(4) for i in range(8)}
    columns |= {f"integer {i}": generator.integers(0, 1_000, rows) for i in range(3)}
    colours = ["red", "green", "blue", "none of these"]
    columns |= {f"category {i}": generator.choice(colours, rows) for i in range(3)}
    columns["y"] = generator.choice(["yes", "no"], rows)
    pandas.DataFrame(columns).to_csv(path, index=False)
    return path


def run(command):
    """Runs a program to its end."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def seconds(function):
    """Returns how long a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5)
    main(parser.parse_args().pairs)
