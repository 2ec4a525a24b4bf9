"""Attention by how similar each element is to all the others."""

import keras
from keras import ops

from kzoo.layers.masks import position_mask
from kzoo.layers.projecting_layer import ProjectingLayer
from kzoo.layers.scores import SIMILARITIES, masked_softmax, zero_padding


@keras.saving.register_keras_serializable(package="kzoo")
class SimilarityAttention(ProjectingLayer):
    """Weighs each element by its similarity to the rest, and mixes what is similar.

    With `x` of shape `(batch, time, features)`:

        s_ij = similarity(x_i, x_j)                       (batch, time, time)
        alpha_ij = softplus(u . x_i + v . x_j + b)        (batch, time, time), learned
        w = softmax_i(mean over real j of alpha_ij s_ij)  (batch, time), 0 where padded
        y_i = sum_j w_j s_ij x_j                          (batch, time, features), 0 where padded

    Args:
        similarity: `"cosine"`, `"dot"` or `"euclidean"`, which is 1 / (1 + distance).
        **kwargs: Options of the dense layers of u and v, which are those of `keras.layers.Dense`
            (`use_bias`, `kernel_initializer`, ...), and of `keras.layers.Layer`.

    Call arguments:
        x: Float tensor.
        mask: Boolean `(batch, time)`, True where the element is real.
        return_attention_scores: Also return `w`.

    Input shape:
        `(batch, time, features)`; batch and time may be unknown.

    Output shape:
        That of the input, and `(batch, time)` for the scores.

    Raises:
        ValueError: If `similarity` is not one of the above.

    Example:
    >>> x = np.random.rand(2, 5, 3)
    >>> y, scores = SimilarityAttention()(x, return_attention_scores=True)
    >>> tuple(y.shape), tuple(scores.shape)
    ((2, 5, 3), (2, 5))

    References:
        Graves et al., 2014, Neural Turing Machines, eq. 6 (cosine).
    """

    def __init__(self, similarity="cosine", **kwargs):
        super().__init__(**kwargs)
        if similarity not in SIMILARITIES:
            raise ValueError(
                f"`similarity` must be one of {list(SIMILARITIES)}. "
                f"Received: similarity={similarity!r}"
            )
        self.similarity = similarity
        self.supports_masking = True
        self._row = self._dense("row", 1)
        self._column = self._dense("column", 1, use_bias=False)

    def build(self, input_shape):
        self._row.build(input_shape)
        self._column.build(input_shape)

    def call(self, x, mask=None, return_attention_scores=False):
        mask = position_mask(mask, x)
        x = zero_padding(x, mask)
        similarities = SIMILARITIES[self.similarity](x, x)
        importance = ops.softplus(self._row(x) + ops.swapaxes(self._column(x), 1, 2))
        scores = _mean_over_real(importance * similarities, mask)
        weights = ops.cast(masked_softmax(scores, mask), x.dtype)
        mixed = ops.matmul(similarities * weights[:, None, :], x)
        output = zero_padding(mixed, mask)
        return (output, weights) if return_attention_scores else output

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
        return {**super().get_config(), "similarity": self.similarity}


def _mean_over_real(x, mask):
    """Mean over the last axis of `(batch, time, time)`: 0 in an empty row."""
    x = ops.cast(x, "float32")
    if mask is None:
        return ops.mean(x, axis=-1)
    real = ops.cast(mask, "float32")
    total = ops.sum(x * real[:, None, :], axis=-1)
    return total / ops.maximum(ops.sum(real, axis=-1, keepdims=True), 1.0)
