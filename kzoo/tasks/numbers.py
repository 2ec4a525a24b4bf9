"""Targets that are numbers, as arrays or as texts in columns."""

import numpy as np

from kzoo.messages import DataError, listed
from kzoo.preprocessing.cells import numbers

CLASSES = "To tell classes apart, set task: classification."


def numbers_of(labels, targets):
    """Finds out what the numbers are.

    Args:
        labels: Dict from split, training first, to array `(examples,)` or `(examples, targets)`
            of numbers, or of strings, None where one is missing.
        targets: `Targets`.

    Returns:
        Names of the targets, and a dict from split to float64 `(examples, targets)`.

    Raises:
        DataError: If they are no numbers.
    """
    if isinstance(targets.class_names, list):
        raise DataError(
            f"The data has classes, no numbers to predict: {listed(targets.class_names)}. {CLASSES}"
        )
    labels = {split: y[:, None] if y.ndim == 1 else y for split, y in labels.items()}
    widths = {y.shape[1:] for y in labels.values()}
    if len(widths) > 1 or len(next(iter(widths))) != 1:
        raise DataError(
            f"{targets.path}: the targets must be numbers of the shape (examples,) or (examples, "
            f"targets). Received: {listed(y.shape for y in labels.values())}"
        )
    width = labels["train"].shape[1]
    names = targets.columns or _numbered(targets.names["train"], width)
    read = {split: _floats(y, split, targets) for split, y in labels.items()}
    return list(names), read


def _numbered(name, width):
    return [name] if width == 1 else [f"{name}[{i}]" for i in range(width)]


def _floats(y, split, targets):
    if y.dtype.kind in "OUS":
        columns = [_read(y[:, i], split, i, targets) for i in range(y.shape[1])]
        return np.stack(columns, axis=1)
    if y.dtype.kind not in "iufb":
        raise DataError(
            f"{targets.path}: {targets.names[split]} must hold numbers. Received: {y.dtype}"
        )
    values = y.astype("float64")
    if len(wrong := np.argwhere(~np.isfinite(values))):
        place, column = wrong[0]
        raise DataError(
            f"{_place(targets, split, place)}: {_name(targets, split, column)} is "
            f"{values[place, column]}. Every example needs a finite number."
        )
    return values


def _read(texts, split, column, targets):
    """Returns the numbers of a column of text, by the decimal sign that fits."""
    import pyarrow as pa

    present = pa.array(np.where(texts == "", None, texts), "string")
    found = [
        numbers(present, sign) for sign in dict.fromkeys(filter(None, (targets.decimal, *".,")))
    ]
    values, wrong, _ = min(found, key=lambda read: read.wrong.sum())
    wrong = np.isnan(values)
    if wrong.any():
        place = int(wrong.argmax())
        text = texts[place] and str(texts[place])
        is_not = f"is {text!r}, no number. {CLASSES}" if text else "is missing. Remove the row."
        raise DataError(
            f"{_place(targets, split, place)}: {_name(targets, split, column)} {is_not}"
        )
    return values


def _place(targets, split, place):
    if targets.place:
        return targets.place(split, place)
    return f"{targets.path}, example {place}, counted from 0"


def _name(targets, split, column):
    if targets.columns:
        return f"the target {targets.columns[column]!r}"
    return targets.names[split]
