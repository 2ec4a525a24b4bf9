"""What a user passes as a table, brought into columns or refused."""

import keyword
import re

import numpy as np

RESERVED = ("probabilities",)  # a layer of the saved model


def tensor_names(columns):
    """Returns a name for each column that TensorFlow takes in a signature, all different.

    Args:
        columns: Names of the columns: any strings.
    """
    names = []
    for column in columns:
        name = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
        if not name or not name[0].isalpha() or keyword.iskeyword(name):
            name = f"column_{name}".rstrip("_")
        base, number = name, 1
        while name in names or name in RESERVED:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
    return names


def as_columns(table, expected):
    """Returns a dict from column to values, all of one length.

    Args:
        table: Dict of columns, data frame of pandas, or list of dicts, which are rows.
        expected: Names of the columns that it has to have.

    Raises:
        ValueError: If it is something else, or a column is missing, unknown or shorter.
    """
    if isinstance(table, list | tuple) and table and all(isinstance(row, dict) for row in table):
        for i, row in enumerate(table):
            _check_names(row, expected, f"Row {i}")
        return {name: [row[name] for row in table] for name in expected}
    if not hasattr(table, "keys"):  # as dicts and data frames have
        raise ValueError(
            "A table must be a dict of columns, a data frame, or a list of dicts. "
            f"Received: {type(table).__name__}"
        )
    _check_names(table, expected, "The table")
    columns = {name: _flat(name, table[name]) for name in expected}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"Columns must have one length. Received: {shown}")
    return columns


def as_raw_column(name, values, is_number):
    """Returns the values of a column as an array of float32, or of strings, dtype object.

    Raises:
        ValueError: If there is text in a column of numbers, or something else than one value.
    """
    if is_number:
        try:
            return np.array([_as_number(value) for value in values], "float32")
        except (TypeError, ValueError):
            wrong = next(value for value in values if not _is_number(value))
            raise ValueError(f"Column {name!r} takes numbers. Received: {wrong!r}") from None
    return np.array([_as_category(name, value) for value in values], dtype=object)


def _check_names(given, expected, what):
    names = list(given.keys())
    missing = [name for name in expected if name not in names]
    if missing:
        raise ValueError(
            f"{what} lacks the column {', '.join(map(repr, missing))}. "
            f"Received: {', '.join(map(str, names))}"
        )
    unknown = [name for name in names if name not in expected]
    if unknown:
        raise ValueError(
            f"{what} has a column that the model does not know: "
            f"{', '.join(map(repr, unknown))}. It knows: {', '.join(expected)}"
        )


def _flat(name, values):
    """The values of a column as a sequence; one value alone, as of one row, becomes one."""
    values = values.numpy() if hasattr(values, "numpy") else values
    values = np.asarray(values, dtype=None if hasattr(values, "dtype") else object)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim > 1:
        raise ValueError(
            f"Column {name!r} must have one value in a row. Received: the shape {values.shape}"
        )
    return np.atleast_1d(values)


def _as_number(value):
    if isinstance(value, str | bytes):
        raise ValueError
    return np.nan if _is_missing(value) else float(value)


def _is_number(value):
    try:
        _as_number(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_missing(value):
    """Whether it is None, NaN, or the NA of pandas, which has no truth value."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):  # the latter from an array
        return not hasattr(value, "__len__")


def _as_category(name, value):
    """As in a file: `3.0` is `"3"`, None and NaN are `""`."""
    if isinstance(value, bytes):
        return value.decode()
    if _is_missing(value):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, list | tuple | dict | np.ndarray):
        raise ValueError(f"Column {name!r} must have one value in a row. Received: {value!r}")
    return str(value).strip()
