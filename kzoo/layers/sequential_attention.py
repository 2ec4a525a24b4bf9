"""Attention pooling over a sequence."""

import keras
from keras import ops

from kzoo.layers.masks import position_mask
from kzoo.layers.projecting_layer import ProjectingLayer
from kzoo.layers.scores import masked_softmax, zero_padding


@keras.saving.register_keras_serializable(package="kzoo")
class SequentialAttention(ProjectingLayer):
    """Pools a sequence into one vector by weighing its elements one by one.

    With `x` of shape `(batch, time, features)`:

        h = tanh(x W + b)             (batch, time, units)
        a = softmax_time(h . w)       (batch, time), 0 where padded
        y = sum_time(a h)             (batch, units)
        y = y V + d                   (batch, output_dim), where it is given

    Args:
        units: Size of the hidden space in which elements are compared.
        output_dim: Size of the output vector; None leaves `y` as it is.
        dropout: Fraction of the attention weights dropped in training.
        seed: Integer, the seed of the dropout.
        **kwargs: Options of the dense layers, which are those of `keras.layers.Dense`
            (`use_bias`, `kernel_initializer`, ...), and of `keras.layers.Layer`.

    Call arguments:
        x: Float tensor.
        mask: Boolean `(batch, time)`, True where the element is real. For a
            row without a real element the weighted sum is 0.
        return_attention_scores: Also return `a`.

    Input shape:
        `(batch, time, features)`; batch and time may be unknown.

    Output shape:
        `(batch, output_dim or units)`, and `(batch, time)` for the scores.

    Raises:
        ValueError: If `units` is not positive.

    Example:
    >>> x = np.random.rand(2, 5, 3)
    >>> vector, scores = SequentialAttention(4)(x, return_attention_scores=True)
    >>> tuple(vector.shape), tuple(scores.shape)
    ((2, 4), (2, 5))

    References:
        Yang et al., 2016, Hierarchical Attention Networks, eq. 5-7.
    """

    def __init__(self, units, output_dim=None, dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        if units <= 0:
            raise ValueError(f"`units` must be positive. Received: units={units}")
        self.units = units
        self.output_dim = output_dim
        self.dropout = dropout
        self.seed = seed
        self.supports_masking = True
        self._hidden = self._dense("hidden", units, "tanh")
        self._score = self._dense("score", 1, use_bias=False)
        self._dropout = keras.layers.Dropout(dropout, seed=seed, dtype=self.dtype_policy)
        self._output = (
            self._dense("output", output_dim)
            if output_dim
            else keras.layers.Identity(dtype=self.dtype_policy)
        )

    def build(self, input_shape):
        self._hidden.build(input_shape)
        self._score.build((*input_shape[:-1], self.units))
        self._output.build((input_shape[0], self.units))

    def call(self, x, mask=None, training=None, return_attention_scores=False):
        mask = position_mask(mask, x)
        hidden = self._hidden(zero_padding(x, mask))
        scores = ops.squeeze(self._score(hidden), axis=-1)
        weights = masked_softmax(scores, mask)
        dropped = self._dropout(weights, training=training)
        context = self._output(ops.matmul(dropped[:, None], hidden)[:, 0])
        return (context, weights) if return_attention_scores else context

    def compute_mask(self, inputs, mask=None):
        return None  # time is gone

    def received(self, scores):
        """Returns how much attention each element receives: its weight.

        Args:
            scores: Array `(examples, time)`, as a call returns it.

        Returns:
            Array `(examples, 1, time)`, with an axis for its only head. The weights add up to 1;
            padded elements have 0.
        """
        return scores[:, None]

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "output_dim": self.output_dim,
            "dropout": self.dropout,
            "seed": self.seed,
        }
