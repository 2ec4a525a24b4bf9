"""Convolutions over time see shapes, attention relates them."""

import keras
from keras import layers, ops

from kzoo.layers import Attention, PositionalEncoding, SequentialAttention
from kzoo.models.classification_head import classification_head
from kzoo.models.sequence_input import sequence_input
from kzoo.types import Fraction, NonNegativeInt, PositiveInt, Sizes


def conv_attention(
    input_shape,
    num_classes,
    vocabulary_size=None,
    *,
    embedding_dim: PositiveInt = 64,
    filters: Sizes = (64, 64, 64),
    kernel_sizes: Sizes = (8, 5, 3),
    num_blocks: NonNegativeInt = 1,
    num_heads: PositiveInt = 4,
    dropout: Fraction = 0.3,
    **options: sequence_input,
):
    """Convolutions -> positions -> self-attention -> SequentialAttention and mean -> head.

    A block normalises before it attends, and adds what it finds. With D, the last of `filters`:

        x = relu(normalise(convolve(x)))       (batch, time, filters), once for each of `filters`
        x = x + positions                      (batch, time, D)
        x = x + attend(normalise(x))           (batch, time, D), `num_blocks` times
        features = [attention(x) ; mean(x)]    (batch, 2 D)

    Padding is 0 before every convolution and counts in no mean, variance or softmax, so that a
    sequence gives the same logits with more padding after it.

    Args:
        input_shape: `(time,)`, `(time, features)` or `(height, width, channels)`; see
            `sequence_input`.
        num_classes: Number of classes.
        vocabulary_size: Number of token ids, or None.
        embedding_dim: Size of a token's vector.
        filters: Channels of each convolution.
        kernel_sizes: How many elements each convolution sees at a time.
        num_blocks: Number of blocks of self-attention; with 0, convolutions are pooled as they
            come.
        num_heads: Heads of each `Attention`; they share the channels of the last convolution.
        dropout: Fraction of the features dropped in training.
        **options: Those of `sequence_input`.

    Returns:
        Functional `keras.Model` to logits `(batch, num_classes)`.

    Raises:
        ValueError: If `filters` and `kernel_sizes` differ in number, or the last convolution's
            channels do not divide among the heads.

    References:
        Wang et al., 2017, Time Series Classification from Scratch with Deep Neural Networks: A
        Strong Baseline (the convolutions and the mean); Vaswani et al., 2017, Attention Is All
        You Need, sections 3.2.2 and 3.5; Xiong et al., 2020, On Layer Normalization in the
        Transformer Architecture (normalisation first); Yang et al., 2016, Hierarchical Attention
        Networks, eq. 5-7 (the pooling).
    """
    _check_arguments(filters, kernel_sizes, num_heads)
    inputs, x, mask = sequence_input(input_shape, vocabulary_size, embedding_dim, **options)
    for i, (channels, kernel_size) in enumerate(zip(filters, kernel_sizes, strict=True), start=1):
        x = layers.Conv1D(channels, kernel_size, padding="same", use_bias=False, name=f"conv_{i}")(
            _zero_padding(x, mask)
        )
        x = _normalization(f"normalization_{i}")(x, mask=mask)
        x = layers.ReLU(name=f"relu_{i}")(x)
    x = PositionalEncoding(name="positions")(x, mask=mask)
    for i in range(1, num_blocks + 1):
        normal = layers.LayerNormalization(name=f"self_attention_{i}_normalization")(x)
        attended, _ = Attention(num_heads, name=f"self_attention_{i}")(
            normal, mask=mask, return_attention_scores=True
        )
        x = layers.Add(name=f"self_attention_{i}_residual")([x, attended])
    pooled, _ = SequentialAttention(filters[-1], name="attention")(
        x, mask=mask, return_attention_scores=True
    )
    x = layers.Concatenate(name="features")([pooled, _mean_over_time(x, mask)])
    logits = classification_head(x, num_classes, dropout)
    return keras.Model(inputs, logits, name="conv_attention")


def _check_arguments(filters, kernel_sizes, num_heads):
    if len(filters) != len(kernel_sizes):
        raise ValueError(
            "A convolution has one of `filters` and one of `kernel_sizes`. Received: "
            f"filters={list(filters)}, kernel_sizes={list(kernel_sizes)}"
        )
    if filters[-1] % num_heads:
        raise ValueError(
            f"The last of filters={list(filters)} does not divide among num_heads={num_heads}."
        )


def _normalization(name):
    # Keras' momentum of 0.99 averages over more steps than a short training has
    return layers.BatchNormalization(momentum=0.9, name=name)


def _zero_padding(x, mask):
    return x if mask is None else ops.where(ops.expand_dims(mask, -1), x, 0.0)


def _mean_over_time(x, mask):
    """Returns `(batch, features)`, 0 where nothing is real; in float32, as sums may be long."""
    x = ops.cast(x, "float32")
    if mask is None:
        return ops.mean(x, axis=1)
    real = ops.sum(ops.cast(mask, "float32"), axis=1, keepdims=True)
    return ops.sum(_zero_padding(x, mask), axis=1) / ops.maximum(real, 1.0)
