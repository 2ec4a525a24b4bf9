"""A table in a CSV file, one column of which is the class."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from annotated_types import Len

from kzoo.data.dataset import Dataset, Examples
from kzoo.data.files.column_types import Column, choose_kinds
from kzoo.data.files.csv import read_csv
from kzoo.data.split import complete_splits
from kzoo.messages import DataConfigError, DataError, listed, nearest
from kzoo.preprocessing.cells import MISSING, numbers, without_missing
from kzoo.preprocessing.table import learn_table_preprocessing
from kzoo.types import PositiveFraction, PositiveInt, Seed

FEWEST = 3  # rows of a class: one for each split
DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}

Kind = Literal["number", "category", "ignore"]


def csv(
    preprocessing=None,
    *,
    path: str,
    target: str,
    delimiter: Annotated[str, Len(1, 1)] | None = None,
    decimal: Literal[".", ","] | None = None,
    encoding: str = "utf-8",
    missing: Sequence[str] | None = None,
    columns: dict[str | int, Kind] | None = None,
    max_categories: PositiveInt = 50,
    test_path: str | None = None,
    batch_size: PositiveInt = 64,
    validation: PositiveFraction = 0.1,
    split_seed: Seed = 0,
):
    """Rows of a CSV file, the first line of which names the columns.

    What a column holds is read off its values, and reported: numbers, categories, or nothing of
    use, such as dates, running numbers, or text that differs from row to row. Numbers may have
    separators between thousands, a currency sign or a percent sign.

    Args:
        preprocessing: That of a trained model, which decides the columns and how they are read;
            or None.
        path: The file.
        target: Name of the column that holds the class.
        delimiter: What stands between the fields; None recognises a comma, a semicolon, a tab or
            a vertical bar.
        decimal: The decimal sign of numbers; None recognises it, where the delimiter is not a
            comma.
        encoding: What the file is written in, as in `"cp1252"`. A byte order mark at its start
            goes first.
        missing: Words that stand for a missing value, in any case. None takes those of pandas
            (`NA`, `NaN`, `null`, `None`, ...) and `?`, except in the target, where they are
            classes.
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
    table = read_csv(path, delimiter, encoding)
    declared = {str(name): kind for name, kind in (columns or {}).items()}
    _check_columns(table, [target, *declared])
    classes, notes = _classes(table, target, missing)
    if preprocessing:
        words, kinds = preprocessing.missing, _kinds_of(preprocessing)
        _check_columns(table, kinds)
        texts = _texts(table, kinds, words)
    else:
        words = MISSING if missing is None else missing
        texts = _texts(table, [name for name in table.columns if name != target], words)
        kinds, told = choose_kinds(table, texts, declared, decimal)
        notes = (*told, *notes)
    if delimiter is None and table.delimiter in DELIMITERS:
        notes = (f"fields are separated by {DELIMITERS[table.delimiter]}", *notes)
    train = _examples(table, target, missing, classes, kinds, texts)
    test = None
    if test_path:
        table = read_csv(test_path, delimiter, encoding)
        _check_columns(table, [target, *kinds])
        kinds = {name: dataclasses.replace(kind, numbers=None) for name, kind in kinds.items()}
        test = _examples(table, target, missing, classes, kinds, _texts(table, kinds, words))
    train, held_out, test = complete_splits(train, None, test, validation, split_seed)
    decimals = {name: column.decimal for name, column in kinds.items()}
    return Dataset(
        train=train,
        validation=held_out,
        test=test,
        class_names=classes,
        preprocessing=preprocessing
        or learn_table_preprocessing(train.inputs, decimals, words, max_categories=max_categories),
        batch_size=batch_size,
        notes=notes,
    )


def _check_columns(table, needed):
    for name in needed:
        if name not in table.columns:
            hint = " Is data.delimiter the right one?" if len(table.columns) == 1 else ""
            raise DataConfigError(
                f"{table.path} has no column {name!r}.{nearest(name, table.columns)} "
                f"It has: {listed(table.columns)}.{hint}"
            )


def _kinds_of(preprocessing):
    """Returns how a trained model reads its columns."""
    return {
        column["name"]: Column("number", column.get("decimal", "."))
        if "median" in column
        else Column("category")
        for column in preprocessing.columns
    }


def _targets(table, target, missing):
    """Returns the target of each row, null where it is missing.

    What would be missing elsewhere, such as `None`, is a class here, unless the user says so.
    """
    return without_missing(table.columns[target], missing or ())


def _classes(table, target, missing):
    """Returns the names of the classes in order, of number where all are, else of letters.

    Also returns a warning for classes that may be two spellings of one.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    counted = pc.value_counts(pc.drop_null(_targets(table, target, missing)))
    counts = {entry["values"]: entry["counts"] for entry in counted.to_pylist()}
    small = [name for name, count in counts.items() if count < FEWEST]
    if len(small) > len(counts) / 2:
        raise DataError(
            f"{table.path}: the target {target!r} has {len(counts)} different values in "
            f"{len(table)} rows. It must hold classes, with several rows of each."
        )
    if small:
        place = pc.index(table.columns[target], small[0]).as_py()
        raise DataError(
            f"{table.path}, line {table.lines[place]}: too few rows are of the class "
            f"{small[0]!r}: {counts[small[0]]}. It needs {FEWEST} at least, for training, "
            "validation and test."
        )
    if len(counts) < 2:
        raise DataError(
            f"{table.path}: the target {target!r} must hold two classes or more. "
            f"Found: {listed(counts) or 'none'}."
        )
    read = numbers(pa.array(counts))
    order = np.argsort(list(counts) if read.wrong.any() else read.values, kind="stable")
    classes = [list(counts)[i] for i in order]
    return classes, tuple(_alike(classes))


def _alike(classes):
    """Yields a warning for classes that are one to a person: in other case, or as other numbers."""
    import pyarrow as pa

    read = numbers(pa.array(classes))
    keys = [c.casefold() if w else v for c, v, w in zip(classes, *read[:2], strict=True)]
    for key in dict.fromkeys(key for key in keys if keys.count(key) > 1):
        names = [repr(name) for name, other in zip(classes, keys, strict=True) if other == key]
        yield f"warning: {' and '.join(names)} are different classes"


def _texts(table, names, words):
    """Returns a dict from column to its text, null where a value is missing."""
    return {name: without_missing(table.columns[name], words) for name in names}


def _examples(table, target, missing, classes, kinds, texts):
    import pyarrow as pa
    import pyarrow.compute as pc

    targets = _targets(table, target, missing)
    labels = pc.index_in(targets, value_set=pa.array(classes))
    if labels.null_count:
        place = pc.index(pc.is_null(labels), True).as_py()
        name = targets[place].as_py()
        found = f"is {name!r}; the classes are {listed(classes)}" if name else "is missing"
        raise DataError(f"{table.path}, line {table.lines[place]}: the target {target!r} {found}.")
    inputs = {name: _values(table, name, texts[name], kind) for name, kind in kinds.items()}
    return Examples(inputs, np.array(labels, "int32"))


def _values(table, name, texts, column):
    """Returns the values of a column: floats, or strings with `""` where one is missing."""
    if column.kind == "category":
        encoded = texts.fill_null("").dictionary_encode()
        return encoded.dictionary.to_numpy(zero_copy_only=False)[np.asarray(encoded.indices)]
    if column.numbers is not None:
        return column.numbers
    values, wrong, _ = numbers(texts, column.decimal)
    if wrong.any():
        place = int(wrong.argmax())
        raise DataError(
            f"{table.path}, line {table.lines[place]}: the column {name!r} holds numbers, "
            f"this is {texts[place].as_py()!r}."
        )
    return values
