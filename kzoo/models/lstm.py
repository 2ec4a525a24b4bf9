"""A recurrent network that ends in its last state, the baseline of the sequence models."""

from typing import Literal

import keras

from kzoo.models.classification_head import classification_head
from kzoo.models.sequence_input import recurrent, sequence_input
from kzoo.types import Fraction, PositiveInt


def lstm(
    input_shape,
    num_classes,
    vocabulary_size=None,
    *,
    embedding_dim: PositiveInt = 64,
    cell: Literal["lstm", "gru"] = "lstm",
    units: PositiveInt = 64,
    bidirectional: bool = False,
    dropout: Fraction = 0.2,
    **options: sequence_input,
):
    """Embedding or vectors -> LSTM or GRU -> last state -> head; no attention.

    Args:
        input_shape: `(time,)`, `(time, features)` or `(height, width, channels)`; see
            `sequence_input`.
        num_classes: Number of classes.
        vocabulary_size: Number of token ids, or None.
        embedding_dim: Size of a token's vector.
        cell: `"lstm"` or `"gru"`.
        units: Size of the state in one direction.
        bidirectional: Whether a second one reads the sequence from its end.
        dropout: Fraction of the features dropped in training.
        **options: Those of `sequence_input`.

    Returns:
        Functional `keras.Model` to logits `(batch, num_classes)`.

    References:
        Hochreiter and Schmidhuber, 1997, Long Short-Term Memory.
    """
    inputs, x, mask = sequence_input(input_shape, vocabulary_size, embedding_dim, **options)
    x = recurrent(cell, units, bidirectional, "features")(x, mask=mask)
    logits = classification_head(x, num_classes, dropout)
    return keras.Model(inputs, logits, name="lstm")
