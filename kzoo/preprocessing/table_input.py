"""What a user passes as a table, brought into columns or refused."""

import keyword
import re

import numpy as np

from kzoo.preprocessing.cells import MISSING, as_text, numbers, without_missing

RESERVED = ("probabilities",)  # a layer of the saved model


def tensor_names(columns, taken=RESERVED):
    """Returns a name for each column that TensorFlow takes in a signature, all different.

    Args:
        columns: Names of the columns: any strings.
        taken: Names that something else has.
    """
    names = []
    for column in columns:
        name = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
        if not name or not name[0].isalpha() or keyword.iskeyword(name):
            name = f"column_{name}".rstrip("_")
        base, number = name, 1
        while name in names or name in taken:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
    return names


def as_columns(table, expected, whole=()):
    """Returns a dict from column to values, all of one length.

    Args:
        table: Dict of columns; data frame of pandas, Polars or Arrow; or list of dicts, which are
            rows.
        expected: Names of the columns that it must have. It may have others.
        whole: Names of those whose values are no single ones, such as images; they stay as they
            are.

    Raises:
        ValueError: If it is something else, or a column is missing or shorter.
    """
    if isinstance(table, list | tuple) and table and all(isinstance(row, dict) for row in table):
        for i, row in enumerate(table):
            _check_names(list(row), expected, f"Row {i}")
        rows = {name: [row[name] for row in table] for name in expected}
        return {n: values if n in whole else _flat(n, values) for n, values in rows.items()}
    names = _names(table)
    if names is None:
        raise ValueError(
            "A table must be a dict of columns, a data frame, or a list of dicts. "
            f"Received: {type(table).__name__}"
        )
    _check_names(names, expected, "The table")
    columns = {n: table[n] if n in whole else _flat(n, table[n]) for n in expected}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"Columns must have one length. Received: {shown}")
    return columns


def _names(table):
    """Returns the names of the columns; None of what is no table."""
    if hasattr(table, "column_names"):  # of Arrow
        return list(table.column_names)
    if hasattr(table, "keys"):  # a dict, or of pandas
        return list(table.keys())
    return list(table.columns) if hasattr(table, "columns") else None


def as_numbers(name, values, decimal=".", missing=MISSING):
    """Returns a column as float64, NaN where a value is missing.

    Args:
        name: What a message calls it.
        values: Array of one axis, of NumPy or Arrow: numbers, or text as in a file.
        decimal: The decimal sign in text.
        missing: Words that stand for a missing value in text.

    Raises:
        ValueError: If a value is no number.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "iufb":
        return values.astype("float64")
    found, wrong, _ = numbers(without_missing(as_texts(name, values), missing), decimal)
    if wrong.any():
        place = int(wrong.argmax())
        raise ValueError(f"Column {name!r} takes numbers. Received: {values[place]!r}")
    return found


def as_texts(name, values):
    """Returns a column as Arrow text, null where a value is missing.

    Raises:
        ValueError: If there is more than one value in a row.
    """
    import pyarrow.compute as pc

    if not isinstance(values, np.ndarray):
        return pc.utf8_trim_whitespace(values)
    try:
        return as_text(values)
    except ValueError as error:
        raise ValueError(f"Column {name!r} must have one value in a row. {error}") from None


def _check_names(names, expected, what):
    missing = [name for name in expected if name not in names]
    if missing:
        raise ValueError(
            f"{what} lacks the column {', '.join(map(repr, missing))}. "
            f"Received: {', '.join(map(str, names))}"
        )


def _flat(name, values):
    """Returns the values of a column as an array of one axis; one value alone becomes one.

    Arrow's text stays as it is; all else becomes an array of NumPy.
    """
    if hasattr(values, "type") and str(values.type).endswith("string"):
        return values.combine_chunks() if hasattr(values, "combine_chunks") else values
    values = values.numpy() if hasattr(values, "numpy") else values
    if isinstance(values, list | tuple):
        is_numbers = set(map(type, values)) <= {int, float}
        values = np.asarray(values, "float64" if is_numbers else object)
    else:
        values = np.asarray(values, None if hasattr(values, "dtype") else object)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim > 1:
        raise ValueError(
            f"Column {name!r} must have one value in a row. Received: the shape {values.shape}"
        )
    return np.atleast_1d(values)
