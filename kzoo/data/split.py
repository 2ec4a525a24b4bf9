"""Cuts one split off another, the same in every run."""

import math

import keras
import numpy as np

from kzoo.data.dataset import Examples, Stream
from kzoo.data.sides import folds_of
from kzoo.messages import DataConfigError, DataError

TEST_FRACTION = 0.2  # where a set has no test split of its own
SPLITS = ("train", "validation", "test")
NAMES = {  # what folders and arrays of a split are called
    **dict.fromkeys(["train", "training"], "train"),
    **dict.fromkeys(["val", "valid", "validation", "dev"], "validation"),
    **dict.fromkeys(["test", "testing"], "test"),
}


def split_of(name):
    """Returns the split that a folder or an array is called after, in any case, or None."""
    return NAMES.get(name.lower())


def split_examples(examples, strata, fraction, split_seed):
    """Cuts a fraction off, stratified where there are strata.

    Args:
        examples: `Examples` or `Stream`.
        strata: Function from labels to integers, such as classes, of which both parts get their
            share; or to None.
        fraction: Size of the second part, between 0 and 1; as many examples as there are
            strata, at least.
        split_seed: Integer; independent of the seed that weights are drawn from.

    Returns:
        The rest and what was cut off, each in the order of `examples`.

    Raises:
        DataError: If a part would lack a stratum, or be empty.
    """
    from sklearn.model_selection import train_test_split

    count, by = len(examples), strata(examples.labels)
    kinds = 1 if by is None else len(np.unique(by))
    size = max(math.ceil(fraction * count), kinds)  # one of each
    try:
        parts = train_test_split(
            np.arange(count), test_size=size, random_state=split_seed, stratify=by
        )
    except ValueError as error:
        of = "" if by is None else f" of {kinds} classes"
        raise DataError(
            f"{count} examples{of} cannot be split into "
            f"{1 - fraction:.0%} and {fraction:.0%}{' by class' if of else ''}: {error}"
        ) from None
    return tuple(_take(examples, np.sort(part)) for part in parts)


def complete_splits(
    train, validation, test, strata, fraction, split_seed, sides=None, folds=None, fold=0
):
    """Cuts off the splits that a set does not have itself.

    Args:
        train: `Examples` or `Stream`, like the next two.
        validation: Validation split, or None to cut the fraction off `train`.
        test: Test split, or None to cut 20 % off `train`.
        strata: As of `split_examples`.
        fraction: That of the training examples which become the validation split.
        split_seed: Integer.
        sides: `Groups` or `Times` of the training examples, which decide where they stand; or None.
        folds: Number of parts, one of which is the test split in place of 20 %; or None.
        fold: Which one.

    Returns:
        Train, validation and test; and lines for the report.

    Raises:
        DataError: If a part would lack a stratum, or be empty.
        DataConfigError: If there are to be folds of what has a test split of its own.
    """
    if folds and (test is not None or sides and sides.in_order):
        raise DataConfigError(
            "data.folds cuts the test split out of all examples. This data has one of its own"
            f"{'' if test is not None else ', the latest ones'}: remove data.folds."
        )
    splits, told = {"train": train, "validation": validation, "test": test}, {"train": sides}
    for name, size in (("test", TEST_FRACTION), ("validation", fraction)):
        if splits[name] is not None:
            continue
        rest, of_sides = splits["train"], told["train"]
        by = strata(rest.labels)
        if folds and name == "test":
            places = _fold(len(rest), by, folds, fold, split_seed, of_sides)
        elif of_sides is not None:
            places = of_sides.cut(by, size, split_seed)
        else:
            splits["train"], splits[name] = split_examples(rest, strata, size, split_seed)
            continue
        places = [np.sort(of_part) for of_part in places]
        splits["train"], splits[name] = (_take(rest, of_part) for of_part in places)
        if of_sides is not None:
            told["train"], told[name] = (of_sides.take(of_part) for of_part in places)
    notes = [sides.tell({name: told[name] for name in SPLITS if name in told})] if sides else []
    notes += [f"fold {fold + 1} of {folds} is the test split"] * bool(folds)
    return *splits.values(), notes


def _fold(count, by, folds, fold, split_seed, groups):
    """Returns the places of the rest and of one fold."""
    most = count if groups is None else len(np.unique(groups.values))
    if folds > most:
        raise DataConfigError(
            f"data.folds must be {most} at most, the number of "
            f"{'examples' if groups is None else 'groups'}. Received: {folds}"
        )
    if fold >= folds:
        raise DataConfigError(
            f"data.fold counts from 0 to {folds - 1}, there are {folds} folds. Received: {fold}"
        )
    return list(folds_of(count, by, folds, split_seed, groups))[fold]


def read_examples(examples, indices):
    """Returns the `Examples` at these places, in this order; those of a `Stream` are read."""
    if isinstance(examples, Examples):
        return _take(examples, indices)
    stored = _take(examples, sorted(indices)).open().as_numpy_iterator()
    found = {i: image for i, (image, _) in zip(sorted(indices), stored, strict=True)}
    inputs = np.empty(len(indices), dtype=object)
    for place, i in enumerate(indices):
        inputs[place] = found[i]
    return Examples(inputs, examples.labels[indices])


def _take(examples, indices):
    if isinstance(examples, Examples):
        inputs = keras.tree.map_structure(lambda array: array[indices], examples.inputs)
        return Examples(inputs, examples.labels[indices])
    if examples.take:
        return examples.take(indices)
    kept = np.zeros(len(examples), bool)
    kept[indices] = True

    def open_part():
        import tensorflow as tf

        numbered = examples.open().enumerate()
        part = numbered.filter(lambda number, example: tf.constant(kept)[number])
        return part.map(lambda number, example: example)

    digests = None if examples.digests is None else examples.digests[indices]
    return Stream(open_part, examples.labels[indices], digests)
