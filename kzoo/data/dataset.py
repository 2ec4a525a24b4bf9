"""What every data set function returns."""

import dataclasses
from typing import Any

import keras
import numpy as np


class DataError(Exception):
    """The data cannot be had or used; the message is one sentence."""


@dataclasses.dataclass(frozen=True)
class Examples:
    """Raw inputs with their labels, in memory.

    Attributes:
        inputs: Array `(examples, ...)`, as a user would hand it to the saved model; of dtype
            object where examples differ in shape.
        labels: Integer array `(examples,)`, indices into the class names.
    """

    inputs: np.ndarray
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
    """

    open: Any
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A data set, split and ready to be batched.

    Attributes:
        train: What is learned from; `Examples` or `Stream`, like the next two.
        validation: What every choice is made on.
        test: What is read once, at the end.
        class_names: List of strings.
        preprocessing: Keras layer from raw inputs to what the core takes.
        batch_size: Examples in a training step.
        augmentation: Keyword arguments of `augment`, or None.
    """

    train: Examples | Stream
    validation: Examples | Stream
    test: Examples | Stream
    class_names: list[str]
    preprocessing: keras.layers.Layer
    batch_size: int
    augmentation: dict | None = None

    @property
    def input_shape(self):
        """Shape of one pre-processed example."""
        return self.preprocessing.example_shape

    @property
    def num_classes(self):
        """Number of classes."""
        return len(self.class_names)
