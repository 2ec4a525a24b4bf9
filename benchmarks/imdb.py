"""How long two recipes train on IMDB until their best epoch.

    python benchmarks/imdb.py --seeds 3

One is configs/imdb_segment_attention_lstm.yaml. The other is the IMDB example of keras-attention
(github.com/philipperemy/keras-attention, examples/imdb.py) with its settings: the 5,000 most
frequent words, the last 500 of a review, padded on the left, embedding of 32, LSTM of 100 units,
Luong attention of 128, two dropouts of 0.5, Adam, batches of 64, ten epochs. Its layer is written
here for Keras 3 from its formula (Luong et al., 2015, eq. 5 and 8, with the score of eq. 7,
"general").

Both read the same reviews from TFDS and the same tenth of the training reviews as validation, on
which the best epoch is chosen (the example's own choice is made on the test split). The time is
that of `fit` on token ids that are ready, from its beginning to the end of the best epoch with
its validation; the test split is read once, with the weights of that epoch. Both train in turn in
one process. With `--seeds 0` the CSV is printed.
"""

import argparse
import statistics
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops
from rows import read_rows, write_rows
from training import fit_and_test

from kzoo.preprocessing.text import TextPreprocessing
from kzoo.training.callbacks import KeepBest
from kzoo.training.recipe import load_config
from kzoo.training.run import read_data_and_build

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "configs" / "imdb_segment_attention_lstm.yaml"
RESULTS = Path(__file__).parent / "results" / "imdb.csv"
WORDS, TIME, BATCH_SIZE, EPOCHS = 5_000, 500, 64, 10  # of keras-attention's example


def main(seeds, overrides, epochs, results):
    """Trains both with every seed and writes the CSV; returns its rows."""
    rows = []
    for seed in range(seeds):
        config = load_config(CONFIG, {**overrides, "seed": seed})
        dataset, core = read_data_and_build(config)
        rows += measure(
            "keras-attention", seed, lambda d=dataset, s=seed: train_example(d, s, epochs)
        )
        rows += measure("kzoo", seed, lambda c=core, d=dataset, f=config: train_kzoo(c, d, f))
        write_rows(results, rows)
    if not seeds:
        rows = read_rows(results)
        for row in rows:
            row.update(epoch=int(row["epoch"]), is_best=row["is_best"] == "True")
    report(rows)
    return rows


def measure(recipe, seed, train):
    """Trains once; returns a row for each epoch."""
    clock, best, test_accuracy = train()
    return [
        {
            "recipe": recipe,
            "seed": seed,
            "epoch": epoch,
            "seconds": f"{clock.seconds[epoch - 1]:.2f}",
            "cpu_seconds": f"{clock.cpu_seconds[epoch - 1]:.2f}",
            "validation_accuracy": f"{clock.validation_accuracy[epoch - 1]:.4f}",
            "is_best": epoch == best,
            "test_accuracy": f"{test_accuracy:.4f}" if epoch == best else "",
        }
        for epoch in range(1, len(clock.seconds) + 1)
    ]


class Clock(keras.callbacks.Callback):
    """Notes the time since the beginning of `fit` at the end of each epoch."""

    def __init__(self):
        super().__init__()
        self.seconds, self.cpu_seconds, self.validation_accuracy = [], [], []

    def on_train_begin(self, logs=None):
        self._begin = time.perf_counter(), time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self._begin[0])
        self.cpu_seconds.append(time.process_time() - self._begin[1])
        self.validation_accuracy.append(logs["val_accuracy"])


def train_kzoo(core, dataset, config):
    """Trains our recipe; returns its `Clock`, its best epoch and the test accuracy."""
    clock = Clock()
    return clock, *fit_and_test(core, dataset, config["seed"], config["training"], [clock])


def train_example(dataset, seed, epochs):
    """Trains keras-attention's example; returns its `Clock`, its best epoch and test accuracy."""
    to_ids = TextPreprocessing.learn(
        dataset.train.inputs, vocabulary_size=WORDS, sequence_length=TIME, keep="last"
    )
    splits = [
        (_padded_on_the_left(to_ids(to_ids.as_raw(split.inputs)).numpy()), split.labels)
        for split in (dataset.train, dataset.validation, dataset.test)
    ]
    keras.utils.set_random_seed(seed)
    model = example_model()
    clock, best = Clock(), KeepBest("val_accuracy")
    model.fit(
        *splits[0],
        batch_size=BATCH_SIZE,
        epochs=epochs,
        validation_data=splits[1],
        callbacks=[best, clock],
        verbose=2,
    )
    best.restore()
    return clock, best.best_epoch, model.evaluate(*splits[2], verbose=0)[1]


def example_model():
    """Returns keras-attention's model, compiled; 249,000 parameters."""
    inputs = keras.Input((TIME,))
    x = layers.Embedding(WORDS, 32)(inputs)
    x = layers.Dropout(0.5)(x)
    states = layers.LSTM(100, return_sequences=True)(x)
    x = luong_attention(states, units=128)
    x = layers.Dropout(0.5)(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def luong_attention(states, units):
    """The last state asks, all states answer: tanh(W [context; last state])."""
    last = states[:, -1]
    keys = layers.Dense(states.shape[-1], use_bias=False)(states)
    weights = ops.softmax(ops.einsum("bd,btd->bt", last, keys))
    context = ops.einsum("bt,btd->bd", weights, states)
    both = ops.concatenate([context, last], axis=-1)
    return layers.Dense(units, use_bias=False, activation="tanh")(both)


def _padded_on_the_left(token_ids):
    lengths = (token_ids != 0).sum(axis=1)
    padded = np.zeros((len(token_ids), TIME), "int32")
    for row, ids, length in zip(padded, token_ids, lengths, strict=True):
        row[TIME - length :] = ids[:length]
    return padded


def report(rows):
    """Prints both times, accuracies and the ratio, medians over the seeds."""
    best = {
        recipe: [row for row in rows if row["recipe"] == recipe and row["is_best"]]
        for recipe in ("keras-attention", "kzoo")
    }
    for recipe, of_recipe in best.items():
        seconds = statistics.median(float(row["seconds"]) for row in of_recipe)
        cpu_seconds = statistics.median(float(row["cpu_seconds"]) for row in of_recipe)
        accuracy = statistics.mean(float(row["test_accuracy"]) for row in of_recipe)
        print(
            f"{recipe}: {seconds:.1f} s ({cpu_seconds:.1f} s of processor time) to epoch "
            f"{statistics.median(row['epoch'] for row in of_recipe):.0f}, test {accuracy:.2%}"
        )
    ratios = [
        float(kzoo["seconds"]) / float(example["seconds"])
        for example, kzoo in zip(*best.values(), strict=True)
    ]
    print(f"ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of keras-attention's example")
    parser.add_argument("--examples", type=int, help="train and test on so many alone, for a try")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    part = arguments.examples
    overrides = {"data.train_split": f"train[:{part}]", "data.test_split": f"test[:{part}]"}
    main(arguments.seeds, overrides if part else {}, arguments.epochs, arguments.results)
