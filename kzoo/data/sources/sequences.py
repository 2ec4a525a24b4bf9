"""Series of different lengths, with gaps or without."""

from pathlib import Path

import numpy as np

from kzoo.data.dataset import Examples, not_there
from kzoo.data.files.arrays import read_arrays
from kzoo.data.files.csv import read_csv
from kzoo.data.files.side_columns import sides_of_column, times_of_column, words_of_column
from kzoo.data.files.ts import read_ts
from kzoo.data.sides import split as split_of_section
from kzoo.data.sources.base import Source
from kzoo.messages import DataConfigError, DataError, listed, nearest
from kzoo.preprocessing.cells import numbers, strings, without_missing
from kzoo.tasks.targets import Targets


def sequences(
    *,
    path: str,
    validation_path: str | None = None,
    test_path: str | None = None,
    id: str = "id",
    time: str | None = None,
    target: str = "target",
    split=None,
    encoding: str = "utf-8",
):
    """Series of different lengths, of one feature or several, some values of which may be missing.

    Three kinds of files hold them:

        .npz   an array for each series, in their order, and `y`, as
               `np.savez(path, *series, y=y)` writes; or `x` `(series, time, features)` with
               `lengths`, or with NaN behind the shorter ones
        .csv   a row for each step, in the order of time: a column that says which series it belongs
               to, columns of numbers, and one of the target, the same in all rows of a series
        .ts    the format of the UCR and UEA archives

    Shorter series are padded; padding changes nothing. A missing value becomes the mean of its
    feature, and another feature says where that is so.

    Args:
        path: The file. Beside `NAME_TRAIN.ts`, the file `NAME_TEST.ts` is what is tested on.
        validation_path: Another file to choose on; None takes `validation` of each class.
        test_path: Another file to test on; None takes 20 % of each class.
        id: Column of a CSV file that says which series a row belongs to.
        time: Column of numbers or dates by which the rows of a series are put in order; None takes
            them as they stand.
        target: Column of a CSV file with the target.
        split: Keyword arguments of `kzoo.data.sides.split`, what decides on which side of a split
            a series of a CSV file stands, by its first row; None draws that.
        encoding: What a CSV file is written in.

    Raises:
        DataError: If a file cannot be read or used; the message names the line.
    """
    columns = {"id": id, "time": time, "target": target, "encoding": encoding}
    decides = split_of_section(**(split or {}))
    read = {"train": _read(path, sides=decides, **columns)}
    for name, other in (("validation", validation_path), ("test", test_path or _beside(path))):
        if other:
            read[name] = _read(other, apart=(decides or ())[1:], **columns)
    features = read["train"][0][0].shape[1]
    for split, (series, *_) in read.items():
        if series[0].shape[1] != features:
            raise DataError(
                f"The {split} split holds series of {series[0].shape[1]} features; those of {path} "
                f"have {features}."
            )
    splits = {split: Examples(_as_array(s), y) for split, (s, y, _, _) in read.items()}
    lengths = [len(one) for series, *_ in read.values() for one in series]
    note = f"{len(lengths):,} series of {min(lengths):,} to {max(lengths):,} steps"
    gaps = np.mean([np.isnan(one).mean() for one in read["train"][0]])
    return Source(
        kind="sequence",
        **splits,
        targets=Targets(
            class_names=next(iter(read.values()))[2].get("class_names"),
            path=str(path),
            names=dict.fromkeys(splits, "the target"),
            place=lambda split, i: read[split][3](i),
        ),
        sides=read["train"][2].get("sides"),
        options={"varying": True, "columns": read["train"][2].get("columns")},
        notes=(note, *([f"{gaps:.1%} of the values are missing"] if gaps else [])),
    )


def read_series(path, columns, encoding="utf-8"):
    """Reads a file of series whose targets, where there are any, do not matter.

    Args:
        path: The file.
        columns: `SequencePreprocessing.columns`, for a CSV file; or None.
        encoding: What a CSV file is written in.

    Returns:
        List of arrays `(time, features)`, and a list of strings, what a message calls each.

    Raises:
        DataError: If it cannot be read.
    """
    series, _, _, place = _read(path, targets=False, encoding=encoding, **(columns or {}))
    return series, [place(i) for i in range(len(series))]


def _beside(path):
    path = Path(path)
    other = path.with_name(path.name.replace("_TRAIN", "_TEST"))
    return str(other) if other != path and other.is_file() else None


def _read(path, targets=True, **columns):
    """Returns series, targets, a dict of what else is known, and where each series stands."""
    suffix = Path(path).suffix.lower()
    if suffix not in READERS:
        raise DataConfigError(f"data.path must end in {listed(READERS)}. Received: {path}")
    if columns.get("sides") and suffix != ".csv":
        raise DataConfigError(f"data.split names a column of a CSV file. Received: {path}")
    series, y, more, place = READERS[suffix](path, targets, **columns)
    if targets and y is None:
        raise DataError(f"{path} holds no targets.")
    if empty := [i for i, one in enumerate(series) if not len(one)]:
        raise DataError(f"{place(empty[0])}: the series has no step.")
    infinite = [i for i, one in enumerate(series) if np.isinf(one).any()]
    if infinite:
        raise DataError(f"{place(infinite[0])}: the series holds an infinite number.")
    return series, y, more, place


def _npz(path, targets, **_):
    try:
        held = read_arrays(path)
    except FileNotFoundError:
        raise not_there("file", path) from None
    y, lengths = held.pop("y", None), held.pop("lengths", None)
    more = {"class_names": held.pop("class_names", None)}
    if len(held) == 1 and next(iter(held.values())).ndim == 3:
        held = {"x": next(iter(held.values()))}
    if "x" in held:
        x = held.pop("x")
        if held or x.ndim not in (2, 3) or x.dtype.kind not in "iufb":
            raise DataError(
                f"{path} must hold x (series, time, features), y and lengths, or an array for each "
                f"series and y. It holds: {listed(['x', *held])}; x of the shape {x.shape}."
            )
        x = x[:, :, None] if x.ndim == 2 else x
        ends = _ends(x) if lengths is None else _checked_lengths(lengths, x, path)
        series = [one[:end] for one, end in zip(x.astype("float64"), ends, strict=True)]
    else:
        series = [_one(array, name, path) for name, array in held.items()]
    if not series:
        raise DataError(f"{path} holds no series.")
    widths = {one.shape[1] for one in series}
    if len(widths) > 1:
        raise DataError(f"{path}: the series differ in the number of features: {listed(widths)}.")
    if targets and y is not None and len(y) != len(series):
        raise DataError(f"{path} holds {len(series)} series, y has {len(y)} targets.")
    return series, y, more, lambda i: f"{path}, series {i}, counted from 0"


def _one(array, name, path):
    if array.ndim not in (1, 2) or array.dtype.kind not in "iufb":
        raise DataError(
            f"{path}: {name} must be a series, numbers (time,) or (time, features). "
            f"Received: {array.dtype} of the shape {array.shape}"
        )
    return (array[:, None] if array.ndim == 1 else array).astype("float64")


def _ends(x):
    """Returns the number of steps up to the last of which anything is known."""
    known = ~np.isnan(x.astype("float64")).all(axis=-1)
    return np.where(known.any(axis=1), x.shape[1] - known[:, ::-1].argmax(axis=1), 0)


def _checked_lengths(lengths, x, path):
    if lengths.shape != (len(x),) or lengths.min() < 0 or lengths.max() > x.shape[1]:
        raise DataError(
            f"{path}: lengths must be {len(x)} integers up to {x.shape[1]}, the steps of x. "
            f"Received: {lengths.dtype} of the shape {lengths.shape}"
        )
    return lengths.astype(int)


def _csv(
    path,
    targets,
    id="id",
    time=None,
    target=None,
    features=None,
    encoding="utf-8",
    sides=None,
    apart=(),
):
    table = read_csv(path, encoding=encoding)
    apart = (*apart, *(sides or ())[1:])
    for name in filter(None, (id, time, target, *apart, *(features or ()))):
        if name not in table.columns:
            raise DataConfigError(
                f"{table.path} has no column {name!r}.{nearest(name, table.columns)} "
                f"It has: {listed(table.columns)}."
            )
    _, ids = words_of_column(table, "data.id", id)
    different, first, places = np.unique(ids.astype(str), return_index=True, return_inverse=True)
    by_series = np.argsort(places, kind="stable")
    rows = np.split(by_series, np.bincount(places).cumsum()[:-1])
    order = np.argsort(first)  # as they come in the file
    rows = [rows[i] for i in order]
    features = features or _features(table, id, time, target, apart)
    values = np.stack([_numbers(table, name) for name in features], axis=1)
    if time:
        when, _ = times_of_column(table, "data.time", time)
        rows = [of_one[np.argsort(when[of_one], kind="stable")] for of_one in rows]
    y = _constant(table, target, rows, different[order].tolist()) if targets else None
    more = {"columns": {"id": id, "time": time, "features": features}}
    if sides:
        first = np.array([of_one[0] for of_one in rows])
        more["sides"] = sides_of_column(table, *sides).take(first)
    return (
        [values[of_one] for of_one in rows],
        y,
        more,
        lambda i: f"{table.path}, line {table.lines[int(rows[i][0])]}",
    )


def _features(table, id, time, target, apart):
    names = [name for name in table.columns if name not in (id, time, target, *apart)]
    if not names:
        raise DataError(f"{table.path} has no column of values beside {id} and {target}.")
    return names


def _numbers(table, name):
    texts = without_missing(table.columns[name])
    values, wrong, _ = numbers(texts)
    table.refuse(
        wrong,
        lambda row: f"the column {name!r} must hold numbers. Received: {texts[row].as_py()!r}",
    )
    return values


def _constant(table, target, rows, ids):
    """Returns the target of each series, which all of its rows have."""
    texts = strings(without_missing(table.columns[target], ()).dictionary_encode(), None)
    for of_one, name in zip(rows, ids, strict=True):
        other = next((row for row in of_one if texts[row] != texts[of_one[0]]), None)
        if other is not None:
            raise DataError(
                f"{table.path}, line {table.lines[int(other)]}: the series {name!r} has two "
                f"targets: {texts[of_one[0]]!r} and {texts[other]!r}."
            )
    return np.array([texts[of_one[0]] for of_one in rows], object)


def _ts(path, targets, **_):
    series, y, lines = read_ts(path)
    return series, y, {}, lambda i: f"{path}, line {lines[i]}"


def _as_array(series):
    """Returns series as one array `(series, time, features)`, NaN behind the shorter ones."""
    found = np.full((len(series), max(map(len, series)), series[0].shape[1]), np.nan, "float32")
    for row, one in zip(found, series, strict=True):
        row[: len(one)] = one
    return found


READERS = {".npz": _npz, ".csv": _csv, ".ts": _ts}
