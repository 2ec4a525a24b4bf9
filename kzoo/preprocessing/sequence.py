"""Arrays that a model takes as they are, less a mean and divided by a scale."""

import keras
import numpy as np
from keras import ops

from kzoo.preprocessing.base import Preprocessing


@keras.saving.register_keras_serializable(package="kzoo", name="ArrayPreprocessing")
class SequencePreprocessing(Preprocessing):
    """Passes arrays on as floats, less a mean and divided by a scale.

    With `missing`, raw sequences may differ in length and have gaps. The shorter ones are padded
    with NaN, which becomes 0 in all features; a last feature is 1 for every step and 0 for padding.
    A NaN before the end is a value that is missing: it becomes the mean, and another feature, 1
    where it was missing, says so.

    Args:
        example_shape: Shape of one raw example; its first axis is None for sequences of any length.
        mean: Number, or list of one for each feature, that is subtracted.
        scale: Number, or list of one for each feature, that is divided by.
        missing: Integers, the features of which values were missing in training; None where
            sequences have neither padding nor gaps.
        sequence_length: Steps of the longest sequence in training, where they differ; else None.
        columns: Dict with the names of the columns that a CSV file of sequences has: `id`, `time`
            and a list of `features`; or None.

    Input shape:
        `(batch, *example_shape)`.

    Output shape:
        The same; with a feature more for each of `missing`, and one for the steps.

    Raises:
        ValueError: If an array has another shape.

    Example:
    >>> x = SequencePreprocessing((3,), mean=2.0, scale=0.5)(np.ones((1, 3)))
    >>> x[0].numpy().tolist()
    [-2.0, -2.0, -2.0]
    >>> with_a_gap = np.array([[[5.0], [np.nan], [3.0], [np.nan]]])
    >>> SequencePreprocessing((None, 1), missing=[0])(with_a_gap)[0].numpy()
    array([[5., 0., 1.],
           [0., 1., 1.],
           [3., 0., 1.],
           [0., 0., 0.]], dtype=float32)
    """

    def __init__(
        self,
        example_shape,
        mean=0.0,
        scale=1.0,
        missing=None,
        sequence_length=None,
        columns=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.raw_shape = tuple(example_shape)
        self.mean = mean
        self.scale = scale
        self.missing = list(missing or ())
        self.sequence_length = sequence_length
        self.columns = columns
        self.padding = None if missing is None else 0

    @classmethod
    def learn(cls, arrays, *, standardize=True, varying=False, columns=None):
        """Learns the mean and the standard deviation of each feature.

        Args:
            arrays: Array `(examples, features)` or `(examples, time, features)`.
            standardize: False passes them on as they are.
            varying: Whether they are sequences of different lengths, padded with NaN.
            columns: Dict of the names of their columns, or None.
        """
        shape = (None, arrays.shape[2]) if varying else arrays.shape[1:]
        missing = _missing(arrays) if varying else []
        more = {"missing": missing, "sequence_length": arrays.shape[1]} if varying else {}
        more |= {"columns": columns} if columns else {}
        if not standardize:
            return cls(shape, **more)
        axes = tuple(range(arrays.ndim - 1))
        functions = (np.nanmean, np.nanstd) if varying else (np.mean, np.std)
        mean, scale = (f(arrays, axis=axes, dtype="float64") for f in functions)
        scale[scale < np.finfo("float32").tiny] = 1.0  # nothing float32 can be divided by
        return cls(shape, mean.tolist(), scale.tolist(), **more)

    @property
    def kind(self):
        """`"vector"` or, with an axis of time, `"sequence"`."""
        return "vector" if len(self.raw_shape) == 1 else "sequence"

    @property
    def example_shape(self):
        """Shape of one example as the core takes it."""
        if self.padding is None:
            return self.raw_shape
        return None, self.raw_shape[-1] + len(self.missing) + 1

    def is_real(self, x):
        return x[:, :, -1] != 0

    def raw_input(self):
        """Returns the `keras.Input` of a model that begins with this layer."""
        return keras.Input(self.raw_shape, name="arrays")

    def as_raw(self, arrays):
        """Returns arrays as a model that begins with this layer takes them: float32.

        Args:
            arrays: Array `(batch, *example_shape)`; of sequences of any length also a list of
                arrays `(time, features)`, or `(time,)` where there is one feature.

        Raises:
            ValueError: If they have another shape, or something in them is no finite number.
        """
        if self.padding is not None:
            arrays = _padded(arrays, self.raw_shape[-1])
        try:
            arrays = np.asarray(arrays)
        except ValueError:  # rows of different lengths
            arrays = np.asarray(arrays, dtype=object)
        expected = self.raw_shape
        fits = arrays.ndim == len(expected) + 1 and all(
            size in (None, given) for size, given in zip(expected, arrays.shape[1:], strict=True)
        )
        if not fits or arrays.dtype.kind not in "iufb":
            shape = ", ".join("any" if size is None else str(size) for size in expected)
            raise ValueError(
                f"Arrays must be numbers of the shape (batch, {shape}). "
                f"Received: {arrays.dtype} {arrays.shape}"
            )
        return finite(arrays, "Arrays", missing=self.padding is not None)

    def positions(self, inputs, x):
        """Returns the numbers of the steps, from 0, or of the features, from 1."""
        if self.kind == "sequence":
            lengths = [x.shape[1]] * len(x) if self.padding is None else self.lengths(x)
            return [[str(i) for i in range(int(length))] for length in lengths]
        return [[f"feature {i + 1}" for i in range(x.shape[1])]] * len(x)

    def delete(self, x, places, grid):
        if self.padding is None:
            return super().delete(x, places, grid)
        x = x.copy()
        x[places, :-1] = 0  # it remains a step
        return x

    def call(self, arrays):
        arrays = ops.cast(arrays, self.compute_dtype)
        x = (arrays - ops.cast(self.mean, arrays.dtype)) / ops.cast(self.scale, arrays.dtype)
        if self.padding is None:
            return x
        gaps = ops.isnan(arrays)
        steps = ops.cast(ops.expand_dims(_before_the_end(gaps), -1), x.dtype)
        told = [ops.cast(gaps[:, :, i : i + 1], x.dtype) * steps for i in self.missing]
        return ops.concatenate([ops.where(gaps, 0.0, x), *told, steps], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.example_shape[-1])

    def get_config(self):
        config = {
            **super().get_config(),
            "example_shape": self.raw_shape,
            "mean": self.mean,
            "scale": self.scale,
        }
        if self.padding is None:
            return config
        varying = ("missing", "sequence_length", "columns")
        return {**config, **{name: getattr(self, name) for name in varying}}


def _before_the_end(gaps):
    """Returns True up to the last step of which anything is known; boolean `(batch, time)`."""
    known = ops.cast(ops.logical_not(ops.all(gaps, axis=-1)), "int32")
    return ops.flip(ops.cumsum(ops.flip(known, axis=1), axis=1), axis=1) > 0


def _missing(arrays):
    """Returns the features of which a value is missing before the end of a sequence."""
    gaps = np.isnan(arrays)
    known = ~gaps.all(axis=-1)
    real = np.flip(np.cumsum(np.flip(known, axis=1), axis=1), axis=1) > 0
    return np.flatnonzero((gaps & real[..., None]).any(axis=(0, 1))).tolist()


def _padded(arrays, features):
    """Returns a list of sequences as one array, NaN behind the shorter ones; others as they are."""
    is_array = isinstance(arrays, np.ndarray) and not arrays.dtype.hasobject
    if is_array or not hasattr(arrays, "__len__") or not len(arrays):
        return arrays
    sequences = [np.asarray(one) for one in arrays]
    sequences = [one[:, None] if one.ndim == 1 and features == 1 else one for one in sequences]
    if any(one.ndim != 2 or one.shape[1] != features for one in sequences):
        return arrays
    found = np.full((len(sequences), max(map(len, sequences)), features), np.nan)
    for row, one in zip(found, sequences, strict=True):
        row[: len(one)] = one
    return found


def finite(arrays, name, missing=False):
    """Returns an array as float32, or refuses it, called by that name, where it is not finite.

    Args:
        arrays: Array of numbers.
        name: What a message calls it.
        missing: Whether NaN is allowed, for what is missing.

    Raises:
        ValueError: With the place of the first NaN, infinity or number too large for float32.
    """
    with np.errstate(over="ignore"):
        arrays = arrays.astype("float32")
    wrong = np.isinf(arrays) if missing else ~np.isfinite(arrays)
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
