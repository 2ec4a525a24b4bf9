"""Files of each kind of input, read into batches."""

import dataclasses
import itertools
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

from kzoo.data.files.arrays import read_array
from kzoo.data.files.csv import read_csv_parts
from kzoo.data.files.image_columns import read_image_column
from kzoo.data.files.images import SUFFIXES as IMAGES
from kzoo.data.files.images import read_images
from kzoo.data.files.texts import read_text
from kzoo.data.sources.sequences import read_series
from kzoo.messages import DataError, listed
from kzoo.preprocessing.cells import MISSING, numbers, without_missing
from kzoo.preprocessing.image import ImagePreprocessing

STDIN = "-"
ARRAYS = (".npy", ".npz")
FILES = 64  # that are read at a time
LINES = 1024  # of text that is piped in
REMEDY = " Set --encoding to what it is written in, such as cp1252 or gb18030."


@dataclasses.dataclass(frozen=True)
class Batch:
    """Inputs in the form that the `predict` of a model takes.

    Attributes:
        names: List of strings, what a user calls each: a file, a line of it, an element of an
            array.
        values: Array; list of strings, or of images, which may differ in size; or dict of the
            columns of a table.
    """

    names: list[str]
    values: Any

    def __len__(self):
        return len(self.names)

    def part(self, start, stop):
        """Returns the batch of these inputs."""
        if isinstance(self.values, dict):
            values = {name: column[start:stop] for name, column in self.values.items()}
        else:
            values = self.values[start:stop]
        return Batch(self.names[start:stop], values)


@dataclasses.dataclass(frozen=True)
class Broken:
    """An input that cannot be read.

    Attributes:
        name: What a user calls it.
        problem: A sentence.
    """

    name: str
    problem: str

    @property
    def message(self):
        """The problem, with the name of the input."""
        return self.problem if self.name in self.problem else f"{self.name}: {self.problem}"


@dataclasses.dataclass(frozen=True)
class Reading:
    """What a reader has to know.

    Attributes:
        specs: `Spec` of the model's input, or the dict of those of a table.
        preprocessing: The layer that the model begins with, or None if it is none of kzoo.
        delimiter: What stands between the fields of CSV; None recognises it.
        encoding: What files of CSV and text are written in, where no mark in them says so.
    """

    specs: Any
    preprocessing: Any
    delimiter: str | None
    encoding: str


def _images(files, reading):
    """Yields the images of files, some at a time, and those in files of arrays."""
    channels = reading.specs.shape[-1]
    background = getattr(reading.preprocessing, "background", "white")
    for is_array, group in itertools.groupby(files, lambda file: file.suffix.lower() in ARRAYS):
        if is_array:
            for file in group:
                yield from _attempt(file, _image_arrays, channels)
            continue
        while chunk := list(itertools.islice(group, FILES)):
            read = read_images(chunk, channels, math.inf, background=background)
            found = {
                str(file): image
                for file, image in zip(chunk, read.images, strict=True)
                if file not in read.problems
            }
            yield Batch(list(found), list(found.values()))
            yield from (Broken(str(file), problem) for file, problem in read.problems.items())


def _image_arrays(file, channels):
    array = read_array(file)
    if channels == 1 and (array.ndim == 2 or array.ndim == 3 and array.shape[-1] != 1):
        array = array[..., None]
    names, array = _elements(file, array, rank=3)
    yield Batch(names, ImagePreprocessing(1, 1, channels).from_user(array))


def _arrays(files, reading):
    for file in files:
        yield from _attempt(file, _array, len(reading.specs.shape) - 1)


def _array(file, rank):
    yield Batch(*_elements(file, read_array(file), rank))


def _sequences(files, reading):
    for file in files:
        yield from _attempt(file, _series, reading)


def _series(file, reading):
    """Yields an array of sequences, or sequences of different lengths."""
    file = Path(file)
    if file.suffix.lower() == ".npy" or getattr(reading.preprocessing, "padding", None) is None:
        yield from _array(file, len(reading.specs.shape) - 1)
        return
    columns = reading.preprocessing.columns
    series, names = read_series(file, columns, reading.encoding)
    yield Batch(names, series)


def _elements(file, array, rank):
    """Returns names and values: an array of `rank` axes is one input, one of an axis more many."""
    if array.ndim == rank:
        return [str(file)], array[None]
    if array.ndim != rank + 1:
        raise DataError(
            f"An array must have {rank} axes, or {rank + 1} for several examples. "
            f"Received: {array.shape}"
        )
    return [f"{file}[{i}]" for i in range(len(array))], array


def _texts(files, reading):
    """Yields the texts of files, some at a time, and the lines that are piped in."""
    for read, group in itertools.groupby(files, _reader_of_texts):
        yield from read(group, reading)


def _reader_of_texts(file):
    if file == STDIN:
        return _piped_texts
    return _columns_of_text if Path(file).suffix.lower() == ".csv" else _files_of_text


def _piped_texts(files, reading):
    numbered = enumerate(sys.stdin, start=1)
    while lines := list(itertools.islice(numbered, LINES)):
        names = [f"stdin:{number}" for number, _ in lines]
        yield Batch(names, [line.rstrip("\r\n") for _, line in lines])


def _files_of_text(files, reading):
    while chunk := list(itertools.islice(files, FILES)):
        found, broken = {}, []
        for file in chunk:
            try:
                found[str(file)] = read_text(file, reading.encoding, REMEDY)
            except DataError as error:
                broken.append(Broken(str(file), str(error)))
        yield Batch(list(found), list(found.values()))
        yield from broken


def _columns_of_text(files, reading):
    for file in files:
        yield from _attempt(file, _column_of_text, reading)


def _column_of_text(file, reading):
    """Yields the texts in the column that the model was trained on, or in the only one."""
    column = getattr(reading.preprocessing, "column", None)
    for part in read_csv_parts(file, reading.delimiter, reading.encoding):
        name = next(iter(part.columns)) if len(part.columns) == 1 else column
        if name not in part.columns:
            wanted = f"the column {column!r}" if column else "one column alone, of texts"
            raise DataError(f"{part.path} must have {wanted}. It has: {listed(part.columns)}.")
        names = [f"{part.path}:{line}" for line in part.lines]
        yield Batch(names, part.columns[name].to_pylist())


def _tables(files, reading):
    for file in files:
        yield from _attempt(file, _rows, reading)


def _rows(file, reading):
    """Yields the rows of a CSV file, some at a time, and those with text among the numbers."""
    for part in read_csv_parts(file, reading.delimiter, reading.encoding):
        missing = [name for name in reading.specs if name not in part.columns]
        if missing:
            lacks = f"column{'s' * (len(missing) > 1)} {listed(map(repr, missing))}"
            raise DataError(f"{part.path} lacks the {lacks}. It has: {listed(part.columns)}.")
        columns, problems = _columns(part, reading)
        names = [f"{part.path}:{line}" for line in part.lines]
        good = np.setdiff1d(np.arange(len(names)), list(problems))
        yield Batch([names[row] for row in good], {n: c[good] for n, c in columns.items()})
        yield from (Broken(names[row], problem) for row, problem in sorted(problems.items()))


def _columns(part, reading):
    """Returns the columns of a model, and a dict from row to what is wrong in it."""
    words = getattr(reading.preprocessing, "missing", MISSING)
    signs = {c["name"]: c.get("decimal") for c in getattr(reading.preprocessing, "columns", [])}
    alone = getattr(reading.preprocessing, "alone", {})
    columns, problems = {}, {}
    for name, spec in reading.specs.items():
        texts = without_missing(part.columns[name], words)
        if spec.dtype == "string":
            columns[name] = texts.fill_null("").to_numpy(zero_copy_only=False)
            continue
        if name in alone:
            files = texts.fill_null("").to_numpy(zero_copy_only=False)
            columns[name], broken = read_image_column(files, Path(part.path).parent, alone[name])
            problems |= broken
            continue
        columns[name], wrong, _ = numbers(texts, signs.get(name) or ".")
        for row in np.flatnonzero(wrong):
            problems[row] = f"the column {name!r} takes numbers. Received: {texts[row].as_py()!r}"
    return columns, problems


def _attempt(file, read, *arguments):
    """Yields what a reader does, and the file as broken if it fails."""
    try:
        yield from read(file, *arguments)
    except (DataError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        yield Broken("stdin" if file == STDIN else str(file), reason)


# by kind of input: the endings of its files, and a function of these files and a `Reading`
READERS = {
    "image": ((*IMAGES, *ARRAYS), _images),
    "sequence": ((*ARRAYS, ".csv", ".ts"), _sequences),
    "vector": (ARRAYS, _arrays),
    "text": ((".txt",), _texts),
    "table": ((".csv",), _tables),
    "record": ((".csv",), _tables),
}
