"""Sequences of which one knows where a model has to look."""

from typing import Literal

import numpy as np

from kzoo.data.dataset import Examples
from kzoo.data.sources.base import Source
from kzoo.tasks.targets import Targets
from kzoo.types import PositiveInt, Seed


def synthetic(
    *,
    task: Literal["maximum", "addition"] = "maximum",
    length: PositiveInt = 20,
    points: PositiveInt | None = None,
    examples: PositiveInt = 10_000,
    split_seed: Seed = 0,
):
    """Sequences made by a formula; attention has to find the positions that matter.

    `"maximum"`: vectors `(length, 2)` of an exponentially distributed number and its position
    between 0 and 1; the class is the tenth of the sequence in which the largest number stands.
    `"addition"`: vectors `(length, 2)` of a digit and a mark; two digits are marked, and the
    class is their sum, 0 to 18.

    Args:
        task: `"maximum"` or `"addition"`.
        length: Elements in a sequence.
        points: How many numbers are drawn for a sequence; each then stands in `length / points`
            elements, one after the other. None draws one for each element.
        examples: Number of sequences; a fifth of them is the test split.
        split_seed: Draws the sequences and the splits; independent of the seed of a run.

    References:
        Hochreiter and Schmidhuber, 1997, Long Short-Term Memory, section 5.4 (addition).
    """
    generator = np.random.default_rng(split_seed)
    inputs, labels, names = TASKS[task](generator, examples, points or length)
    inputs = inputs[:, np.arange(length) * inputs.shape[1] // length]
    return Source(
        kind="sequence",
        train=Examples(inputs, labels),
        targets=Targets(names),
        options={"standardize": False},
    )


def _maximum(generator, examples, length):
    values = generator.exponential(size=(examples, length))
    positions = np.broadcast_to(np.linspace(0, 1, length), values.shape)
    classes = min(10, length)
    labels = values.argmax(axis=1) * classes // length
    return _vectors(values, positions), labels.astype("int32"), _names(classes)


def _addition(generator, examples, length):
    digits = generator.integers(0, 10, (examples, length))
    order = generator.permuted(np.tile(np.arange(length), (examples, 1)), axis=1)
    marks = order < 2  # two positions of each sequence, anywhere
    labels = (digits * marks).sum(axis=1)
    return _vectors(digits / 9, marks), labels.astype("int32"), _names(19)


def _vectors(*features):
    return np.stack(features, axis=-1).astype("float32")


def _names(classes):
    return [str(i) for i in range(classes)]


TASKS = {"maximum": _maximum, "addition": _addition}
