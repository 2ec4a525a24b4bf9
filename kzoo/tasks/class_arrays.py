"""Classes that stand as arrays of numbers, strings or one-hot rows."""

import numpy as np

from kzoo.messages import DataError

SHOWN = 20  # values in a message
NUMBERS = " To predict a number, set task: regression."
LABELS = " For several labels an example, set task: multi_label."
FEWEST = 3  # examples of most classes
LARGEST = 2.0**53  # below which a float64 tells neighbouring integers apart


def array_classes(labels, targets):
    """Finds out what the classes are.

    Args:
        labels: Dict from split, training first, to array: integers or strings, floats that are
            integers, or one-hot rows.
        targets: `Targets`, whose `class_names` are an array or None.

    Returns:
        Class names; a list of the indices into them, an integer array for each split; and a list
        of lines for the report.

    Raises:
        DataError: If they are no labels, or do not fit each other or the names.
    """
    widths = {y.shape[1] for y in labels.values() if y.ndim == 2 and y.shape[1] != 1}
    path, names = targets.path, targets.class_names
    labels = {targets.names[split]: y for split, y in labels.items()}
    flat = {name: _flat(y, name, path) for name, y in labels.items()}
    names = None if names is None else names_of(names, path)
    values, notes = _values(list(flat.values()), names, widths, path)
    names = names or [str(value) for value in values]
    if len(names) < 2:
        raise DataError(f"{path} must have two classes or more. Found: {', '.join(names)}")
    return names, [_indices(y, values, name, path) for name, y in flat.items()], notes


def names_of(names, path):
    """Returns the array `class_names` as a list of strings.

    Raises:
        DataError: If it is something else, or holds a name twice.
    """
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise DataError(
            f"{path}: class_names must be a list of strings. "
            f"Received: {names.dtype} of the shape {names.shape}"
        )
    names = _decoded(names, "class_names", path).tolist()
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path}: class_names has the same name twice: {', '.join(twice[:SHOWN])}.")
    return names


def _flat(y, name, path):
    """Returns labels with one integer, bool or string for each example."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind == "S":
        y = _decoded(y, name, path)
    if y.dtype.kind == "f" and y.ndim == 1:
        return _integers(y, name, path)
    if y.dtype.kind in "iubf" and y.ndim == 2:
        return _from_one_hot(y, name, path)
    if y.ndim != 1 or y.dtype.kind not in "iubU":
        raise DataError(
            f"{path}: {name} must hold one integer or string for each example, or one-hot rows. "
            f"Received: {y.dtype} of the shape {y.shape}"
        )
    return y


def _decoded(texts, name, path):
    try:
        return np.char.decode(texts, "utf-8") if texts.dtype.kind == "S" else texts
    except UnicodeDecodeError:
        raise DataError(f"{path}: {name} holds bytes that are not text in UTF-8.") from None


def _integers(y, name, path):
    wrong = np.flatnonzero(~((np.abs(y) < LARGEST) & (y == np.rint(y))))
    if len(wrong):
        raise DataError(
            f"{path}: {name} must hold classes, such as 0, 1 and 2.{NUMBERS} "
            f"Received: {y[wrong[0]]} at example {wrong[0]}, counted from 0"
        )
    counts = np.unique(y, return_counts=True)[1]
    if np.mean(counts < FEWEST) > 0.5:
        raise DataError(
            f"{path}: {name} holds {len(counts)} different numbers in {len(y)} examples. It must "
            f"hold classes, with several examples of each.{NUMBERS}"
        )
    return y.astype("int64")


def _from_one_hot(y, name, path):
    wrong = np.flatnonzero(((y != 0) & (y != 1)).any(axis=1) | ((y == 1).sum(axis=1) != 1))
    if len(wrong):
        row = np.array2string(y[wrong[0]], threshold=SHOWN, separator=", ")
        are_labels = np.isin(y, (0, 1)).all()
        hint = LABELS if are_labels else NUMBERS.replace("a number", "numbers")
        raise DataError(
            f"{path}: {name} must hold one class for each example; its rows are not one-hot.{hint} "
            f"Received: {row} at example {wrong[0]}, counted from 0"
        )
    return y.argmax(axis=1)


def _values(labels, names, widths, path):
    """Returns the label of each class, in the order of the names, and lines for the report."""
    is_text = {y.dtype.kind == "U" for y in labels}
    if len(is_text) > 1 or len(widths) > 1:
        raise DataError(f"{path}: the labels of the splits are of different kinds.")
    if is_text == {True}:
        return np.array(names) if names else np.unique(labels[0]), []
    count = len(names) if names else max(widths, default=0)
    if widths - {count}:
        raise DataError(
            f"{path}: one-hot labels of {max(widths)} classes, but {count} class_names."
        )
    if not count:
        return np.unique(labels[0]), []
    if np.array_equal(np.unique(np.concatenate(labels)), np.arange(1, count + 1)):
        return np.arange(1, count + 1), [f"labels go from 1 to {count}: 1 is {names[0]}"]
    return np.arange(count), []


def _indices(y, values, name, path):
    order = np.argsort(values)
    places = np.minimum(np.searchsorted(values, y, sorter=order), len(values) - 1)
    indices = order[places].astype("int32")
    wrong = y[values[indices] != y]
    if len(wrong):
        more = ", ..." if len(values) > SHOWN else ""
        raise DataError(
            f"{path}: {name} holds the label {wrong[0]}. "
            f"The classes are: {', '.join(map(str, values[:SHOWN]))}{more}."
        )
    return indices
