"""Each format: how its files are written, and what a reader of them has to know."""

import dataclasses
from pathlib import Path

import keras
import numpy as np

from kzoo.export.check import Expected
from kzoo.export.numbers import numbers_model
from kzoo.export.process import run_alone
from kzoo.export.saved_model import write_saved_model

CALIBRATION = 200  # examples that tell the range of each tensor that becomes int8


@dataclasses.dataclass(frozen=True)
class Draft:
    """A file that was written and is not checked yet.

    Attributes:
        path: Where it lies.
        expected: `Expected`, with inputs as it takes them; or None.
        note: What a reader has to know; or `""`.
        quantized: Whether it may give other predictions.
    """

    path: Path
    expected: Expected | None
    note: str = ""
    quantized: bool = False


def _keras(model, expected, folder):
    path = folder / "model.keras"
    model.save(path)
    yield Draft(path, expected)


def _saved_model(model, expected, folder):
    path = folder / "saved_model"
    write_saved_model(model, path)
    yield Draft(path, expected)


def _litert(model, expected, folder):
    """A file of floats, then one of int8: all of it, or of a model with loops the weights."""
    layers = model.core._flatten_layers()
    loops = _blocks(model) or any(isinstance(layer, keras.layers.RNN) for layer in layers)
    numbers = numbers_model(model, expected)
    numbers = numbers.with_sizes(
        batch=1 if loops else None,  # for more the converter needs ops that are not built in
        time=model.preprocessing.sequence_length or numbers.longest,
    )
    source, path = folder / "litert", folder / "model.tflite"
    numbers.save(source)
    run_alone("convert.py", "litert", source, path)
    yield Draft(path, numbers.expected, numbers.note)

    calibration, path = folder / "calibration.npy", folder / "model_int8.tflite"
    np.save(calibration, numbers.expected.inputs[:CALIBRATION])
    run_alone("convert.py", "litert", source, path, "weights" if loops else calibration)
    kind = "int8 weights" if loops else "int8"
    note = ", ".join(filter(None, [kind, numbers.note]))
    yield Draft(path, numbers.expected, note, quantized=True)


def _onnx(model, expected, folder):
    numbers = numbers_model(model, expected)
    source, path = folder / "onnx", folder / "model.onnx"
    numbers.save(source, block_size=None)  # tf2onnx does not know the loop
    run_alone("convert.py", "onnx", source, path)
    blocks = "computes all attention scores at once" if _blocks(model) else ""
    yield Draft(path, numbers.expected, ", ".join(filter(None, [blocks, numbers.note])))


def _blocks(model):
    """Whether there is attention that compares its queries in blocks."""
    return any(getattr(layer, "block_size", None) for layer in model.core._flatten_layers())


FILES = {  # the first that a format writes
    "keras": "model.keras",
    "saved_model": "saved_model",
    "litert": "model.tflite",
    "onnx": "model.onnx",
}
FORMATS = {"keras": _keras, "saved_model": _saved_model, "litert": _litert, "onnx": _onnx}
