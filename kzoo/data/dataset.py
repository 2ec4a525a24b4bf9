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
        labels: Integer array `(examples,)`, indices into the class names.
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
        train: What is learned from; `Examples` or `Stream`, like the next two.
        validation: What every choice is made on.
        test: What is read once, at the end.
        class_names: List of strings.
        preprocessing: Keras layer from raw inputs to what the core takes. It has `kind`, what it
            reads, as in `"images"`; `example_shape`; `raw_input()`, the `keras.Input` of raw
            inputs, or a dict of them; `as_raw(x)`, which brings what a user passes into form or
            refuses it; and, where it gives token ids, padded with 0 at the end, `vocabulary_size`
            and `words(texts)`, what they stand for; `feature_names` where it gives features that
            have names; and `write_assets(folder)` where it has something to keep as a file.
        batch_size: Examples in a training step.
        augmentation: Keyword arguments of `augment`, or None.
        notes: Lines for the report on the data: what was chosen or left out in reading it.
    """

    train: Examples | Stream
    validation: Examples | Stream
    test: Examples | Stream
    class_names: list[str]
    preprocessing: Any
    batch_size: int
    augmentation: dict | None = None
    notes: tuple[str, ...] = ()

    @property
    def input_shape(self):
        """Shape of one pre-processed example."""
        return self.preprocessing.example_shape

    @property
    def vocabulary_size(self):
        """Number of token ids, padding among them, or None where the core takes no tokens."""
        return getattr(self.preprocessing, "vocabulary_size", None)

    @property
    def num_classes(self):
        """Number of classes."""
        return len(self.class_names)


def read_with(dataset, preprocessing):
    """Returns a data set as a trained model reads it: with the pre-processing that it has learnt.

    Args:
        dataset: `Dataset`.
        preprocessing: That of the model.

    Raises:
        ValueError: If the model reads other data.
    """
    if type(preprocessing) is not type(dataset.preprocessing):
        raise ValueError(
            f"The model reads {preprocessing.kind}. The data holds {dataset.preprocessing.kind}."
        )
    splits = {
        name: _as_raw(getattr(dataset, name), preprocessing)
        for name in ("train", "validation", "test")
    }
    return dataclasses.replace(dataset, preprocessing=preprocessing, **splits)


def _as_raw(examples, preprocessing):
    """Brings examples into the form of a model, or refuses them; of images one by one, the first.

    These have their axes in any case, and channels that are the same in all.
    """
    if not len(examples):  # the report tells
        return examples
    if isinstance(examples, Stream):
        for image, _ in examples.open().take(1):
            preprocessing.as_raw(image[None])
        return examples
    if differ_in_shape(examples.inputs):
        preprocessing.as_raw(examples.inputs[0][None])
        return examples
    raw = preprocessing.as_raw(examples.inputs)
    if preprocessing.kind == "texts":  # now they are a tensor of bytes, and right
        return examples
    import keras  # here, as a module that is registered with Keras needs this one

    return Examples(keras.tree.map_structure(keras.ops.convert_to_numpy, raw), examples.labels)


def differ_in_shape(inputs):
    """Whether these are images of several sizes: an array of arrays."""
    is_list = getattr(inputs, "ndim", None) == 1 and len(inputs) > 0
    return is_list and isinstance(inputs[0], np.ndarray)
