"""A dense path and an attention path, fused."""

import keras
from keras import ops

from kzoo.layers.attention import Attention
from kzoo.layers.masks import position_mask
from kzoo.layers.projecting_layer import ProjectingLayer
from kzoo.layers.scores import dot_score, masked_softmax, zero_padding

FUSIONS = ("attend", "concat", "gated", "stacked")


@keras.saving.register_keras_serializable(package="kzoo")
class DenseAttentionFusion(ProjectingLayer):
    """Sees each element for itself through a dense layer, and in context through attention.

    With `x` of shape `(batch, time, features)`:

        z = activation(x W1 + b1)                        (batch, time, units)
        A = softmax_keys((x Wq) (x Wk)^T + x Wc)         (batch, time, time), 0 where padded
        y = A^T z                                        fusion="attend"
        y = [z ; A z]                                    fusion="concat"
        y = g z + (1 - g) A z, g = sigmoid([z ; A z] Wg + bg)         fusion="gated"
        A = softmax_keys(Q K^T / sqrt(key_dim)), y = (A V) Wo + bo    fusion="stacked"

    x Wc is one bias for each key. In "stacked", Q, K and V are projections of z.

    Args:
        units: Size of `z`.
        key_dim: Size in which elements are compared; None is max(1, units // 8).
        activation: Activation of `z`.
        fusion: `"attend"`, `"concat"`, `"gated"` or `"stacked"`.
        **kwargs: Options of the dense layers, which are those of `keras.layers.Dense`
            (`use_bias`, `kernel_initializer`, ...), and of `keras.layers.Layer`.

    Call arguments:
        x: Float tensor.
        mask: Boolean `(batch, time)`, True where the element is real.
        return_attention_scores: Also return `A`.

    Input shape:
        `(batch, time, features)`; batch and time may be unknown.

    Output shape:
        `(batch, time, units)`, with 2 units in place of units for `"concat"`;
        `(batch, time, time)` for the scores.

    Raises:
        ValueError: If `units` or `key_dim` is not positive or `fusion` not one of the above.

    Example:
    >>> x = np.random.rand(2, 5, 3)
    >>> y, scores = DenseAttentionFusion(units=7)(x, return_attention_scores=True)
    >>> tuple(y.shape), tuple(scores.shape)
    ((2, 5, 14), (2, 5, 5))

    References:
        Arevalo et al., 2017, Gated Multimodal Units for Information Fusion, section 3.1 (gated).
        Vaswani et al., 2017, Attention Is All You Need, eq. 1 (stacked).
    """

    def __init__(self, units, key_dim=None, activation="relu", fusion="concat", **kwargs):
        super().__init__(**kwargs)
        for name, size in [("units", units), ("key_dim", key_dim)]:
            if size is not None and size <= 0:
                raise ValueError(f"`{name}` must be positive. Received: {name}={size}")
        if fusion not in FUSIONS:
            raise ValueError(f"`fusion` must be one of {FUSIONS}. Received: fusion={fusion!r}")
        self.units = units
        self.key_dim = key_dim
        self.activation = keras.activations.get(activation)
        self.fusion = fusion
        self.supports_masking = True

    def build(self, input_shape):
        key_dim = self.key_dim or max(1, self.units // 8)
        hidden_shape = (*input_shape[:-1], self.units)
        self._hidden = self._build_dense("hidden", self.units, input_shape, self.activation)
        if self.fusion == "stacked":
            self._attention = Attention(
                1, key_dim, use_bias=self.use_bias, name="attention", **self._dense_options()
            )
            self._attention.build(hidden_shape)
            return
        self._query = self._build_dense("query", key_dim, input_shape, use_bias=False)
        self._key = self._build_dense("key", key_dim, input_shape, use_bias=False)
        self._key_bias = self._build_dense("key_bias", 1, input_shape, use_bias=False)
        if self.fusion == "gated":
            pair_shape = (*input_shape[:-1], 2 * self.units)
            self._gate = self._build_dense("gate", self.units, pair_shape, "sigmoid")

    def _build_dense(self, name, units, input_shape, activation=None, use_bias=True):
        dense = self._dense(name, units, activation, use_bias)
        dense.build(input_shape)
        return dense

    def call(self, x, mask=None, return_attention_scores=False):
        mask = position_mask(mask, x)
        x = zero_padding(x, mask)
        hidden = self._hidden(x)
        if self.fusion == "stacked":
            output, scores = self._attention(hidden, mask=mask, return_attention_scores=True)
            weights = ops.squeeze(scores, axis=1)
        else:
            weights = self._weights(x, mask)
            output = self._fuse(hidden, weights)
        return (output, weights) if return_attention_scores else output

    def _weights(self, x, mask):
        scores = dot_score(self._query(x), self._key(x))
        scores = scores + ops.swapaxes(self._key_bias(x), 1, 2)
        if mask is None:
            return masked_softmax(scores)
        return masked_softmax(scores, mask[:, None, :], row_mask=mask[:, :, None])

    def _fuse(self, hidden, weights):
        if self.fusion == "attend":
            return ops.matmul(ops.swapaxes(weights, 1, 2), hidden)
        attended = ops.matmul(weights, hidden)
        pair = ops.concatenate([hidden, attended], axis=-1)
        if self.fusion == "concat":
            return pair
        gate = self._gate(pair)
        return gate * hidden + (1 - gate) * attended

    def received(self, scores):
        """Returns how much attention each element receives: the mean over the queries.

        Args:
            scores: Array `(examples, time, time)`, as a call returns it.

        Returns:
            Array `(examples, 1, time)`, with an axis for its only head. The weights add up to the
            share of the elements that are real, 1 without padding; padded elements have 0.
        """
        return ops.convert_to_numpy(scores).mean(axis=1)[:, None]

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "key_dim": self.key_dim,
            "activation": keras.activations.serialize(self.activation),
            "fusion": self.fusion,
        }
