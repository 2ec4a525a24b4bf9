"""A recurrent network whose states are weighed by attention."""

from typing import Literal

import keras
from keras import layers

from kzoo.layers import SequentialAttention
from kzoo.models.classification_head import classification_head
from kzoo.models.sequence_input import recurrent, sequence_input
from kzoo.types import Fraction, PositiveInt


def lstm_attention(
    input_shape,
    num_classes,
    vocabulary_size=None,
    *,
    embedding_dim: PositiveInt = 64,
    cell: Literal["lstm", "gru"] = "lstm",
    units: PositiveInt = 64,
    bidirectional: bool = False,
    skip: bool = False,
    attention_units: PositiveInt = 64,
    dropout: Fraction = 0.2,
    **options: sequence_input,
):
    """Embedding or vectors -> LSTM or GRU -> SequentialAttention -> head.

    Args:
        input_shape: `(time,)`, `(time, features)` or `(height, width, channels)`; see
            `sequence_input`.
        num_classes: Number of classes.
        vocabulary_size: Number of token ids, or None.
        embedding_dim: Size of a token's vector.
        cell: `"lstm"` or `"gru"`.
        units: Size of the state in one direction.
        bidirectional: Whether a second one reads the sequence from its end.
        skip: Whether the attention sees, beside each state, what the recurrent layer read there.
        attention_units: Size in which the attention compares states, and of its result.
        dropout: Fraction of the features dropped in training.
        **options: Those of `sequence_input`.

    Returns:
        Functional `keras.Model` to logits `(batch, num_classes)`.

    References:
        Yang et al., 2016, Hierarchical Attention Networks, eq. 5-7; Zhou et al., 2016,
        Attention-Based Bidirectional LSTM Networks for Relation Classification.
    """
    inputs, x, mask = sequence_input(input_shape, vocabulary_size, embedding_dim, **options)
    states = recurrent(cell, units, bidirectional, "states", return_sequences=True)(x, mask=mask)
    if skip:
        states = layers.Concatenate(name="skip")([x, states])
    x, _ = SequentialAttention(attention_units, name="attention")(
        states, mask=mask, return_attention_scores=True
    )
    x = layers.Identity(name="features")(x)
    logits = classification_head(x, num_classes, dropout)
    return keras.Model(inputs, logits, name="lstm_attention")
