"""Targets that are several labels an example, as texts, as columns or as arrays of 0 and 1."""

from collections import Counter

import numpy as np

from kzoo.messages import DataError, listed
from kzoo.tasks.class_arrays import names_of

SEPARATORS = ";|,"  # that are recognised
WORDS = {"0": 0, "1": 1, "false": 0, "true": 1, "no": 0, "yes": 1, "0.0": 0, "1.0": 1}
CLASS = "For one class an example, remove task, or set task: classification."


def label_sets(labels, targets, separator):
    """Finds out what the labels are.

    Args:
        labels: Dict from split, training first, to array: strings `(examples,)` with several labels
            in each; or `(examples, labels)` of 0 and 1, as numbers or as text.
        targets: `Targets`.
        separator: What stands between the labels of a string; None recognises it.

    Returns:
        Names of the labels; a dict from split to uint8 `(examples, labels)`; and the separator.

    Raises:
        DataError: If they are no labels.
    """
    if {y.ndim for y in labels.values()} == {2}:
        names = _names(labels["train"].shape[1], targets)
        read = {split: _from_columns(y, names, split, targets) for split, y in labels.items()}
        return names, read, None
    if isinstance(targets.class_names, list):
        raise DataError(f"Each example has one class, of {listed(targets.class_names)}. {CLASS}")
    if labels["train"].dtype.kind not in "OUS":
        raise DataError(
            f"{targets.path}: {targets.names['train']} must hold a row of 0 and 1 for each "
            f"example, or strings of labels. Received: {labels['train'].dtype}. {CLASS}"
        )
    separator = separator or _recognise_separator(labels["train"])
    sets = {split: [_split(text, separator) for text in y] for split, y in labels.items()}
    names = sorted(set().union(*sets["train"]))
    if len(names) < 2 or len(names) > len(sets["train"]) / 2:
        raise DataError(
            f"{targets.path}: {targets.names['train']} holds {len(names)} different labels in "
            f"{len(sets['train'])} examples, cut at {separator!r}. Set task.separator to what "
            f"stands between the labels of an example. {CLASS}"
        )
    return names, {s: _from_sets(of, names, s, targets) for s, of in sets.items()}, separator


def _names(width, targets):
    if isinstance(targets.class_names, list):
        return targets.class_names
    if targets.columns:
        return list(targets.columns)
    if targets.class_names is None:
        return [str(i) for i in range(width)]
    names = names_of(targets.class_names, targets.path)
    if len(names) != width:
        raise DataError(f"{targets.path}: {width} labels, but {len(names)} class_names.")
    return names


def _from_columns(y, names, split, targets):
    """Returns 0 and 1 of columns that hold nothing else."""
    if y.shape[1] != len(names):
        raise DataError(f"{targets.path}: {targets.names[split]} has {y.shape[1]} columns.")
    if y.dtype.kind in "OUS":
        words = np.vectorize(lambda text: WORDS.get(str(text).lower(), -1), otypes=["int8"])
        values = words(y)
    else:
        values = np.where(y == 1, 1, np.where(y == 0, 0, -1)).astype("int8")
    wrong = np.argwhere(values < 0)
    if len(wrong):
        place, column = wrong[0]
        where = targets.place(split, place) if targets.place else f"example {place}, from 0"
        raise DataError(
            f"{targets.path}, {where}: the label {names[column]!r} must be 0 or 1. "
            f"Received: {y[place, column]}"
        )
    return values.astype("uint8")


def _recognise_separator(texts):
    counts = Counter(
        character for text in texts if text for character in set(text) & set(SEPARATORS)
    )
    return max(SEPARATORS, key=lambda separator: counts[separator])


def _split(text, separator):
    if isinstance(text, bytes):
        text = text.decode()
    return {label for part in (text or "").split(separator) if (label := part.strip())}


def _from_sets(sets, names, split, targets):
    places = {name: i for i, name in enumerate(names)}
    values = np.zeros((len(sets), len(names)), "uint8")
    for i, labels in enumerate(sets):
        if unknown := labels - places.keys():
            where = targets.place(split, i) if targets.place else f"{targets.path}, example {i}"
            raise DataError(f"{where}: the label {min(unknown)!r} is not in the training split.")
        values[i, [places[label] for label in labels]] = 1
    return values
