"""Attention blocks alone."""

from typing import Literal

import keras
from keras import layers

from kzoo.layers import Attention, PositionalEncoding, SequentialAttention
from kzoo.models.classification_head import classification_head
from kzoo.models.sequence_input import sequence_input
from kzoo.types import Fraction, NonNegativeInt, PositiveInt


def attention_encoder(
    input_shape,
    num_classes,
    vocabulary_size=None,
    *,
    embedding_dim: PositiveInt = 64,
    positions: Literal["learned", "sinusoidal"] = "sinusoidal",
    num_blocks: NonNegativeInt = 2,
    num_heads: PositiveInt = 4,
    hidden_units: PositiveInt = 128,
    block_size: PositiveInt | None = None,
    dropout: Fraction = 0.1,
    **options: sequence_input,
):
    """Embedding or vectors -> positions -> blocks of attention -> SequentialAttention -> head.

    A block normalises before it attends and before its two dense layers, and adds what either
    finds.

    Args:
        input_shape: `(time,)`, `(time, features)` or `(height, width, channels)`; see
            `sequence_input`.
        num_classes: Number of classes.
        vocabulary_size: Number of token ids, or None.
        embedding_dim: Size of an element in the blocks.
        positions: How `PositionalEncoding` tells the attention where an element stands.
        num_blocks: Number of blocks; with 0, elements are pooled as they come.
        num_heads: Heads of each `Attention`; they share `embedding_dim`.
        hidden_units: Size of the hidden dense layer in a block.
        block_size: Queries compared with all keys at a time, so that long sequences need memory
            linear in time; None computes all scores at once, and shows them.
        dropout: Fraction dropped in training of what each part of a block adds, and of the
            features.
        **options: Those of `sequence_input`.

    Returns:
        Functional `keras.Model` to logits `(batch, num_classes)`.

    Raises:
        ValueError: If `embedding_dim` does not divide among the heads.

    References:
        Vaswani et al., 2017, Attention Is All You Need, section 3.1; Xiong et al., 2020, On Layer
        Normalization in the Transformer Architecture (normalisation first).
    """
    inputs, x, mask = sequence_input(input_shape, vocabulary_size, embedding_dim, **options)
    if vocabulary_size is None:
        x = layers.Dense(embedding_dim, name="embedding")(x)
    x = PositionalEncoding(positions, name="positions")(x, mask=mask)
    for i in range(1, num_blocks + 1):
        attention = Attention(num_heads, block_size=block_size, name=f"self_attention_{i}")
        normal = layers.LayerNormalization(name=f"self_attention_{i}_normalization")(x)
        if block_size:
            attended = attention(normal, mask=mask)
        else:
            attended, _ = attention(normal, mask=mask, return_attention_scores=True)
        attended = layers.Dropout(dropout, name=f"self_attention_{i}_dropout")(attended)
        x = layers.Add(name=f"self_attention_{i}_residual")([x, attended])
        hidden = layers.LayerNormalization(name=f"dense_{i}_normalization")(x)
        hidden = layers.Dense(hidden_units, activation="gelu", name=f"dense_{i}_hidden")(hidden)
        hidden = layers.Dense(embedding_dim, name=f"dense_{i}_output")(hidden)
        hidden = layers.Dropout(dropout, name=f"dense_{i}_dropout")(hidden)
        x = layers.Add(name=f"dense_{i}_residual")([x, hidden])
    x = layers.LayerNormalization(name="normalization")(x)
    x, _ = SequentialAttention(embedding_dim, name="attention")(
        x, mask=mask, return_attention_scores=True
    )
    x = layers.Identity(name="features")(x)
    logits = classification_head(x, num_classes, dropout)
    return keras.Model(inputs, logits, name="attention_encoder")
