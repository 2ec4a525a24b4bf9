"""From what stands on a command line to raw inputs for a model."""

import dataclasses
import functools
import math
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from kzoo.config import ConfigError
from kzoo.data.array_files import read_array
from kzoo.data.column_types import numbers
from kzoo.data.csv_reading import parse_csv, read_csv
from kzoo.data.dataset import DataError
from kzoo.data.files import list_files
from kzoo.data.image_files import SUFFIXES as IMAGES
from kzoo.data.image_files import read_images
from kzoo.data.image_preprocessing import ImagePreprocessing
from kzoo.data.text_files import read_text
from kzoo.exported import show_specs, signature_of, user_input
from kzoo.paths import expand

ARRAYS = (".npy", ".npz")
STDIN = "-"


@dataclasses.dataclass(frozen=True)
class Input:
    """One example for a model, or why there is none.

    Attributes:
        name: What a user calls it: a file, a line of it, an element of an array.
        value: The example without a batch axis: an array, a string, or the dict of a row.
        problem: A sentence where it cannot be read, else None.
    """

    name: str
    value: Any = None
    problem: str | None = None

    @property
    def message(self):
        """The problem, with the name of the input."""
        return self.problem if self.name in self.problem else f"{self.name}: {self.problem}"


def read_inputs(model, sources, text=False, delimiter=","):
    """Reads inputs one after the other, in the form that a model takes.

    Args:
        model: As `kzoo.load` returns it; what it takes tells how a source is read.
        sources: Strings: files; folders, of which all fitting files are read; `-` for what is
            piped in, lines of text or CSV; with `text`, the texts themselves.
        text: Whether the sources are texts.
        delimiter: What stands between the fields of CSV.

    Returns:
        Iterator of `Input`: one for an image, for a text file, for each element of an array, each
        row of CSV, each line of text that is piped in.

    Raises:
        ConfigError: If the model reads something else.
    """
    specs = signature_of(model).inputs
    kind = input_kind(specs)
    if kind not in READERS:
        raise ConfigError(f"The model takes {show_specs(specs)}, which no file holds.")
    if text and kind != "text":
        raise ConfigError(f"--text is for models that read text. This one reads {kind}s.")
    if STDIN in sources and kind not in ("text", "table"):
        raise ConfigError(
            f"Only text and CSV can be piped in. This model reads {kind}s: name files."
        )
    if len(delimiter) != 1:
        raise ConfigError(f"--delimiter takes one character. Received: {delimiter!r}")
    if text:
        return (Input(source, source) for source in sources)
    suffixes, read = READERS[kind]
    read = functools.partial(read, specs=specs, delimiter=delimiter)
    if kind == "image":
        preprocessing = getattr(model, "preprocessing", None)
        read = functools.partial(read, background=getattr(preprocessing, "background", "white"))
    return (
        _with_hint(found, source, kind, suffixes)
        for source in sources
        for found in _read_source(source, suffixes, read)
    )


def input_kind(specs):
    """Returns what a model reads, from the inputs of its signature; a key of `READERS`, or None."""
    if isinstance(specs, dict) and all(len(spec.shape) == 1 for spec in specs.values()):
        return "table"
    if isinstance(specs, dict | list | tuple):
        return None
    if specs.dtype == "string":
        return "text"
    return "image" if specs.dtype == "uint8" and len(specs.shape) == 4 else "array"


def stack(inputs):
    """Returns the values of several `Input`s as one batch; images of several sizes as a list."""
    values = [found.value for found in inputs]
    if isinstance(values[0], dict):
        return {name: [row[name] for row in values] for name in values[0]}
    alike = len({np.shape(value) for value in values}) == 1
    return np.stack(values) if alike and not isinstance(values[0], str) else values


def _with_hint(found, source, kind, suffixes):
    """Adds what the model reads, where a whole source is broken and does not look like it."""
    path = Path(expand(source))
    if not found.problem or Path(found.name) != path or path.suffix.lower() in suffixes:
        return found
    if kind == "text" and not os.path.exists(source):
        hint = "Are these words the text itself? Add --text."
    else:
        hint = f"The model reads {kind}s: {', '.join(suffixes)}."
    return dataclasses.replace(found, problem=f"{found.problem.rstrip('.')}. {hint}")


def _read_source(source, suffixes, read):
    try:
        for file in [source] if source == STDIN else _files(source, suffixes):
            yield from _read_file(file, read)
    except OSError as error:
        yield Input(source, problem=str(error.strerror))


def _read_file(file, read):
    try:
        yield from read(file)
    except (DataError, ValueError) as error:
        yield Input("stdin" if file == STDIN else str(file), problem=str(error))


def _files(source, suffixes):
    """Returns the file, or those of a folder that have one of the suffixes."""
    path = Path(expand(source))
    if not path.is_dir():
        return [path]
    listing = list_files(path, suffixes)
    if not listing.files:
        found = listing.passed_over()
        holds = f"; it holds {found}" if found else ""
        raise OSError(0, f"There is nothing to read in this folder{holds}.")
    return listing.files


def _read_image(file, specs, delimiter, background):
    channels = specs.shape[-1]
    if file.suffix.lower() not in ARRAYS:
        read = read_images([file], channels, math.inf, background=background)
        yield Input(str(file), read.images[0], read.problems.get(file))
        return
    array = read_array(file)
    if channels == 1 and (array.ndim == 2 or array.ndim == 3 and array.shape[-1] != 1):
        array = array[..., None]
    as_raw = functools.partial(user_input, ImagePreprocessing(1, 1, channels))
    yield from _elements(file, array, 3, as_raw)


def _read_array(file, specs, delimiter):
    yield from _elements(file, read_array(file), len(specs.shape) - 1, np.asarray)


def _read_text(file, specs, delimiter):
    if file != STDIN:
        yield Input(str(file), read_text(file))
        return
    for number, line in enumerate(sys.stdin, start=1):
        yield Input(f"stdin:{number}", line.rstrip("\r\n"))


def _read_table(file, specs, delimiter):
    if file == STDIN:
        file, table = "stdin", parse_csv(sys.stdin, "stdin", delimiter)
    else:
        table = read_csv(file, delimiter)
    missing = [name for name in specs if name not in table]
    if missing:
        has = ", ".join(name for name in table if name is not None)
        lacks = f"column{'s' * (len(missing) > 1)} {', '.join(map(repr, missing))}"
        raise DataError(f"{file} lacks the {lacks}. It has: {has}.")
    problems = {}
    for name, spec in specs.items():
        if spec.dtype != "string":
            table[name], wrong = numbers(table[name])
            for row, text in wrong:
                problems[row] = f"the column {name!r} takes numbers. Received: {text!r}"
    for row, line in enumerate(table[None]):
        values = {name: table[name][row] for name in specs}
        yield Input(f"{file}:{line}", values, problems.get(row))


READERS = {
    "image": ((*IMAGES, *ARRAYS), _read_image),
    "array": (ARRAYS, _read_array),
    "text": ((".txt",), _read_text),
    "table": ((".csv",), _read_table),
}


def _elements(file, array, rank, as_raw):
    """Yields an array of `rank` axes as one input, one of an axis more as many."""
    if array.ndim == rank:
        yield Input(str(file), as_raw(array[None])[0])
        return
    if array.ndim != rank + 1:
        raise DataError(
            f"An array must have {rank} axes, or {rank + 1} for several examples. "
            f"Received: {array.shape}"
        )
    for i, element in enumerate(as_raw(array)):
        yield Input(f"{file}[{i}]", element)
