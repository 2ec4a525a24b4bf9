"""Series in the format `.ts` of the UCR and UEA archives."""

from pathlib import Path

import numpy as np

from kzoo.data.dataset import not_there
from kzoo.data.files.texts import read_text
from kzoo.messages import DataError

MISSING = "?"


def read_ts(path):
    """Reads a file of series: a line each, dimensions and the target separated by colons.

    Args:
        path: The file.

    Returns:
        List of float arrays `(time, dimensions)`, NaN where a value is `?` or a dimension is
        shorter; array of strings, the targets, or None where there are none; and the line of each.

    Raises:
        DataError: If it cannot be read; the message names the line.
    """
    path = Path(path)
    if not path.is_file():
        raise not_there("file", path)
    header, begun, series, targets, lines = {}, False, [], [], []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith(("#", "%")):
            continue
        if not begun and line.startswith("@"):
            key, _, value = line[1:].partition(" ")
            header[key.lower()] = value.strip()
            begun = key.lower() == "data"
        elif not begun:
            raise DataError(f"{path}, line {number}: a line @data must come before the series.")
        else:
            *dimensions, target = (
                line.split(":") if _has_targets(header) else [*line.split(":"), ""]
            )
            series.append(_series(dimensions, path, number))
            targets.append(target.strip())
            lines.append(number)
    if not series:
        raise DataError(f"{path} holds no series.")
    if len({one.shape[1] for one in series}) > 1:
        i = next(i for i, one in enumerate(series) if one.shape[1] != series[0].shape[1])
        raise DataError(
            f"{path}, line {lines[i]}: a series of {series[i].shape[1]} dimensions; that of line "
            f"{lines[0]} has {series[0].shape[1]}."
        )
    return series, np.array(targets, object) if _has_targets(header) else None, lines


def _has_targets(header):
    told = header.get("classlabel", header.get("targetlabel", "false"))
    return told.split()[:1] == ["true"]


def _series(dimensions, path, number):
    """Returns a series of the texts of its dimensions."""
    try:
        read = [
            [np.nan if v.strip() == MISSING else float(v) for v in text.split(",")]
            for text in dimensions
        ]
    except ValueError as error:
        hint = " Series with time stamps are not read." if "(" in dimensions[0] else ""
        raise DataError(f"{path}, line {number}: {error}.{hint}") from None
    if not read:
        raise DataError(f"{path}, line {number}: there is no series before the target.")
    found = np.full((max(map(len, read)), len(read)), np.nan)
    for i, values in enumerate(read):
        found[: len(values), i] = values
    return found
