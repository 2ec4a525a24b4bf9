"""What goes into a model and what comes out of it."""

import dataclasses
from typing import Any

import keras


@dataclasses.dataclass(frozen=True)
class Spec:
    """A tensor that goes into a model or comes out of it; None in its shape is any size."""

    name: str
    dtype: str
    shape: tuple

    def __str__(self):
        shape = ", ".join("any" if size is None else str(size) for size in self.shape)
        return f"{self.name}: {self.dtype} ({shape})"


@dataclasses.dataclass(frozen=True)
class Signature:
    """What a model takes and gives.

    Attributes:
        inputs: `Spec`, or a dict or list of them.
        outputs: The same.
    """

    inputs: Any
    outputs: Any

    def __str__(self):
        return f"{show_specs(self.inputs)} -> {show_specs(self.outputs)}"


def signature_of(model):
    """Returns the `Signature` of an `ExportedModel` or a `keras.Model`."""
    if hasattr(model, "signature"):  # of an `ExportedModel`
        return model.signature
    if hasattr(model, "preprocessing"):  # of ours, which knows columns by their own names
        return Signature(_specs(model.preprocessing.raw_input()), _specs(model.output))
    if isinstance(model, keras.Sequential):  # its `input` is not defined after loading
        return Signature(_specs(model.inputs[0]), _specs(model.outputs[0]))
    return Signature(_specs(model.input), _specs(model.output))


def kind_of(model):
    """Returns what a model reads: what its pre-processing says or, of others, its signature."""
    if preprocessing := getattr(model, "preprocessing", None):
        return preprocessing.kind
    return input_kind(signature_of(model).inputs)


def input_kind(specs):
    """Returns what a model reads, as `Preprocessing.kind` says it, or None where no file holds it.

    Args:
        specs: The inputs of its `Signature`.
    """
    if isinstance(specs, dict) and all(len(spec.shape) == 1 for spec in specs.values()):
        return "table"
    if isinstance(specs, dict | list | tuple):
        return None
    if specs.dtype == "string":
        return "text"
    if specs.dtype == "uint8" and len(specs.shape) == 4:
        return "image"
    return "vector" if len(specs.shape) == 2 else "sequence"


def show_specs(specs):
    """Returns a `Spec`, or a structure of them, as text."""
    return ", ".join(map(str, keras.tree.flatten(specs)))


def signature_of_function(function):
    """Returns the `Signature` of a function of a SavedModel."""
    positional, named = function.structured_input_signature
    inputs = positional[0] if positional else named
    return Signature(_specs(inputs), _specs(function.structured_outputs))


def _specs(tensors):
    if isinstance(tensors, dict):
        return {name: _spec(tensor, name) for name, tensor in tensors.items()}
    return keras.tree.map_structure(_spec, tensors)


def _spec(tensor, name=None):
    dtype = getattr(tensor.dtype, "name", tensor.dtype)
    return Spec(name or tensor.name, dtype, tuple(tensor.shape))
