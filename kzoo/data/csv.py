"""A table in a CSV file, one column of which is the class."""

from collections import Counter
from typing import Annotated, Literal

import numpy as np
from annotated_types import Len

from kzoo.data.column_types import choose_kinds, numbers
from kzoo.data.csv_reading import read_csv
from kzoo.data.dataset import DataConfigError, DataError, Dataset, Examples
from kzoo.data.split import complete_splits
from kzoo.data.table_preprocessing import learn_table_preprocessing
from kzoo.types import PositiveFraction, PositiveInt, Seed

FEWEST = 3  # rows of a class: one for each split

Kind = Literal["number", "category", "ignore"]


def csv(
    *,
    path: str,
    target: str,
    delimiter: Annotated[str, Len(1, 1)] = ",",
    columns: dict[str | int, Kind] | None = None,
    max_categories: PositiveInt = 50,
    test_path: str | None = None,
    batch_size: PositiveInt = 64,
    validation: PositiveFraction = 0.1,
    split_seed: Seed = 0,
):
    """Rows of a CSV file in UTF-8, the first line of which names the columns.

    Empty fields, NA, N/A, NaN, null, None and ? are missing values. What a column holds is read
    off its values, and reported: numbers, categories, or nothing of use, such as dates, running
    numbers, or text that differs from row to row.

    Args:
        path: The file.
        target: Name of the column that holds the class.
        delimiter: What stands between the fields.
        columns: Dict from the name of a column to what it holds, `"number"`, `"category"` or
            `"ignore"`, where that is not what its values look like.
        max_categories: Categories of a column that get a feature; the rarer ones share one.
        test_path: CSV file with the same columns to test on; None takes 20 % of each class.
        batch_size: Examples in a training step.
        validation: Fraction of the training examples that choices are made on.
        split_seed: Draws the splits; independent of the seed of a run.

    Returns:
        `Dataset`.

    Raises:
        DataError: If the file cannot be read or used; the message names the line.
    """
    table = read_csv(path, delimiter)
    declared = {str(name): kind for name, kind in (columns or {}).items()}
    _check_columns(table, path, [target, *declared])
    classes = _classes(table, target, path)
    kinds, notes = choose_kinds(table, path, target, declared)
    train = _examples(table, path, target, classes, kinds)
    test = None
    if test_path:
        table = read_csv(test_path, delimiter)
        _check_columns(table, test_path, [target, *kinds])
        test = _examples(table, test_path, target, classes, kinds)
    train, held_out, test = complete_splits(train, None, test, validation, split_seed)
    return Dataset(
        train=train,
        validation=held_out,
        test=test,
        class_names=classes,
        preprocessing=learn_table_preprocessing(train.inputs, max_categories=max_categories),
        batch_size=batch_size,
        notes=notes,
    )


def _check_columns(table, path, needed):
    names = [name for name in table if name is not None]
    for name in needed:
        if name not in names:
            hint = " Is data.delimiter the right one?" if len(names) == 1 else ""
            raise DataConfigError(
                f"{path} has no column {name!r}. It has: {', '.join(names)}.{hint}"
            )


def _classes(table, target, path):
    """Returns the names of the classes in order: of number where all are, else of letters."""
    counts = Counter(table[target])
    counts.pop("", None)
    small = [name for name, count in counts.items() if count < FEWEST]
    if len(small) > len(counts) / 2:
        raise DataError(
            f"{path}: the target {target!r} has {len(counts)} different values in "
            f"{len(table[None])} rows. It must hold classes, with several rows of each."
        )
    if small:
        line = table[None][table[target].index(small[0])]
        raise DataError(
            f"{path}, line {line}: too few rows are of the class {small[0]!r}: "
            f"{counts[small[0]]}. It needs {FEWEST} at least, for training, validation and test."
        )
    if len(counts) < 2:
        raise DataError(
            f"{path}: the target {target!r} must hold two classes or more. "
            f"Found: {', '.join(counts) or 'none'}."
        )
    values, wrong = numbers(counts)
    order = np.argsort(values) if not wrong else np.argsort(list(counts))
    return [list(counts)[i] for i in order]


def _examples(table, path, target, classes, kinds):
    index = {name: i for i, name in enumerate(classes)}
    labels = []
    for name, line in zip(table[target], table[None], strict=True):
        if name not in index:
            found = f"is {name!r}; the classes are {', '.join(classes)}" if name else "is missing"
            raise DataError(f"{path}, line {line}: the target {target!r} {found}.")
        labels.append(index[name])
    return Examples(
        {name: _column(table, path, name, kind) for name, kind in kinds.items()},
        np.array(labels, "int32"),
    )


def _column(table, path, name, kind):
    if kind == "category":
        return np.array(table[name], dtype=object)
    values, wrong = numbers(table[name])
    if wrong:
        place, text = wrong[0]
        raise DataError(
            f"{path}, line {table[None][place]}: the column {name!r} holds numbers, "
            f"this is {text!r}."
        )
    return values
