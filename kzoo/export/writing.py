"""Writes a trained model as files that other programs read, each compared with the model."""

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from kzoo.export.check import predict, read_and_run
from kzoo.export.formats import FILES, FORMATS
from kzoo.export.packages import check_packages
from kzoo.export.process import ExportError
from kzoo.messages import reason
from kzoo.types import PositiveFloat

AGREEMENT = 0.99  # share of the examples for which int8 must decide the same


@dataclasses.dataclass(frozen=True)
class ExportedFile:
    """A file, or the folder of a SavedModel.

    Attributes:
        format: What it is.
        path: Where it lies.
        size: In bytes.
        difference: The largest difference of a prediction to the model's, over all examples, as
            the task measures it; None where there were none.
        agreement: Share of the examples for which it decides as the model does; or None.
        note: What a reader has to know; or `""`.
    """

    format: str
    path: Path
    size: int
    difference: float | None
    agreement: float | None
    note: str


def export(
    model,
    directory,
    examples=None,
    *,
    formats: Sequence[Literal["keras", "saved_model", "litert", "onnx"]] = ("keras", "saved_model"),
    tolerance: PositiveFloat = 1e-5,
):
    """Writes a model in each of the formats, and compares each file, read anew, with the model.

    A file takes the place of what is there once it is whole and found right. One that is found
    wrong goes to the folder `failed`. The other formats are written all the same.

    Args:
        model: A `TrainedModel`.
        directory: Folder to write to.
        examples: Raw inputs, as `model.predict` takes them. They also tell LiteRT's int8 the range
            of each tensor. None compares nothing, and will not do for `"litert"` and `"onnx"`.
        formats: `"keras"` writes `model.keras`, for `kzoo.load` and `keras.models.load_model`;
            `"saved_model"` writes `saved_model/`, for TF Serving and `tf.saved_model.load`;
            `"litert"` writes `model.tflite` and, smaller, `model_int8.tflite`; `"onnx"` writes
            `model.onnx`.
        tolerance: The largest difference that is right, of a probability, or of a number in
            standard deviations; of int8, any is where 99 % of the examples are decided the same.

    Returns:
        List of `ExportedFile`.

    Raises:
        ExportError: If a file could not be written or is wrong, or a package is missing.
    """
    check_packages(formats)
    directory = Path(directory)
    expected = predict(model, examples) if formats and examples is not None else None
    written, failures = [], []
    for name in formats:
        with _empty_folder(directory / "unfinished") as folder:
            try:
                for draft in FORMATS[name](model, expected, folder):
                    written.append(_finish(draft, name, model.task, directory, tolerance))
            except Exception as error:  # Keras, h5py and TensorFlow have their own for a full disk
                failures.append(f"{directory / FILES[name]}: {name} failed: {reason(error)}")
    if failures:
        done = ", ".join(str(file.path) for file in written) or "nothing"
        raise ExportError("\n".join([*failures, f"Written: {done}."]), written, failures)
    return written


def _finish(draft, name, task, directory, tolerance):
    """Compares a file with the model and puts it in its place."""
    difference = agreement = None
    if draft.expected is not None:
        inputs, expected = draft.expected
        found = read_and_run(name, draft.path, task.output, inputs, draft.path.parent)
        difference, agreement = task.compare(found, expected)
        if not (agreement >= AGREEMENT if draft.quantized else difference <= tolerance):
            wrong = directory / "failed" / draft.path.name
            _move(draft.path, wrong)
            raise ExportError(
                f"{draft.path.name}, read anew, gives {task.output} up to {difference:.1e} from "
                f"the model's, and decides as it does for {agreement:.2%} of {len(expected)} "
                f"examples. It is kept as {wrong}"
            )
    path = directory / draft.path.name
    _move(draft.path, path)
    return ExportedFile(name, path, _size(path), difference, agreement, draft.note)


def _size(path):
    return sum(p.stat().st_size for p in [path, *path.rglob("*")] if p.is_file())


@contextlib.contextmanager
def _empty_folder(path):
    """Gives a new folder, which is gone in the end."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _move(path, target):
    """Lets a file or folder take the place of another."""
    target.parent.mkdir(exist_ok=True)
    if target.is_dir():  # which nothing can replace in one step, unlike a file
        os.replace(target, path.with_name("replaced"))
    os.replace(path, target)
