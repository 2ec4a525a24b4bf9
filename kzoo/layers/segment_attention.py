"""Attention inside segments of a long sequence."""

import keras
from keras import ops

from kzoo.layers.attention import Attention
from kzoo.layers.blockwise import pad_time
from kzoo.layers.masks import position_mask
from kzoo.layers.sequential_attention import SequentialAttention


@keras.saving.register_keras_serializable(package="kzoo")
class SegmentAttention(keras.layers.Layer):
    """Splits time into equal segments and attends inside each, at a cost linear in time.

    With `x` of shape `(batch, time, features)` and s = segment_length, the tail padded:

        segments = x, reshaped                   (batch * ceil(time / s), s, features)
        y = attention(segments)                  one sequence or one vector a segment
        y = y, joined again                      (batch, time, ...) or (batch, ceil(time / s), ...)

    Args:
        segment_length: Number of elements in a segment.
        attention: The layer called on the segments, with `mask`; None is `Attention()`, or with
            `pool` a `SequentialAttention` with as many units as there are features.
        pool: Whether `attention` turns a segment into one vector, so that a recurrent layer that
            follows takes time / segment_length steps.

    Call arguments:
        x: Float tensor.
        mask: Boolean `(batch, time)`, True where the element is real.
        return_attention_scores: Also return the scores of `attention`, by segment.

    Input shape:
        `(batch, time, features)`; batch and time may be unknown, and time need not be a multiple
        of `segment_length`.

    Output shape:
        `(batch, time, features of attention)`, or with `pool`
        `(batch, ceil(time / segment_length), features of attention)`. Scores:
        `(batch, ceil(time / segment_length), ...)`, then the axes of one segment's scores.

    Raises:
        ValueError: If `segment_length` is not positive, or `attention` does not give one vector a
            segment where `pool` says so, or one an element where it does not.

    Example:
    >>> x = np.random.rand(2, 11, 3)
    >>> tuple(SegmentAttention(5)(x).shape)
    (2, 11, 3)
    >>> tuple(SegmentAttention(5, pool=True)(x).shape)
    (2, 3, 3)

    References:
        Yang et al., 2016, Hierarchical Attention Networks, section 2.2 (with `pool`).
    """

    def __init__(self, segment_length, attention=None, pool=False, **kwargs):
        super().__init__(**kwargs)
        if segment_length <= 0:
            raise ValueError(
                f"`segment_length` must be positive. Received: segment_length={segment_length}"
            )
        self.segment_length = segment_length
        self.attention = attention
        self.pool = pool
        self.supports_masking = True

    def build(self, input_shape):
        features = input_shape[-1]
        self._attention = self.attention
        if self.attention is None and self.pool:
            self._attention = SequentialAttention(
                features, dtype=self.dtype_policy, name="attention"
            )
        elif self.attention is None:
            self._attention = Attention(dtype=self.dtype_policy, name="attention")
        if not self._attention.built:
            self._attention.build((None, self.segment_length, features))

    def call(self, x, mask=None, training=None, return_attention_scores=False):
        segments, mask = self._split(x), position_mask(mask, x)
        options = {"return_attention_scores": True} if return_attention_scores else {}
        result = self._attention(segments, mask=self._split_mask(x, mask), **options)
        if not return_attention_scores:
            return self._join(result, x)
        return self._join(result[0], x), self._by_segment(result[1], x)

    def _split(self, x):
        """From `(batch, time, ...)` to `(batch * segments, segment_length, ...)`."""
        padded = pad_time(x, self.segment_length)
        return ops.reshape(padded, (-1, self.segment_length, *x.shape[2:]))

    def _split_mask(self, x, mask):
        time = x.shape[1]
        if mask is None and time is not None and time % self.segment_length == 0:
            return None
        sizes = ops.shape(x)[:2]
        mask = ops.ones(sizes, "bool") if mask is None else ops.broadcast_to(mask, sizes)
        return self._split(mask)

    def _join(self, result, x):
        if len(result.shape) != (2 if self.pool else 3):
            raise ValueError(
                f"With pool={self.pool}, `attention` must give "
                f"{'one vector a segment' if self.pool else 'one vector an element'}. Received: "
                f"attention={self._attention.name}, which gives the shape {result.shape}"
            )
        if self.pool:
            return self._by_segment(result, x)
        batch, time = ops.shape(x)[:2]
        joined = ops.reshape(
            result, (batch, self._segments(time) * self.segment_length, result.shape[-1])
        )
        return joined[:, :time]

    def _by_segment(self, x_of_segments, x):
        """From `(batch * segments, ...)` to `(batch, segments, ...)`."""
        batch, time = ops.shape(x)[:2]
        return ops.reshape(x_of_segments, (batch, self._segments(time), *x_of_segments.shape[1:]))

    def _segments(self, time):
        return (time + self.segment_length - 1) // self.segment_length

    def compute_mask(self, inputs, mask=None):
        """The mask of the output: a segment is real where any of its elements is."""
        if mask is None or not self.pool:
            return mask
        # Keras asks for the mask of unknown sizes too, of which pooling can say what comes out.
        length = self.segment_length
        real = ops.pad(ops.cast(mask, "float32"), [(0, 0), (0, length - 1)])[..., None]
        return ops.max_pool(real, length, length)[..., 0] > 0

    def received(self, scores):
        """Returns how much attention each element receives within its segment.

        Args:
            scores: Array `(examples, segments, ...)`, as a call returns it.

        Returns:
            Array `(examples, heads, segments * segment_length)`, which includes the padding of the
            last segment; with `pool` `(examples, heads, segments, segment_length)`, because the
            layers that follow read segments. The weights of a segment are what
            `attention.received` gives: 1 in total without padding; 0 for padded elements.
        """
        scores = ops.convert_to_numpy(scores)
        examples, segments = scores.shape[:2]
        weights = self._attention.received(scores.reshape(-1, *scores.shape[2:]))
        weights = ops.convert_to_numpy(weights)
        heads = weights.shape[1]
        weights = weights.reshape(examples, segments, heads, -1).swapaxes(1, 2)
        return weights if self.pool else weights.reshape(examples, heads, -1)

    def get_config(self):
        attention = keras.saving.serialize_keras_object(self.attention)
        if attention:
            attention.pop("build_config", None)  # or its weights would lose this layer's path
        return {
            **super().get_config(),
            "segment_length": self.segment_length,
            "attention": attention,
            "pool": self.pool,
        }

    @classmethod
    def from_config(cls, config):
        attention = keras.saving.deserialize_keras_object(config["attention"])
        return cls(**{**config, "attention": attention})
