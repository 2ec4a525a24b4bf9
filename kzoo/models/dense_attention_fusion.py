"""Feature tokens, each seen for itself and in the context of all."""

from typing import Literal

import keras
from keras import layers

from kzoo.layers import DenseAttentionFusion, SequentialAttention
from kzoo.models.classification_head import classification_head
from kzoo.models.sequence_input import sequence_input
from kzoo.types import Fraction, PositiveInt


def dense_attention_fusion(
    input_shape,
    num_classes,
    vocabulary_size=None,
    *,
    embedding_dim: PositiveInt = 16,
    units: PositiveInt = 32,
    key_dim: PositiveInt | None = None,
    fusion: Literal["concat", "attend", "gated", "stacked"] = "concat",
    attention_units: PositiveInt = 32,
    dropout: Fraction = 0.2,
):
    """Feature tokens -> DenseAttentionFusion -> SequentialAttention -> head.

    Args:
        input_shape: `(features,)` of numbers, each of which becomes a token: a vector of its own
            times the number, plus another; or a sequence, see `sequence_input`.
        num_classes: Number of classes.
        vocabulary_size: Number of token ids, or None.
        embedding_dim: Size of a token.
        units: Size of the dense path.
        key_dim: Size in which tokens are compared; None is max(1, units // 8).
        fusion: How the two paths meet; see `DenseAttentionFusion`.
        attention_units: Size in which the pooling compares tokens, and of its result.
        dropout: Fraction of the features dropped in training.

    Returns:
        Functional `keras.Model` to logits `(batch, num_classes)`.

    References:
        Gorishniy et al., 2021, Revisiting Deep Learning Models for Tabular Data, section 3.3
        (feature tokens).
    """
    if len(input_shape) == 1 and vocabulary_size is None:
        x = inputs = keras.Input(input_shape, name="numbers")
        mask = None
        x = layers.EinsumDense(
            "bf,fd->bfd", (*input_shape, embedding_dim), bias_axes="fd", name="embedding"
        )(x)
    else:
        inputs, x, mask = sequence_input(input_shape, vocabulary_size, embedding_dim)
    fuse = DenseAttentionFusion(units, key_dim, fusion=fusion, name="fusion")
    x, _ = fuse(x, mask=mask, return_attention_scores=True)
    x, _ = SequentialAttention(attention_units, name="attention")(
        x, mask=mask, return_attention_scores=True
    )
    x = layers.Identity(name="features")(x)
    logits = classification_head(x, num_classes, dropout)
    return keras.Model(inputs, logits, name="dense_attention_fusion")
