"""A trained model as files that other programs read."""

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal


class ExportError(Exception):
    """A format could not be written; the message says which, why, and what was."""


def export(
    model,
    directory,
    *,
    formats: Sequence[Literal["keras", "saved_model"]] = ("keras", "saved_model"),
):
    """Writes a model in each of the formats, replacing what is there only once it is whole.

    Args:
        model: A `Classifier`.
        directory: Folder to write to.
        formats: `"keras"` writes `model.keras`, for `kzoo.load` and `keras.models.load_model`;
            `"saved_model"` writes `saved_model/`, for TF Serving and `tf.saved_model.load`.

    Returns:
        Dict from each format to the `Path` it was written to.

    Raises:
        ExportError: If a format cannot be written; the ones before it are.
    """
    written = {}
    for name in formats:
        path, write = FORMATS[name]
        path = Path(directory) / path
        try:
            with _whole_or_not_at_all(path) as unfinished:
                write(model, unfinished)
        except Exception as error:  # Keras, h5py and TensorFlow each have their own for a full disk
            raise ExportError(
                f"{path} could not be written: {reason(error)}\n"
                f"Written before: {', '.join(map(str, written.values())) or 'nothing'}."
            ) from error
        written[name] = path
    return written


def _write_keras(model, path):
    model.save(path)


def _write_saved_model(model, path):
    model.export(path, verbose=False)


FORMATS = {
    "keras": ("model.keras", _write_keras),
    "saved_model": ("saved_model", _write_saved_model),
}


@contextlib.contextmanager
def _whole_or_not_at_all(path):
    """Gives a path to write to, of the same ending, that takes the place of `path` at the end."""
    unfinished = path.with_name(f"unfinished-{path.name}")
    replaced = path.with_name(f"replaced-{path.name}")
    _remove(unfinished)
    try:
        yield unfinished
        if path.is_dir():  # which nothing can replace in one step, unlike a file
            os.replace(path, replaced)
        os.replace(unfinished, path)
    finally:
        _remove(unfinished)
        _remove(replaced)


def _remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def reason(error):
    """Returns the line of an error that says what is wrong; Keras puts others before and after."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("Exception encountered")]
    return lines[0] if lines else type(error).__name__
