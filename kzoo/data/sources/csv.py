"""A table in a CSV file, one column of which is the target, or several are."""

import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Len

from kzoo.data.dataset import Examples
from kzoo.data.files.column_types import ALONE, Column, choose_kinds
from kzoo.data.files.csv import read_csv
from kzoo.data.files.image_columns import read_image_column
from kzoo.data.files.images import check_background
from kzoo.data.files.side_columns import sides_of_column
from kzoo.data.sides import split as split_of_section
from kzoo.data.sources.base import Source
from kzoo.messages import DataConfigError, listed, nearest
from kzoo.preprocessing import ImagePreprocessing
from kzoo.preprocessing.cells import MISSING, numbers, strings, without_missing
from kzoo.preprocessing.dates import days_of
from kzoo.tasks.targets import Targets
from kzoo.types import LEARNED, HeightWidth, PositiveInt

DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}

Kind = Literal["number", "category", "date", "text", "image", "ignore"]


def csv(
    preprocessing=None,
    several=False,
    *,
    path: str,
    target: str | Sequence[str],
    delimiter: Annotated[str, Len(1, 1)] | None = None,
    decimal: Literal[".", ","] | None = None,
    encoding: str = "utf-8",
    missing: Sequence[str] | None = None,
    columns: dict[str | int, Kind] | None = None,
    max_categories: PositiveInt = 50,
    text: Annotated[Any, LEARNED] = None,
    image_size: Annotated[HeightWidth, LEARNED] = (64, 64),
    channels: Annotated[Literal[1, 3], LEARNED] = 3,
    background: Annotated[str, LEARNED] = "white",
    split=None,
    validation_path: str | None = None,
    test_path: str | None = None,
):
    """Rows of a CSV file, the first line of which names the columns.

    What a column holds is read off its values, and reported: numbers, categories, dates, texts, the
    names of image files, or nothing of use, such as running numbers or identifiers. Numbers may
    have separators between thousands, a currency sign or a percent sign. Images are looked for
    beside the file. Where only one column is of use and holds texts or images, the data is texts or
    images, for the models that read these.

    Args:
        preprocessing: That of a trained model, which decides the columns and how they are read;
            or None.
        several: Whether a model reads texts and images beside numbers and categories, as
            `multimodal_fusion` does. Otherwise such columns are left out, unless there is one
            and nothing else.
        path: The file.
        target: Name of the column that holds the class, or the number to predict; or a list of
            names.
        delimiter: What stands between the fields; None recognises a comma, a semicolon, a tab or
            a vertical bar.
        decimal: The decimal sign of numbers; None recognises it, where the delimiter is not a
            comma.
        encoding: What the file is written in, as in `"cp1252"`. A byte order mark at its start
            goes first.
        missing: Words that stand for a missing value, in any case. None takes those of pandas
            (`NA`, `NaN`, `null`, `None`, ...) and `?`, except in the target, where they are
            classes.
        columns: Dict from the name of a column to what it holds, `"number"`, `"category"`,
            `"date"`, `"text"`, `"image"` or `"ignore"`, where that is not what its values look
            like.
        max_categories: Categories of a column that get a feature; the rarer ones share one.
        text: Keyword arguments of `TextPreprocessing.learn`, or None.
        image_size: `(height, width)` in pixels that the model gets of an image.
        channels: 1 for grey images, 3 for colour.
        background: Colour behind transparent pixels, a name or `"#rrggbb"`.
        split: Keyword arguments of `kzoo.data.sides.split`, what decides on which side of a split
            a row stands; None draws that.
        validation_path: CSV file with the same columns to choose on; None takes `validation` of
            each class.
        test_path: CSV file with the same columns to test on; None takes 20 % of each class.

    Raises:
        DataError: If the file cannot be read or used; the message names the line.
    """
    check_background(background)
    table = read_csv(path, delimiter, encoding)
    declared = {str(name): kind for name, kind in (columns or {}).items()}
    targets = [target] if isinstance(target, str) else list(target)
    decides = split_of_section(**(split or {}))
    _check_columns(table, [*targets, *declared, *(decides or ())[1:]])
    notes = []
    if delimiter is None and table.delimiter in DELIMITERS:
        notes = [f"fields are separated by {DELIMITERS[table.delimiter]}"]
    kinds = _kinds_of(preprocessing)
    words = getattr(preprocessing, "missing", MISSING if missing is None else missing)
    if kinds:
        _check_columns(table, kinds)
        texts = _texts(table, kinds, words)
    else:
        apart = [*targets, *(name for name in (decides or ())[1:] if name not in declared)]
        texts = _texts(table, [name for name in table.columns if name not in apart], words)
        kinds, told = choose_kinds(table, texts, declared, decimal, several)
        notes += told
    images = _image_part(preprocessing) or ImagePreprocessing(*image_size, channels, background)
    tables = {"train": table}
    splits = {"train": _examples(table, targets, missing, kinds, texts, images)}
    kinds = {name: dataclasses.replace(kind, values=None) for name, kind in kinds.items()}
    for name, other in (("validation", validation_path), ("test", test_path)):
        if other:
            tables[name] = table = read_csv(other, delimiter, encoding)
            _check_columns(table, [*targets, *kinds])
            texts = _texts(table, kinds, words)
            splits[name] = _examples(table, targets, missing, kinds, texts, images)
    alone = {name: column.kind for name, column in kinds.items() if column.kind in ALONE}
    kind = "record" if several or alone else "table"
    options = {
        "decimals": {name: column.decimal for name, column in kinds.items()},
        "missing": words,
        "max_categories": max_categories,
        "dates": {name: column.order for name, column in kinds.items() if column.kind == "date"},
    }
    if several or alone:
        options = {"kinds": alone, "text": text, "images": images, "table": options}
    if not several and len(kinds) == 1 and alone:
        [(column, kind)] = alone.items()
        for name, split in splits.items():
            splits[name] = _of_column(tables[name], split, column, words)
        options = {**(text or {}), "column": column} if kind == "text" else _size(images)
    return Source(
        kind=kind,
        **splits,
        targets=Targets(
            path=path,
            names=dict.fromkeys(splits, _named(targets)),
            columns=targets,
            decimal=decimal or _decimal_of(kinds),
            place=lambda split, i: f"{tables[split].path}, line {tables[split].lines[i]}",
        ),
        sides=decides and sides_of_column(tables["train"], *decides),
        options=options,
        notes=tuple(notes),
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
    """Returns how a trained model reads its columns; None where it does not know their names."""
    if preprocessing is None or preprocessing.kind == "image":
        return None
    if preprocessing.kind == "text":
        return preprocessing.column and {preprocessing.column: Column("text")}
    kinds = {column["name"]: _kind_of(column) for column in preprocessing.columns}
    return kinds | {name: Column(part.kind) for name, part in preprocessing.alone.items()}


def _image_part(preprocessing):
    """Returns the `ImagePreprocessing` of a trained model, or None."""
    parts = [preprocessing, *getattr(preprocessing, "alone", {}).values()]
    return next((part for part in parts if getattr(part, "kind", None) == "image"), None)


def _of_column(table, examples, column, words):
    """Returns examples of one column alone; refuses a row without an image."""
    values = examples.inputs[column]
    if values.ndim > 1:
        missing = without_missing(table.columns[column], words).is_null().to_numpy(False)
        table.refuse(missing, lambda row: f"the column {column!r} names no image.")
    return Examples(values, examples.labels)


def _size(images):
    """Returns the arguments of `ImagePreprocessing.learn`."""
    size = (images.height, images.width)
    return {"image_size": size, "channels": images.channels, "background": images.background}


def _kind_of(column):
    if "median" in column:
        return Column("number", column.get("decimal", "."))
    return Column("date", order=column["order"]) if "order" in column else Column("category")


def _texts(table, names, words):
    """Returns a dict from column to its text, null where a value is missing."""
    with ThreadPoolExecutor() as pool:
        texts = pool.map(lambda name: without_missing(table.columns[name], words), names)
        return dict(zip(names, texts, strict=True))


def _named(targets):
    if len(targets) == 1:
        return f"the target {targets[0]!r}"
    return f"the targets {listed(map(repr, targets))}"


def _decimal_of(kinds):
    """Returns the decimal sign that all columns of numbers have, or None."""
    signs = {kind.decimal for kind in kinds.values() if kind.kind == "number"}
    return signs.pop() if len(signs) == 1 else None


def _examples(table, targets, missing, kinds, texts, images):
    """Returns the columns, and the targets of each row, None where one is missing.

    What would be missing elsewhere, such as `None`, is a class here, unless the user says so.
    """
    with ThreadPoolExecutor() as pool:
        values = pool.map(
            lambda name: _values(table, name, texts[name], kinds[name], images), kinds
        )
        inputs = dict(zip(kinds, values, strict=True))
    columns = [without_missing(table.columns[name], missing or ()) for name in targets]
    columns = [strings(column.dictionary_encode(), None) for column in columns]
    return Examples(inputs, columns[0] if len(columns) == 1 else np.stack(columns, axis=1))


def _values(table, name, texts, column, images):
    """Returns the values of a column: floats, strings with `""` where one is missing, or images."""
    if column.values is not None:
        return column.values
    if column.kind == "image":
        return _read_images(table, name, strings(texts.dictionary_encode(), ""), images)
    if column.kind in ("category", "text"):
        return strings(texts.dictionary_encode(), "")
    if column.kind == "date":
        return _read_dates(table, name, strings(texts.dictionary_encode(), ""), column.order)
    values, wrong, _ = numbers(texts, column.decimal)
    table.refuse(
        wrong, lambda row: f"the column {name!r} holds numbers, this is {texts[row].as_py()!r}."
    )
    return values


def _read_dates(table, name, texts, order):
    table.refuse(
        ~days_of(texts, order)[1].numpy() & (texts != ""),
        lambda row: f"the column {name!r} holds dates, as 2024-12-31, this is {texts[row]!r}.",
    )
    return texts


def _read_images(table, name, files, images):
    found, problems = read_image_column(files, Path(table.path).parent, images)
    table.refuse(
        np.isin(np.arange(len(table)), list(problems)),
        lambda row: (
            f"the image in the column {name!r} cannot be read: {problems[row]} "
            f"({len(problems)} such)"
        ),
    )
    return found
