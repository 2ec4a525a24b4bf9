"""What of a model other runtimes can hold: numbers in, predictions out."""

import dataclasses
from typing import Any

import keras
import numpy as np

from kzoo.export.check import Expected, predict
from kzoo.export.process import ExportError
from kzoo.export.saved_model import meanwhile


@dataclasses.dataclass(frozen=True)
class NumbersModel:
    """A model from the first tensor of numbers on.

    Attributes:
        model: The `TrainedModel` it is part of.
        is_raw: Whether that tensor is the raw input; else it is what the core takes.
        spec: `keras.InputSpec` of the tensor.
        expected: `Expected`, with inputs as it takes them.
        note: What it takes in place of the raw input; or `""`.
    """

    model: Any
    is_raw: bool
    spec: keras.InputSpec
    expected: Expected
    note: str

    @property
    def longest(self):
        """Steps of the sequences among the inputs; None where these are no sequences."""
        shape = self.expected.inputs.shape
        return shape[1] if len(shape) == 3 else None

    def with_sizes(self, batch, time):
        """Returns it for a batch of that size, None being any, and sequences padded to `time`."""
        sizes = [time if size is None else size for size in self.spec.shape[1:]]
        spec = keras.InputSpec(self.spec.dtype, (batch, *sizes), name=self.spec.name)
        inputs, predictions = self.expected
        pairs = zip(sizes, inputs.shape[1:], strict=True)
        inputs = np.pad(inputs, [(0, 0), *((0, (size or given) - given) for size, given in pairs)])
        return dataclasses.replace(self, spec=spec, expected=Expected(inputs, predictions))

    def save(self, path, **attributes):
        """Writes it as a SavedModel with the signature `serve`, for a converter to read.

        Args:
            path: Folder to write.
            **attributes: Of layers that have them, while they are traced.
        """
        archive = keras.export.ExportArchive()
        with meanwhile(self.model.core, use_cudnn=False, **attributes):
            archive.add_endpoint("serve", self._run, [self.spec])
            archive.write_out(path, verbose=False)

    def _run(self, x):
        if self.is_raw:
            return self.model(x, training=False)
        return self.model.task.outputs(self.model.core(x, training=False))


def numbers_model(model, expected):
    """Returns the `NumbersModel` of a `TrainedModel`.

    Args:
        model: A `TrainedModel`.
        expected: `Expected` of raw inputs.

    Raises:
        ExportError: If `expected` is None.
    """
    if expected is None:
        raise ExportError("it needs examples, to be compared on")
    preprocessing, core = model.preprocessing, model.core
    if preprocessing.kind == "record":
        raise ExportError("it takes one input, a record has several; a SavedModel holds it")
    raw = preprocessing.raw_input()
    if preprocessing.kind == "table" or preprocessing.padding is not None:
        kind = {"table": "a table"}.get(preprocessing.kind, f"{preprocessing.kind}s")
        spec = keras.InputSpec(core.input.dtype, core.input.shape, name=core.input.name)
        note = f"takes {spec.name}, what the model's `preprocessing` makes of {kind}"
        inputs = np.asarray(preprocessing(expected.inputs))
        return NumbersModel(model, False, spec, Expected(inputs, expected.predictions), note)
    sizes = zip(raw.shape[1:], preprocessing.example_shape, strict=True)
    shape = tuple(own if size is None else size for size, own in sizes)
    spec = keras.InputSpec(raw.dtype, (None, *shape), name=raw.name)
    note = f"takes images of {shape[0]}x{shape[1]} pixels only" if len(shape) == 3 else ""
    if len(shape) == 3 and expected.inputs.shape[1:] != shape:
        resized = keras.ops.image.resize(expected.inputs, shape[:2])
        expected = predict(model, np.asarray(resized).astype(raw.dtype))
    return NumbersModel(model, True, spec, expected, note)
