"""Arrays that a model takes as they are."""

import keras
import numpy as np
from keras import ops

from kzoo.preprocessing.base import Preprocessing


@keras.saving.register_keras_serializable(package="kzoo", name="ArrayPreprocessing")
class SequencePreprocessing(Preprocessing):
    """Passes arrays on as floats, less a mean and divided by a scale.

    Args:
        example_shape: Shape of one example; its first axis may be None, for sequences of any
            length.
        mean: Number, or list of one for each feature, that is subtracted.
        scale: Number, or list of one for each feature, that is divided by.

    Input shape:
        `(batch, *example_shape)`.

    Output shape:
        That of the input.

    Raises:
        ValueError: If an array has another shape.

    Example:
    >>> x = SequencePreprocessing((3,), mean=2.0, scale=0.5)(np.ones((1, 3)))
    >>> x[0].numpy().tolist()
    [-2.0, -2.0, -2.0]
    """

    def __init__(self, example_shape, mean=0.0, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.example_shape = tuple(example_shape)
        self.mean = mean
        self.scale = scale

    @classmethod
    def learn(cls, arrays, *, standardize=True):
        """Learns the mean and the standard deviation of each feature.

        Args:
            arrays: Array `(examples, features)` or `(examples, time, features)`.
            standardize: False passes them on as they are.
        """
        if not standardize:
            return cls(arrays.shape[1:])
        axes = tuple(range(arrays.ndim - 1))
        mean, scale = (f(arrays, axis=axes, dtype="float64") for f in (np.mean, np.std))
        scale[scale < np.finfo("float32").tiny] = 1.0  # nothing float32 can be divided by
        return cls(arrays.shape[1:], mean.tolist(), scale.tolist())

    @property
    def kind(self):
        """`"vector"` or, with an axis of time, `"sequence"`."""
        return "vector" if len(self.example_shape) == 1 else "sequence"

    def raw_input(self):
        """Returns the `keras.Input` of a model that begins with this layer."""
        return keras.Input(self.example_shape, name="arrays")

    def as_raw(self, arrays):
        """Returns arrays as a model that begins with this layer takes them: float32.

        Raises:
            ValueError: If they have another shape, or something in them is no finite number.
        """
        try:
            arrays = np.asarray(arrays)
        except ValueError:  # rows of different lengths
            arrays = np.asarray(arrays, dtype=object)
        expected = self.example_shape
        fits = arrays.ndim == len(expected) + 1 and all(
            size in (None, given) for size, given in zip(expected, arrays.shape[1:], strict=True)
        )
        if not fits or arrays.dtype.kind not in "iufb":
            shape = ", ".join("any" if size is None else str(size) for size in expected)
            raise ValueError(
                f"Arrays must be numbers of the shape (batch, {shape}). "
                f"Received: {arrays.dtype} {arrays.shape}"
            )
        return finite(arrays, "Arrays")

    def positions(self, inputs, x):
        """Returns the numbers of the steps, from 0, or of the features, from 1."""
        if self.kind == "sequence":
            return [[str(i) for i in range(x.shape[1])]] * len(x)
        return [[f"feature {i + 1}" for i in range(x.shape[1])]] * len(x)

    def call(self, arrays):
        arrays = ops.cast(arrays, self.compute_dtype)
        return (arrays - ops.cast(self.mean, arrays.dtype)) / ops.cast(self.scale, arrays.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "example_shape": self.example_shape,
            "mean": self.mean,
            "scale": self.scale,
        }


def finite(arrays, name):
    """Returns an array as float32, or refuses it, called by that name, where it is not finite.

    Raises:
        ValueError: With the place of the first NaN, infinity or number too large for float32.
    """
    with np.errstate(over="ignore"):
        arrays = arrays.astype("float32")
    wrong = ~np.isfinite(arrays)
    if wrong.any():
        axes = ["example", "feature"] if arrays.ndim == 2 else ["example", "step", "feature"]
        first = np.unravel_index(np.argmax(wrong), wrong.shape)
        place = ", ".join(f"{axis} {i}" for axis, i in zip(axes, first, strict=False))
        examples = wrong.reshape(len(wrong), -1).any(axis=1).sum()
        raise ValueError(
            f"{name} must hold finite numbers. Received: {arrays[first]} at {place}, counted from "
            f"0; {examples:,} of {len(arrays):,} examples have such a value"
        )
    return arrays
