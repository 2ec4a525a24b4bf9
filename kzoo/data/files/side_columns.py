"""A column that decides on which side of a split the rows of a table stand."""

import numpy as np

from kzoo.data.files.column_types import order_of_dates
from kzoo.data.sides import Groups, Times
from kzoo.messages import DataError
from kzoo.preprocessing.cells import numbers, strings, without_missing
from kzoo.preprocessing.dates import days_of


def sides_of_column(table, key, name):
    """Reads the groups or the times of the rows of a table.

    Args:
        table: `Csv`.
        key: `"by"` for groups, `"time"` for dates or numbers.
        name: Name of the column.

    Returns:
        `Groups` or `Times`.

    Raises:
        DataError: If one is missing, or is no time.
    """
    texts = without_missing(table.columns[name])
    if texts.null_count:
        row = int(np.argmin(np.asarray(texts.is_valid())))
        raise DataError(
            f"{table.path}, line {table.lines[row]}: data.split.{key} needs a value in each row of "
            f"{name!r}; here it is missing."
        )
    values = strings(texts.dictionary_encode(), None)
    if key == "by":
        return Groups(name, values.astype(str))
    read = numbers(texts)
    if not read.wrong.any():
        return Times(name, read.values, values)
    order = order_of_dates(texts)
    if order:
        return Times(name, days_of(values, order)[0].numpy(), values)
    fits = days_of(values, "ymd")[1].numpy()
    row = int(np.argmin(fits))
    raise DataError(
        f"{table.path}, line {table.lines[row]}: data.split.time needs numbers, or dates as "
        f"2024-12-31, in {name!r}. Received: {values[row]!r}"
    )
