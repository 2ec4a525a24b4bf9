"""Attention pooling to several regions at once."""

import math

import keras
from keras import ops

from kzoo.layers.masks import position_mask
from kzoo.layers.projecting_layer import ProjectingLayer
from kzoo.layers.scores import masked_softmax, zero_padding


@keras.saving.register_keras_serializable(package="kzoo")
class ParallelAttention(ProjectingLayer):
    """Pools a sequence or an image into several vectors, each from where it looks itself.

    With `x` of shape `(batch, ..., features)`, the positions being all axes in between:

        h = tanh(x W + b)                  (batch, positions, units)
        a_g = softmax_positions(h . w_g)   (batch, num_glimpses, positions), 0 where padded
        y_g = sum_positions(a_g h)         (batch, num_glimpses, units)
        y_g = y_g V + d                    (batch, num_glimpses, output_dim), where it is given

    Args:
        num_glimpses: Number of vectors, each with a softmax of its own.
        units: Size of the hidden space in which elements are compared.
        output_dim: Size of an output vector; None leaves `y_g` as it is.
        dropout: Fraction of the attention weights dropped in training.
        seed: Integer, the seed of the dropout.
        **kwargs: Options of the dense layers, which are those of `keras.layers.Dense`
            (`use_bias`, `kernel_initializer`, ...), and of `keras.layers.Layer`.

    Call arguments:
        x: Float tensor.
        mask: Boolean, True where the element is real: one axis for the batch and one for each
            axis of positions. For a row without a real element the weighted sums are 0.
        return_attention_scores: Also return `a`, its positions shaped as those of `x`.

    Input shape:
        `(batch, ..., features)`, with at least one axis of positions, as in
        `(batch, time, features)` or `(batch, height, width, features)`; all but the features may
        be unknown.

    Output shape:
        `(batch, num_glimpses, output_dim or units)`, and `(batch, num_glimpses, ...)` for the
        scores.

    Raises:
        ValueError: If `num_glimpses` or `units` is not positive, or `x` has no axis of positions.

    Example:
    >>> image = np.random.rand(2, 5, 7, 3)
    >>> layer = ParallelAttention(num_glimpses=4, units=11)
    >>> vectors, scores = layer(image, return_attention_scores=True)
    >>> tuple(vectors.shape), tuple(scores.shape)
    ((2, 4, 11), (2, 4, 5, 7))

    References:
        Lin et al., 2017, A Structured Self-Attentive Sentence Embedding, eq. 6-7.
    """

    def __init__(self, num_glimpses, units, output_dim=None, dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        for name, size in [("num_glimpses", num_glimpses), ("units", units)]:
            if size <= 0:
                raise ValueError(f"`{name}` must be positive. Received: {name}={size}")
        self.num_glimpses = num_glimpses
        self.units = units
        self.output_dim = output_dim
        self.dropout = dropout
        self.seed = seed
        self.supports_masking = True
        self._hidden = self._dense("hidden", units, "tanh")
        self._score = self._dense("score", num_glimpses, use_bias=False)
        self._dropout = keras.layers.Dropout(dropout, seed=seed, dtype=self.dtype_policy)
        self._output = (
            self._dense("output", output_dim)
            if output_dim
            else keras.layers.Identity(dtype=self.dtype_policy)
        )

    def build(self, input_shape):
        if len(input_shape) < 3:
            raise ValueError(
                "ParallelAttention reads inputs of shape (batch, ..., features) with at least one "
                f"axis of positions. Received: an input of shape {input_shape}"
            )
        self._hidden.build((input_shape[0], None, input_shape[-1]))
        self._score.build((input_shape[0], None, self.units))
        self._output.build((input_shape[0], self.num_glimpses, self.units))

    def call(self, x, mask=None, training=None, return_attention_scores=False):
        mask = position_mask(mask, x)
        hidden = self._hidden(_flatten_positions(zero_padding(x, mask)))
        scores = ops.transpose(self._score(hidden), (0, 2, 1))
        mask = None if mask is None else _flatten_positions(mask[..., None])
        weights = masked_softmax(scores, None if mask is None else ops.transpose(mask, (0, 2, 1)))
        dropped = self._dropout(weights, training=training)
        vectors = self._output(ops.matmul(dropped, hidden))
        if not return_attention_scores:
            return vectors
        return vectors, ops.reshape(weights, (-1, self.num_glimpses, *ops.shape(x)[1:-1]))

    def compute_mask(self, inputs, mask=None):
        return None  # the positions are gone

    def received(self, scores):
        """Returns how much attention each position receives: its weights.

        Args:
            scores: Array `(examples, num_glimpses, ...)`, as a call returns it.

        Returns:
            The same array. The weights of a glimpse add up to 1; padded positions have 0.
        """
        return scores

    def get_config(self):
        return {
            **super().get_config(),
            "num_glimpses": self.num_glimpses,
            "units": self.units,
            "output_dim": self.output_dim,
            "dropout": self.dropout,
            "seed": self.seed,
        }


def _flatten_positions(x):
    """From `(batch, ..., features)` to `(batch, positions, features)`."""
    batch, *positions, features = x.shape
    if None not in positions:
        return ops.reshape(x, (-1, math.prod(positions), features))
    return ops.reshape(x, (ops.shape(x)[0], -1, features))
