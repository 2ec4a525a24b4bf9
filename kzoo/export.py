"""A trained model as files that other programs read."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal


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
    """
    return {name: FORMATS[name](model, Path(directory)) for name in formats}


def _keras(model, directory):
    path = directory / "model.keras"
    unfinished = directory / "unfinished.keras"
    model.save(unfinished)
    os.replace(unfinished, path)
    return path


def _saved_model(model, directory):
    path = directory / "saved_model"
    unfinished = directory / "saved_model.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    model.export(unfinished, verbose=False)
    shutil.rmtree(path, ignore_errors=True)
    os.replace(unfinished, path)
    return path


FORMATS = {"keras": _keras, "saved_model": _saved_model}
