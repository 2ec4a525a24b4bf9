"""What every data set function returns."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from kzoo.messages import DataConfigError


def not_there(kind, path):
    """Returns the error for a `"file"` or `"folder"` that a config names."""
    return DataConfigError(f"There is no {kind} {path}. It is looked for in {Path.cwd()}.")


@dataclasses.dataclass(frozen=True)
class Examples:
    """Raw inputs with their labels, in memory.

    Attributes:
        inputs: Array `(examples, ...)`, as a user would hand it to the saved model, of dtype
            object where examples differ in shape; or a dict of arrays, the columns of a table.
        labels: Array `(examples, ...)`: of a source, the targets as they stand in the format; of
            a data set, the labels of its task.
    """

    inputs: np.ndarray | dict[str, np.ndarray]
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)


@dataclasses.dataclass(frozen=True)
class Stream:
    """Raw inputs with their labels, read anew in every epoch because they fill the memory.

    Attributes:
        open: Function without arguments that returns a `tf.data.Dataset` of `(input, label)`,
            always in the same order.
        labels: Integer array `(examples,)` in that order.
        digests: Integer array `(examples,)`, equal for equal inputs; or None.
        take: Function from an array of indices to the `Stream` of these examples, in this order,
            that reads no others; None where all have to be read to find them.
    """

    open: Any
    labels: np.ndarray
    digests: np.ndarray | None = None
    take: Any = None

    def __len__(self):
        return len(self.labels)


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A data set, split and ready to be batched.

    Attributes:
        train: What is learned from; `Examples` or `Stream`, like the next two. Their labels are
            those of the task.
        validation: What every choice is made on.
        test: What is read once, at the end.
        task: `Task`, what is asked of a model.
        preprocessing: `Preprocessing`: the layer from raw inputs to what the core takes.
        batch_size: Examples in a training step.
        augmentation: Keyword arguments of `augment`, or None.
        notes: Lines for the report on the data: what was chosen or left out in reading it.
    """

    train: Examples | Stream
    validation: Examples | Stream
    test: Examples | Stream
    task: Any
    preprocessing: Any
    batch_size: int
    augmentation: dict | None = None
    notes: tuple[str, ...] = ()


def differ_in_shape(inputs):
    """Whether these are images of several sizes: an array of arrays."""
    is_list = getattr(inputs, "ndim", None) == 1 and len(inputs) > 0
    return is_list and isinstance(inputs[0], np.ndarray)
