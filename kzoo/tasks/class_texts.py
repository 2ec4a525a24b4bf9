"""Classes that stand as texts in a column."""

import math
from collections import Counter

import numpy as np

from kzoo.messages import DataError, listed
from kzoo.tasks.class_arrays import LABELS, NUMBERS

FEWEST = 3  # rows of a class: one for each split
SIGNS = ";|"  # which stand between several labels
MANY = 20  # numbers, more of which are no classes


def text_classes(labels, targets):
    """Finds out what the classes are.

    Args:
        labels: Dict from split, training first, to array of strings, None where one is missing.
        targets: `Targets`.

    Returns:
        Class names, in the order of the numbers where all are numbers, else of letters; a list of
        integer arrays, the indices into them for each split; and lines for the report.

    Raises:
        DataError: If there are no two classes, one is too rare, or a target is missing or none.
    """
    names = _class_names(labels["train"], targets)
    places = {name: i for i, name in enumerate(names)}
    indices = []
    for split, y in labels.items():
        of_split = np.array([places.get(value, -1) for value in y], "int32")
        if (of_split < 0).any():
            first = int((of_split < 0).argmax())
            is_not = f"is {y[first]!r}; the classes are {listed(names)}"
            raise DataError(
                f"{targets.place(split, first)}: {targets.names[split]} "
                f"{is_not if y[first] else 'is missing'}.{_fitting_task(names)}"
            )
        indices.append(of_split)
    return names, indices, list(_alike(names))


def _class_names(y, targets):
    if y.ndim > 1:
        raise DataError(
            f"{targets.path}: {targets.names['train']}: a classification has one target. To "
            "predict several numbers, set task: regression."
        )
    counts = Counter(value for value in y if value is not None)
    small = {name for name, count in counts.items() if count < FEWEST}
    what = f"{targets.path}: {targets.names['train']}"
    if len(small) > len(counts) / 2:
        raise DataError(
            f"{what} has {len(counts)} different values in {len(y)} rows. It must hold classes, "
            f"with several rows of each.{_fitting_task(counts)}"
        )
    if small:
        first = next(i for i, value in enumerate(y) if value in small)
        raise DataError(
            f"{targets.place('train', first)}: too few rows are of the class {y[first]!r}: "
            f"{counts[y[first]]}. It needs {FEWEST} at least, for training, validation and test."
        )
    if len(counts) < 2:
        raise DataError(f"{what} must hold two classes or more. Found: {listed(counts) or 'none'}.")
    read = {name: _number(name) for name in sorted(counts)}
    return sorted(read, key=None if None in read.values() else read.get)


def _fitting_task(values):
    """Returns the task that most of these values are for, as a sentence; or `""`."""
    if sum(any(sign in value for sign in SIGNS) for value in values) > len(values) / 2:
        return LABELS
    numbers = sum(_number(value.replace(",", "")) is not None for value in values)
    return NUMBERS if numbers > max(MANY, len(values) / 2) else ""


def _alike(names):
    """Yields a warning for classes that are one to a person: in other case, or as other numbers."""
    keys = [name.casefold() if _number(name) is None else _number(name) for name in names]
    for key in dict.fromkeys(key for key in keys if keys.count(key) > 1):
        same = [repr(name) for name, other in zip(names, keys, strict=True) if other == key]
        yield f"warning: {' and '.join(same)} are different classes"


def _number(text):
    """Returns the number that a text is, or None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None
