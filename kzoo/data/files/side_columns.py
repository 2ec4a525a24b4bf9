"""Columns that say which group a row of a table belongs to, or when it was."""

import numpy as np

from kzoo.data.files.column_types import order_of_dates
from kzoo.data.sides import Groups, Times
from kzoo.preprocessing.cells import numbers, strings, without_missing
from kzoo.preprocessing.dates import days_of


def sides_of_column(table, key, name):
    """Reads what decides on which side of a split the rows of a table stand.

    Args:
        table: `Csv`.
        key: `"by"` for groups, `"time"` for dates or numbers.
        name: Name of the column.

    Returns:
        `Groups` or `Times`.

    Raises:
        DataError: If a value is missing, or is no time.
    """
    if key == "by":
        return Groups(name, words_of_column(table, "data.split.by", name)[1].astype(str))
    return Times(name, *times_of_column(table, "data.split.time", name))


def words_of_column(table, key, name):
    """Returns the values of a column as text of Arrow and as strings, or refuses a missing one.

    Args:
        table: `Csv`.
        key: The key of the config that names the column.
        name: Name of the column.
    """
    texts = without_missing(table.columns[name])
    table.refuse(
        ~np.asarray(texts.is_valid()),
        lambda row: f"{key} needs a value in each row of {name!r}; here it is missing.",
    )
    return texts, strings(texts.dictionary_encode(), None)


def times_of_column(table, key, name):
    """Returns numbers or dates of a column as numbers, and as they stand there.

    Args:
        table: `Csv`.
        key: The key of the config that names the column.
        name: Name of the column.

    Raises:
        DataError: If a value is missing, or is neither a number nor a date.
    """
    texts, words = words_of_column(table, key, name)
    read = numbers(texts)
    if not read.wrong.any():
        return read.values, words
    order = order_of_dates(texts)
    days, fits = (found.numpy() for found in days_of(words, order or "ymd"))
    table.refuse(
        ~fits,
        lambda row: (
            f"{key} needs numbers, or dates as 2024-12-31, in {name!r}. Received: {words[row]!r}"
        ),
    )
    return days, words
