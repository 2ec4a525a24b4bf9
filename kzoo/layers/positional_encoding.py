"""Positions, added to a sequence or an image."""

import math

import keras
from keras import ops

from kzoo.layers.masks import position_mask
from kzoo.layers.projecting_layer import fresh, serialize_initializer
from kzoo.layers.scores import zero_padding

MODES = ("sinusoidal", "learned")


@keras.saving.register_keras_serializable(package="kzoo")
class PositionalEncoding(keras.layers.Layer):
    """Adds to every element where it is, along one axis of positions or two.

    With `x` of shape `(batch, time, features)`:

        p[t, 2i] = sin(t / 10000^(2i / features)), p[t, 2i + 1] = cos(the same)     sinusoidal
        p[t] = a learned vector for every position                                  learned
        y = x + p                                                 (batch, time, features)

    Over two axes, sinusoidal positions give the first half of the features to the rows and the
    second to the columns; learned ones add a vector of the row and one of the column.

    Args:
        mode: `"sinusoidal"`, without weights, or `"learned"`.
        max_length: The most positions an axis may have: an integer, or a pair for two axes. None
            takes it from the first input in `"learned"` mode and sets no limit in `"sinusoidal"`.
        embeddings_initializer: Initializer of the learned vectors; None draws them from a normal
            distribution with a standard deviation of 0.02.
        embeddings_regularizer: Regularizer of the learned vectors.
        embeddings_constraint: Constraint of the learned vectors.

    Call arguments:
        x: Float tensor.
        mask: Boolean `(batch, time)` or `(batch, height, width)`, True where the element is
            real. A padded element becomes 0.

    Input shape:
        `(batch, time, features)` or `(batch, height, width, features)`; all but the features may
        be unknown, in `"learned"` mode where `max_length` is given.

    Output shape:
        That of the input.

    Raises:
        ValueError: If `mode` or `max_length` is not one of the above, the input has no axis of
            positions, too many or one that is too long, or `"learned"` has to guess a length.

    Example:
    >>> image = np.zeros((2, 5, 7, 4))
    >>> tuple(PositionalEncoding("learned")(image).shape)
    (2, 5, 7, 4)
    >>> np.asarray(PositionalEncoding()(np.zeros((1, 3, 2))))[0, 0].tolist()
    [0.0, 1.0]

    References:
        Vaswani et al., 2017, Attention Is All You Need, section 3.5.
    """

    def __init__(
        self,
        mode="sinusoidal",
        max_length=None,
        embeddings_initializer=None,
        embeddings_regularizer=None,
        embeddings_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if mode not in MODES:
            raise ValueError(f"`mode` must be one of {MODES}. Received: mode={mode!r}")
        sizes = max_length if isinstance(max_length, (list, tuple)) else [max_length]
        if len(sizes) > 2 or any(size is not None and size <= 0 for size in sizes):
            raise ValueError(
                "`max_length` must be a positive integer or a pair of them. "
                f"Received: max_length={max_length}"
            )
        self.mode = mode
        self.max_length = max_length
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer)
        self.embeddings_regularizer = keras.regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = keras.constraints.get(embeddings_constraint)
        self.supports_masking = True

    def build(self, input_shape):
        positions = input_shape[1:-1]
        limits = self._limits(input_shape)
        for size, limit in zip(positions, limits, strict=True):
            if limit is not None and size is not None and size > limit:
                raise ValueError(
                    f"An axis of {size} positions is longer than max_length={self.max_length}. "
                    f"Received: an input of shape {input_shape}"
                )
        if self.mode == "learned":
            self._tables = [
                self._add_table(axis, limit or size, input_shape)
                for axis, (size, limit) in enumerate(zip(positions, limits, strict=True))
            ]

    def _limits(self, input_shape):
        """Returns the most positions of each axis, None where there is no limit."""
        axes = len(input_shape) - 2
        limits = self.max_length
        if not isinstance(limits, (list, tuple)):
            limits = [limits] * axes
        if axes not in (1, 2) or len(limits) != axes:
            raise ValueError(
                "PositionalEncoding reads inputs of shape (batch, time, features) or (batch, "
                "height, width, features), with as many positions as a `max_length` pair. "
                f"Received: an input of shape {input_shape}, max_length={self.max_length}"
            )
        return limits

    def _add_table(self, axis, size, input_shape):
        if size is None:
            raise ValueError(
                "Learned positions need `max_length` where an axis has no known size. "
                f"Received: an input of shape {input_shape}"
            )
        return self.add_weight(
            (size, input_shape[-1]),
            fresh(self.embeddings_initializer) or keras.initializers.RandomNormal(stddev=0.02),
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name=f"positions_{axis}",
        )

    def call(self, x, mask=None):
        encode = self._look_up if self.mode == "learned" else self._sinusoids
        return zero_padding(x + ops.cast(encode(x), x.dtype), position_mask(mask, x))

    def _look_up(self, x):
        sizes = ops.shape(x)[1:-1]
        return _over_axes([table[:size] for table, size in zip(self._tables, sizes, strict=True)])

    def _sinusoids(self, x):
        *sizes, features = ops.shape(x)[1:]
        if len(sizes) == 1:
            return sinusoids(sizes[0], features)
        half = (features + 1) // 2
        rows = ops.pad(sinusoids(sizes[0], half), [(0, 0), (0, features - half)])
        columns = ops.pad(sinusoids(sizes[1], features - half), [(0, 0), (half, 0)])
        return _over_axes([rows, columns])

    def compute_output_shape(self, input_shape):
        return input_shape  # tracing `call` on JAX tries lengths that may be beyond `max_length`

    def get_config(self):
        return {
            **super().get_config(),
            "mode": self.mode,
            "max_length": self.max_length,
            "embeddings_initializer": serialize_initializer(self.embeddings_initializer),
            "embeddings_regularizer": keras.regularizers.serialize(self.embeddings_regularizer),
            "embeddings_constraint": keras.constraints.serialize(self.embeddings_constraint),
        }


def sinusoids(length, features):
    """Returns the float32 encodings `(length, features)` of the positions from 0."""
    rates = [10000.0 ** -(i // 2 * 2 / features) for i in range(features)]
    phases = [i % 2 * math.pi / 2 for i in range(features)]  # cos(t) = sin(t + pi / 2)
    positions = ops.cast(ops.arange(length), "float32")[:, None]
    rates = ops.convert_to_tensor(rates, "float32")
    return ops.sin(positions * rates + ops.convert_to_tensor(phases, "float32"))


def _over_axes(tables):
    """Adds tables `(size, features)`, one for each axis, to `(1, sizes..., features)`."""
    if len(tables) == 1:
        return tables[0][None]
    rows, columns = tables
    return (rows[:, None] + columns[None, :])[None]
