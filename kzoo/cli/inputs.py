"""From what stands on a command line to raw inputs for a model, a batch at a time."""

import dataclasses
import itertools
import os
from pathlib import Path

import numpy as np

from kzoo.cli.errors import tell
from kzoo.cli.readers import READERS, STDIN, Batch, Broken, Reading
from kzoo.config import ConfigError
from kzoo.data.files.listing import list_files
from kzoo.data.files.texts import check_encoding
from kzoo.paths import expand
from kzoo.saved.signature import kind_of, show_specs, signature_of


def read_inputs(model, sources, text=False, delimiter=None, encoding="utf-8"):
    """Reads inputs one batch after the other, in the form that a model takes.

    Args:
        model: As `kzoo.load` returns it; what it takes tells how a source is read.
        sources: Strings: files; folders, of which all fitting files are read; `-` for what is
            piped in, lines of text or CSV; with `text`, the texts themselves.
        text: Whether the sources are texts.
        delimiter: What stands between the fields of CSV; None recognises it.
        encoding: What files of CSV and text are written in, where no mark in them says so.

    Returns:
        Iterator of `Batch` and `Broken`. An input is an image, a text file, an element of an
        array, a row of CSV, or a line of text that is piped in.

    Raises:
        ConfigError: If the model reads something else.
    """
    specs = signature_of(model).inputs
    kind = kind_of(model)
    if kind not in READERS:
        raise ConfigError(f"The model takes {show_specs(specs)}, which no file holds.")
    if text and kind != "text":
        raise ConfigError(f"--text is for models that read text. This one reads {kind}s.")
    if STDIN in sources and kind not in ("text", "table", "record"):
        raise ConfigError(
            f"Only text and CSV can be piped in. This model reads {kind}s: name files."
        )
    if delimiter is not None and len(delimiter) != 1:
        raise ConfigError(f"--delimiter takes one character. Received: {delimiter!r}")
    check_encoding(encoding, "--encoding")
    if text:
        return iter([Batch(list(sources), list(sources))])
    preprocessing = getattr(model, "preprocessing", None)
    return _read(sources, kind, Reading(specs, preprocessing, delimiter, encoding))


def joined(batches):
    """Returns several `Batch`es as one; images of several sizes as a list."""
    names = [name for batch in batches for name in batch.names]
    values = [batch.values for batch in batches]
    if isinstance(values[0], dict):
        columns = {name: [column[name] for column in values] for name in values[0]}
        return Batch(names, {name: np.concatenate(parts) for name, parts in columns.items()})
    values = [value for part in values for value in part]
    alike = len({np.shape(value) for value in values}) == 1
    return Batch(names, np.stack(values) if alike and not isinstance(values[0], str) else values)


def _read(sources, kind, reading):
    """Reads the files of all sources in their order."""
    suffixes, read = READERS[kind]
    wholes = set()  # what a user calls a file, not a row or an element of one
    for is_broken, group in itertools.groupby(_all_files(sources, suffixes, wholes), _is_broken):
        for found in group if is_broken else read(group, reading):
            if not _is_broken(found):
                yield from [found] if len(found) else []
            else:
                yield _with_hint(found, kind, suffixes) if found.name in wholes else found


def _is_broken(found):
    return isinstance(found, Broken)


def _all_files(sources, suffixes, wholes):
    """Yields each file, and each source without any as `Broken`; `wholes` gets their names."""
    for source in sources:
        try:
            for file in [source] if source == STDIN else _files(source, suffixes):
                wholes.add(str(file))
                yield file
        except OSError as error:
            wholes.add(source)
            yield Broken(source, str(error.strerror))


def _with_hint(found, kind, suffixes):
    """Adds what the model reads to the problem of a file that does not look like it."""
    if Path(found.name).suffix.lower() in suffixes:
        return found
    if kind == "text" and not os.path.exists(found.name):
        hint = "Are these words the text itself? Add --text."
    else:
        hint = f"The model reads {kind}s: {', '.join(suffixes)}."
    return dataclasses.replace(found, problem=f"{found.problem.rstrip('.')}. {hint}")


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
    if listing.others:
        tell(f"{source}: passed over: {listing.passed_over()}", "note")
    return listing.files
