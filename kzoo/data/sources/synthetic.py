"""Sequences of which one knows where a model has to look."""

from typing import Literal

import numpy as np

from kzoo.data.dataset import Examples
from kzoo.data.sources.base import Source
from kzoo.tasks.targets import Targets
from kzoo.types import PositiveInt, Seed


def synthetic(
    *,
    task: Literal["maximum", "addition", "order", "patterns"] = "maximum",
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

    `"order"` and `"patterns"`: noise `(time, 1)` of different lengths, from a third of `length` to
    all of it, 3 % of which is missing, with patterns somewhere in it: a bump, a ramp and a wave. Of
    `"order"` the class is which comes first, the bump or the wave; of `"patterns"`, for `task:
    multi_label`, each occurs in half of the series.

    Args:
        task: One of these.
        length: Elements in a sequence, or in the longest.
        points: How many numbers are drawn for a sequence; each then stands in `length / points`
            elements, one after the other. None draws one for each element. Not for patterns.
        examples: Number of sequences; a fifth of them is the test split.
        split_seed: Draws the sequences and the splits; independent of the seed of a run.

    References:
        Hochreiter and Schmidhuber, 1997, Long Short-Term Memory, section 5.4 (addition).
    """
    generator = np.random.default_rng(split_seed)
    if task in PATTERN_TASKS:
        return _patterns(generator, examples, length, task)
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


def _patterns(generator, examples, length, task):
    """Series of different lengths with a pattern in three of their fifths, or in fewer."""
    inputs = np.full((examples, length, 1), np.nan, "float32")
    present = generator.random((examples, len(PATTERNS))) < 0.5
    if task == "order":
        present[:] = [True, False, True]
    first = []
    for series, occurs in zip(inputs[..., 0], present, strict=True):
        time = generator.integers(-(-length // 3), length + 1)
        part = time // PARTS
        width = 2 * part // 3
        series[:time] = generator.normal(0, NOISE, time)
        places = generator.permutation(PARTS)[: len(PATTERNS)]
        for shape, place, does in zip(PATTERNS.values(), places, occurs, strict=True):
            if does:
                start = place * part + generator.integers(0, part - width + 1)
                series[start : start + width] += shape((np.arange(width) + 0.5) / width)
        gaps = generator.random(time) < MISSING
        gaps[-1] = False  # that is where the series ends
        series[:time][gaps] = np.nan
        first.append(places[0] > places[2])
    names = list(PATTERNS)
    labels = np.array(first, "int32") if task == "order" else present.astype("uint8")
    names = [f"{names[0]} first", f"{names[2]} first"] if task == "order" else names
    return Source(
        kind="sequence",
        train=Examples(inputs, labels),
        targets=Targets(names, path="synthetic", names={"train": "the labels"}),
        options={"varying": True},
    )


TASKS = {"maximum": _maximum, "addition": _addition}
PATTERN_TASKS = ("order", "patterns")
PATTERNS = {
    "bump": lambda t: np.sin(np.pi * t) ** 2,
    "ramp": lambda t: t,
    "wave": lambda t: np.sin(2 * np.pi * t),
}
PARTS, NOISE, MISSING = 5, 0.5, 0.03
