"""From what a source has read to a data set: split, labelled, with its pre-processing."""

import dataclasses
import math
from typing import Annotated

from annotated_types import Ge

from kzoo.data.dataset import Dataset, Examples, Stream, differ_in_shape
from kzoo.data.lengths import sort_by_length
from kzoo.data.split import complete_splits
from kzoo.messages import DataConfigError
from kzoo.preprocessing import (
    ImagePreprocessing,
    RecordPreprocessing,
    SequencePreprocessing,
    TablePreprocessing,
    TextPreprocessing,
)
from kzoo.types import NonNegativeInt, PositiveFraction, PositiveInt, Seed

SMALLEST_BATCH, STEPS = 8, 20  # of an epoch
PREPROCESSING = {
    "image": ImagePreprocessing,
    "text": TextPreprocessing,
    "table": TablePreprocessing,
    "record": RecordPreprocessing,
    "sequence": SequencePreprocessing,
    "vector": SequencePreprocessing,
}


def prepare(
    source,
    task,
    preprocessing=None,
    largest_batch=64,
    *,
    batch_size: PositiveInt | None = None,
    validation: PositiveFraction = 0.1,
    split_seed: Seed = 0,
    folds: Annotated[int, Ge(2)] | None = None,
    fold: NonNegativeInt = 0,
    augmentation=None,
):
    """Completes the splits of a source and learns, from its training examples alone.

    Args:
        source: `Source`.
        task: Function of the raw labels and `Targets`, as `Task.learn`.
        preprocessing: That of a trained model, which reads as it has learned to; or None.
        largest_batch: Examples in a training step at most, where `batch_size` is None.
        batch_size: Examples in a training step. None follows the number of training examples:
            about a twentieth of them, 8 at least.
        validation: Fraction of the training examples that choices are made on, where the source
            has no such split.
        split_seed: Draws the splits; independent of the seed of a run.
        folds: Number of parts into which all examples are cut, for a test of every one of them:
            part `fold` is the test split then. None takes 20 %.
        fold: Which part, counted from 0.
        augmentation: Keyword arguments of `augment`, for images, or None.

    Returns:
        `Dataset`; 20 % of the training examples are the test split where the source has none.

    Raises:
        DataError: If the targets are none of the task, or a split would lack a class.
        DataConfigError: If a trained model reads something else, or something else than images is
            to be augmented.
    """
    if preprocessing and preprocessing.kind != source.kind:
        raise DataConfigError(
            f"The model reads {preprocessing.kind}s. The data holds {source.kind}s."
        )
    if source.kind != "image" and any((augmentation or {}).values()):
        raise DataConfigError(f"data.augmentation is for images; the data holds {source.kind}s.")
    task, splits, notes = _labelled(source, task)
    train, held_out, test, told = complete_splits(
        **splits,
        strata=task.strata,
        fraction=validation,
        split_seed=split_seed,
        sides=source.sides,
        folds=folds,
        fold=fold,
    )
    if source.kind == "text":
        held_out, test = sort_by_length(held_out), sort_by_length(test)
    dataset = Dataset(
        train=train,
        validation=held_out,
        test=test,
        task=task.fitted(train.labels),
        preprocessing=preprocessing,
        batch_size=batch_size or _batch_size(len(train), largest_batch),
        augmentation=augmentation if source.kind == "image" else None,
        notes=(*source.notes, *notes, *told),
    )
    if preprocessing:
        return _as_the_model_reads(dataset)
    learned = PREPROCESSING[source.kind].learn(_inputs(train), **source.options)
    return dataclasses.replace(dataset, preprocessing=learned)


def _batch_size(count, largest):
    """Returns the power of two that makes about twenty steps of an epoch, within bounds."""
    return min(largest, max(SMALLEST_BATCH, 2 ** round(math.log2(max(1, count / STEPS)))))


def _labelled(source, task):
    """Returns the task, a dict of the splits with its labels, and lines of the report."""
    splits = {name: getattr(source, name) for name in ("train", "validation", "test")}
    given = {name: split for name, split in splits.items() if split is not None}
    raw = {name: split.labels for name, split in given.items()}
    task, labels, notes = task(raw, source.targets)
    labelled = {
        name: dataclasses.replace(split, labels=labels[name]) for name, split in given.items()
    }
    return task, {**splits, **labelled}, notes


def _inputs(examples):
    return None if isinstance(examples, Stream) else examples.inputs


def _as_the_model_reads(dataset):
    splits = {
        name: _as_raw(getattr(dataset, name), dataset.preprocessing)
        for name in ("train", "validation", "test")
    }
    return dataclasses.replace(dataset, **splits)


def _as_raw(examples, preprocessing):
    """Brings examples into the form of a model, or refuses them; of images one by one, the first.

    These have their axes in any case, and channels that are the same in all.
    """
    try:
        return _checked(examples, preprocessing)
    except ValueError as error:
        raise DataConfigError(str(error)) from None


def _checked(examples, preprocessing):
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
    if preprocessing.kind in (
        "text",
        "table",
        "record",
    ):  # now they are tensors, of bytes, and right
        return examples
    import keras

    return Examples(keras.tree.map_structure(keras.ops.convert_to_numpy, raw), examples.labels)
