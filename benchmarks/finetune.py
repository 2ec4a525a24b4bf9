"""Fine-tunes the MNIST model on few digits of another source, beside training from scratch.

    python benchmarks/finetune.py --draws 10

Of scikit-learn's digits, 1, 5, 20 and 100 a class are drawn to train on; both networks are the same
and get the same draw, the same number of steps and the test split once. One has the weights of
`mnist_cnn_attention`, the other new ones. The epoch is chosen on the 144 validation digits, and so
was the learning rate of each (`--split validation`). A row for each training goes to the CSV; with
`--draws 0` the table is printed from there.
"""

import argparse
import dataclasses
import math
from pathlib import Path

import keras
import numpy as np
from rows import mean_and_spread, read_rows, write_rows
from training import fit_and_test

import kzoo
from kzoo.data import DATASETS
from kzoo.data.split import read_examples
from kzoo.training.finetune import adapt, starting_point

RESULTS = Path(__file__).parent / "results" / "finetune.csv"
START = "mnist_cnn_attention"
PER_CLASS = (1, 5, 20, 100)
BATCH = 32
STEPS = 300  # or a few more, up to a whole epoch
LEARNING_RATE = {"fine-tuned": 1e-3, "from scratch": 3e-3}


def main(draws, per_class, split, rates):
    """Trains and tests both networks on every draw; prints the table."""
    for count in per_class:
        for draw in range(draws):
            for start in LEARNING_RATE:
                accuracy = train(start, count, draw, split, rates[start])
                print(f"{count} a class, draw {draw}, {start}: {accuracy:.4f}", flush=True)
                if split == "test":
                    write({"per_class": count, "draw": draw, "start": start, "accuracy": accuracy})
    print(table(read_rows(RESULTS)))


def train(start, count, draw, split, learning_rate):
    """Trains one network; returns its accuracy."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(draw)
    dataset, core = adapt(starting_point(from_=START), DATASETS["digits"](batch_size=BATCH))
    if start == "from scratch":
        core = with_new_weights(core)
    chosen = draw_examples(dataset.train.labels, count, draw)
    dataset = dataclasses.replace(dataset, train=read_examples(dataset.train, chosen))
    training = {
        "epochs": math.ceil(STEPS / math.ceil(10 * count / BATCH)),
        "optimizer": {"name": "adamw", "learning_rate": learning_rate, "weight_decay": 0.02},
        "schedule": {"name": "cosine", "warmup": 0.1},
        "label_smoothing": 0.05,
    }
    return fit_and_test(core, dataset, draw, training, split=split)[1]


def with_new_weights(core):
    """Returns the same network as `kzoo.create_model` would make it."""
    options = kzoo.config.read(kzoo.saved.shipped.find_model(START).with_name("config.yaml"))[
        "model"
    ]
    name = options.pop("name")
    return kzoo.create_model(name, core.input_shape[1:], core.output_shape[-1], **options)


def draw_examples(labels, count, draw):
    """Returns the places of so many examples of each class."""
    random = np.random.default_rng(draw)
    classes = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return np.concatenate([random.choice(places, count, replace=False) for places in classes])


def table(rows):
    """Returns a Markdown table: mean and standard deviation over the draws, and what is gained."""
    lines = ["| digits of each class | fine-tuned | from scratch | paired difference |"]
    lines.append("|---|---|---|---|")
    for count in sorted({int(row["per_class"]) for row in rows}):
        tuned, scratch = (
            {row["draw"]: 100 * float(row["accuracy"]) for row in rows
             if int(row["per_class"]) == count and row["start"] == start}
            for start in LEARNING_RATE
        )  # fmt: skip
        gains = [tuned[draw] - scratch[draw] for draw in tuned]
        cells = map(mean_and_spread, (tuned.values(), scratch.values(), gains), ("", "", "+"))
        lines.append(f"| {count} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write(row):
    """Puts a row into the CSV, in the place of an earlier one of the same training."""
    rows = [earlier for earlier in read_rows(RESULTS) if key(earlier) != key(row)]
    write_rows(RESULTS, [*rows, row])


def key(row):
    """What a row is the result of."""
    return int(row["per_class"]), int(row["draw"]), row["start"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--per-class", type=int, nargs="+", default=PER_CLASS)
    parser.add_argument("--split", choices=("validation", "test"), default="test")
    parser.add_argument("--fine-tuned-rate", type=float, default=LEARNING_RATE["fine-tuned"])
    parser.add_argument("--from-scratch-rate", type=float, default=LEARNING_RATE["from scratch"])
    arguments = parser.parse_args()
    rates = dict(
        zip(LEARNING_RATE, [arguments.fine_tuned_rate, arguments.from_scratch_rate], strict=True)
    )
    main(arguments.draws, arguments.per_class, arguments.split, rates)
