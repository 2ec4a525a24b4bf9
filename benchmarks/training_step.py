"""What a step costs through kzoo's training, against a bare `model.fit` on ready arrays.

    python benchmarks/training_step.py

Both train the same core with the same optimizer on the same examples, in one process, in turn.
"Bare" is `compile` and `fit` with NumPy arrays that are pre-processed and one-hot already.
A pair is an epoch each after a warm-up epoch; the ratio is that of the pair.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from rows import write_rows

from kzoo.data.dataset import Dataset, Examples
from kzoo.models import create_model
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.tasks.classification import Classification
from kzoo.training.fit import fit

RESULTS = Path(__file__).parent / "results" / "training_step.csv"
CORES = {
    "cnn, 28x28": ("cnn", (28, 28, 1), {}),
    "cnn_attention, 28x28": ("cnn_attention", (28, 28, 1), {"filters": (16, 32, 64)}),
    "cnn_attention, 8x8": ("cnn_attention", (8, 8, 1), {"filters": (32, 64)}),
}


def main(pairs, examples, batch_size):
    """Measures every core and writes the CSV."""
    rows = []
    for name, (model, shape, options) in CORES.items():
        dataset = random_dataset(shape, examples, batch_size)
        measured = [measure_pair(model, options, dataset) for _ in range(pairs)]
        for pair, (ours, bare) in enumerate(measured):
            rows.append(
                {
                    "core": name,
                    "batch_size": batch_size,
                    "pair": pair,
                    "kzoo_ms_per_step": f"{ours:.4f}",
                    "bare_fit_ms_per_step": f"{bare:.4f}",
                    "ratio": f"{ours / bare:.4f}",
                }
            )
        ratios = [ours / bare for ours, bare in measured]
        ours, bare = (statistics.median(times) for times in zip(*measured, strict=True))
        print(
            f"{name}: kzoo {ours:.2f} ms, bare fit {bare:.2f} ms a step; ratio "
            f"{statistics.median(ratios):.3f} (median; {min(ratios):.3f} to {max(ratios):.3f})"
        )
    write_rows(RESULTS, rows)


def random_dataset(shape, count, batch_size):
    """Returns a `Dataset` of random images; what is learned does not change the time."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (count, *shape), dtype="uint8")
    examples = Examples(images, generator.integers(0, 10, count).astype("int32"))
    few = Examples(images[:batch_size], examples.labels[:batch_size])
    names = [str(i) for i in range(10)]
    task = Classification(names)
    return Dataset(examples, few, few, task, ImagePreprocessing(*shape), batch_size)


def measure_pair(model, options, dataset):
    """Returns ms per step of kzoo and of a bare `fit`, both in their second epoch."""
    return (
        time_of_second_epoch(lambda clock: fit_with_kzoo(model, options, dataset, clock), dataset),
        time_of_second_epoch(lambda clock: fit_bare(model, options, dataset, clock), dataset),
    )


class Clock(keras.callbacks.Callback):
    """Notes when the training steps of an epoch begin and end, validation not counted."""

    def __init__(self):
        super().__init__()
        self.begin, self.end = [], []

    def on_epoch_begin(self, epoch, logs=None):
        self.begin.append(time.perf_counter())

    def on_test_begin(self, logs=None):
        self.end.append(time.perf_counter())


def time_of_second_epoch(train, dataset):
    """Returns milliseconds per step."""
    clock = Clock()
    train(clock)
    steps = -(-len(dataset.train) // dataset.batch_size)
    return 1000 * (clock.end[1] - clock.begin[1]) / steps


def fit_with_kzoo(model, options, dataset, clock):
    core = create_model(model, dataset.preprocessing.example_shape, 10, **options)
    with tempfile.TemporaryDirectory() as folder:
        fit(
            core,
            dataset,
            0,
            Path(folder),
            callbacks=[clock],
            epochs=2,
            optimizer={"name": "adam"},
            schedule={"name": "constant"},
        )


def fit_bare(model, options, dataset, clock):
    core = create_model(model, dataset.preprocessing.example_shape, 10, **options)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    core.compile("adam", loss, metrics=["accuracy"])
    arrays = [
        (split.inputs.astype("float32") / 255, keras.utils.to_categorical(split.labels, 10))
        for split in (dataset.train, dataset.validation)
    ]
    core.fit(
        *arrays[0],
        batch_size=dataset.batch_size,
        epochs=2,
        validation_data=arrays[1],
        callbacks=[clock],
        verbose=2,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--examples", type=int, default=12_800)
    parser.add_argument("--batch-size", type=int, default=128)
    arguments = parser.parse_args()
    main(arguments.pairs, arguments.examples, arguments.batch_size)
