"""Convolutions see strokes, attention relates them, glimpses collect them."""

from typing import Literal

import keras
from keras import layers

from kzoo.layers import Attention, ParallelAttention, PositionalEncoding
from kzoo.models.classification_head import classification_head
from kzoo.models.conv_stages import conv_stages
from kzoo.models.image_input import image_input
from kzoo.types import Fraction, PositiveInt, Sizes


def cnn_attention(
    input_shape,
    num_classes,
    *,
    filters: Sizes = (32, 64),
    convolutions: PositiveInt = 1,
    kernel_size: PositiveInt = 3,
    stem_kernel_size: PositiveInt = 3,
    stem_strides: PositiveInt = 1,
    batch_normalization: bool = True,
    positions: Literal["learned", "sinusoidal"] = "learned",
    num_heads: PositiveInt = 4,
    residual: bool = True,
    num_glimpses: PositiveInt = 4,
    units: PositiveInt = 64,
    dropout: Fraction = 0.2,
):
    """Convolutions -> positions -> self-attention -> glimpses -> head.

    Args:
        input_shape: `(height, width, channels)`.
        num_classes: Number of classes.
        filters: Channels of each stage; between two stages the image is halved by max-pooling.
        convolutions: Convolutions in a stage.
        kernel_size: Height and width of the convolutions in pixels.
        stem_kernel_size: The same of the first convolution.
        stem_strides: Step of the first convolution in pixels; 2 halves the image at once, and
            with it the time of all that follows by four.
        batch_normalization: Whether each convolution is followed by `BatchNormalization`.
        positions: How `PositionalEncoding` tells the attention where a feature lies.
        num_heads: Heads of the `Attention`; they share the last stage's channels.
        residual: Whether what attention found is added to what it read.
        num_glimpses: Regions that `ParallelAttention` collects.
        units: Size of one glimpse.
        dropout: Fraction of the features dropped in training.

    Returns:
        Functional `keras.Model` from `(batch, height, width, channels)` to logits
        `(batch, num_classes)`.

    Raises:
        ValueError: If the image is too small for the stages, or the last stage's channels do not
            divide among the heads.

    References:
        Vaswani et al., 2017, Attention Is All You Need, eq. 1; Lin et al., 2017, A Structured
        Self-Attentive Sentence Embedding, eq. 6-7; Bello et al., 2019, Attention Augmented
        Convolutional Networks.
    """
    inputs = image_input(input_shape)
    x = conv_stages(
        inputs,
        filters,
        convolutions=convolutions,
        kernel_size=kernel_size,
        stem_kernel_size=stem_kernel_size,
        stem_strides=stem_strides,
        batch_normalization=batch_normalization,
    )
    if filters[-1] % num_heads:
        raise ValueError(
            f"The last of filters={list(filters)} does not divide among num_heads={num_heads}."
        )
    x = PositionalEncoding(positions, name="positions")(x)
    height, width, channels = x.shape[1:]
    x = layers.Reshape((height * width, channels), name="sequence")(x)
    attended, _ = Attention(num_heads, name="attention")(x, return_attention_scores=True)
    x = layers.Add(name="residual")([x, attended]) if residual else attended
    x = layers.Reshape((height, width, channels), name="image")(x)
    x, _ = ParallelAttention(num_glimpses, units, name="glimpses")(x, return_attention_scores=True)
    x = layers.Flatten(name="features")(x)
    logits = classification_head(x, num_classes, dropout)
    return keras.Model(inputs, logits, name="cnn_attention")
