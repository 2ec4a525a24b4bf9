"""A recurrent network that ends in its last state, the baseline of the sequence models."""

from typing import Literal

import keras

from kzoo.models.classification_head import classification_head
from kzoo.models.sequence_input import recurrent, sequence_input
from kzoo.types import Fraction, NonNegativeInt, PositiveInt


def lstm(
    input_shape,
    num_classes,
    vocabulary_size=None,
    *,
    embedding_dim: PositiveInt = 64,
    bigram_buckets: NonNegativeInt = 0,
    token_dropout: Fraction = 0.0,
    embedding_dropout: Fraction = 0.0,
    cell: Literal["lstm", "gru"] = "lstm",
    units: PositiveInt = 64,
    bidirectional: bool = False,
    dropout: Fraction = 0.2,
):
    """Embedding or vectors -> LSTM or GRU -> last state -> head; no attention.

    Args:
        input_shape: `(time,)`, `(time, features)` or `(height, width, channels)`; see
            `sequence_input`.
        num_classes: Number of classes.
        vocabulary_size: Number of token ids, or None.
        embedding_dim: Size of a token's vector.
        bigram_buckets: Number of vectors that pairs of neighbouring tokens share by their hash,
            added to those of the tokens; 0 for none.
        token_dropout: Fraction of the elements of the sequence dropped in training.
        embedding_dropout: Fraction of the features of the sequence dropped in training.
        cell: `"lstm"` or `"gru"`.
        units: Size of the state in one direction.
        bidirectional: Whether a second one reads the sequence from its end.
        dropout: Fraction of the features dropped in training.

    Returns:
        Functional `keras.Model` to logits `(batch, num_classes)`.

    References:
        Hochreiter and Schmidhuber, 1997, Long Short-Term Memory.
    """
    inputs, x, mask = sequence_input(
        input_shape,
        vocabulary_size,
        embedding_dim,
        embedding_dropout,
        token_dropout,
        bigram_buckets,
    )
    x = recurrent(cell, units, bidirectional, "features")(x, mask=mask)
    logits = classification_head(x, num_classes, dropout)
    return keras.Model(inputs, logits, name="lstm")
