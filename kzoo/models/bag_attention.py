"""A bag of words, each of which attention weighs."""

import keras
from keras import layers, ops

from kzoo.layers import SequentialAttention
from kzoo.models.classification_head import classification_head
from kzoo.models.sequence_input import sequence_input
from kzoo.types import Fraction, PositiveInt


def bag_attention(
    input_shape,
    num_classes,
    vocabulary_size=None,
    *,
    embedding_dim: PositiveInt = 64,
    attention_units: PositiveInt = 64,
    dropout: Fraction = 0.0,
    **options: sequence_input,
):
    """Embedding of zeros, or vectors -> SequentialAttention, times the root of the length -> head.

    Where a word stands does not count. Words begin without a meaning, so those that are rare and
    tell nothing keep none, as in a regularised linear model: this suits few and short texts, where
    a recurrent network learns its texts by heart.

    Args:
        input_shape: `(time,)`, `(time, features)` or `(height, width, channels)`; see
            `sequence_input`.
        num_classes: Number of classes.
        vocabulary_size: Number of token ids, or None.
        embedding_dim: Size of a token's vector.
        attention_units: Size in which the attention compares elements, and of its result.
        dropout: Fraction of the features dropped in training.
        **options: Those of `sequence_input`.

    Returns:
        Functional `keras.Model` to logits `(batch, num_classes)`.

    References:
        Joulin et al., 2017, Bag of Tricks for Efficient Text Classification, whose mean of the
        vectors is weighed here; Yang et al., 2016, Hierarchical Attention Networks, eq. 5-7.
    """
    inputs, x, mask = sequence_input(
        input_shape, vocabulary_size, embedding_dim, "zeros", **options
    )
    if mask is None:
        root = x.shape[1] ** 0.5
    else:
        root = ops.sqrt(ops.sum(ops.cast(mask, x.dtype), axis=1, keepdims=True))
    x, _ = SequentialAttention(attention_units, name="attention")(
        x, mask=mask, return_attention_scores=True
    )
    x = layers.Identity(name="features")(x * root)
    logits = classification_head(x, num_classes, dropout)
    return keras.Model(inputs, logits, name="bag_attention")
