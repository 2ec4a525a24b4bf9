"""Arrays that a model takes as they are."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="kzoo")
class ArrayPreprocessing(keras.layers.Layer):
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
    >>> x = ArrayPreprocessing((3,), mean=2.0, scale=0.5)(np.ones((1, 3)))
    >>> x[0].numpy().tolist()
    [-2.0, -2.0, -2.0]
    """

    kind = "arrays"

    def __init__(self, example_shape, mean=0.0, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.example_shape = tuple(example_shape)
        self.mean = mean
        self.scale = scale

    def raw_input(self):
        """Returns the `keras.Input` of a model that begins with this layer."""
        return keras.Input(self.example_shape, name="arrays")

    def as_raw(self, arrays):
        """Returns arrays as a model that begins with this layer takes them.

        Raises:
            ValueError: If they have another shape.
        """
        arrays = np.asarray(arrays)
        expected = self.example_shape
        fits = arrays.ndim == len(expected) + 1 and all(
            size in (None, given) for size, given in zip(expected, arrays.shape[1:], strict=True)
        )
        if not fits:
            shape = ", ".join("any" if size is None else str(size) for size in expected)
            raise ValueError(
                f"Arrays must have the shape (batch, {shape}). Received: {arrays.shape}"
            )
        return arrays

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
