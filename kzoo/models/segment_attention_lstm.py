"""Attention sums up segments, so that a recurrent network takes fewer steps."""

from typing import Literal

import keras
from keras import layers

from kzoo.layers import SegmentAttention, SequentialAttention
from kzoo.models.classification_head import classification_head
from kzoo.models.sequence_input import recurrent, sequence_input
from kzoo.types import Fraction, PositiveInt


def segment_attention_lstm(
    input_shape,
    num_classes,
    vocabulary_size=None,
    *,
    segment_length: PositiveInt = 8,
    pool: bool = True,
    join: Literal["replace", "concat", "add"] = "replace",
    embedding_dim: PositiveInt = 64,
    cell: Literal["lstm", "gru"] = "lstm",
    units: PositiveInt = 64,
    bidirectional: bool = True,
    skip: bool = False,
    attention_units: PositiveInt = 64,
    dropout: Fraction = 0.2,
    **options: sequence_input,
):
    """SegmentAttention -> LSTM or GRU -> SequentialAttention -> head.

    Args:
        input_shape: `(time,)`, `(time, features)` or `(height, width, channels)`; see
            `sequence_input`.
        num_classes: Number of classes.
        vocabulary_size: Number of token ids, or None.
        segment_length: Number of elements in a segment.
        pool: Whether a segment becomes one vector; the recurrent layer then takes
            time / segment_length steps.
        join: How attention within segments meets the sequence itself: takes its place, is put
            beside its features, or is added to them. With `pool` it takes its place.
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

    Raises:
        ValueError: If `pool` comes with another `join` than `"replace"`.

    References:
        Yang et al., 2016, Hierarchical Attention Networks, section 2.2.
    """
    if pool and join != "replace":
        raise ValueError(
            "A pooled segment is one vector and has no elements to join: set pool: false, or "
            f"join: replace. Received: join={join!r}"
        )
    inputs, x, mask = sequence_input(input_shape, vocabulary_size, embedding_dim, **options)
    segment_attention = SegmentAttention(segment_length, pool=pool, name="segments")
    attended, _ = segment_attention(x, mask=mask, return_attention_scores=True)
    mask = segment_attention.compute_mask(x, mask)
    if join == "concat":
        attended = layers.Concatenate(name="join")([x, attended])
    elif join == "add":
        attended = layers.Add(name="join")([x, attended])
    states = recurrent(cell, units, bidirectional, "states", return_sequences=True)(
        attended, mask=mask
    )
    if skip:
        states = layers.Concatenate(name="skip")([attended, states])
    x, _ = SequentialAttention(attention_units, name="attention")(
        states, mask=mask, return_attention_scores=True
    )
    x = layers.Identity(name="features")(x)
    logits = classification_head(x, num_classes, dropout)
    return keras.Model(inputs, logits, name="segment_attention_lstm")
