"""Texts, images, numbers and categories of one record, joined by attention."""

from typing import Literal

import keras
from keras import layers, ops

from kzoo.layers import DenseAttentionFusion, PositionalEncoding, SequentialAttention
from kzoo.models.classification_head import classification_head
from kzoo.models.conv_stages import conv_stages
from kzoo.models.sequence_input import hash_bigrams
from kzoo.types import Fraction, NonNegativeInt, PositiveInt, Sizes

LARGEST_GRID = 8  # rows and columns of the tokens of an image at most


def multimodal_fusion(
    input_shape,
    num_classes,
    vocabulary_size=None,
    *,
    embedding_dim: PositiveInt = 32,
    bigram_buckets: NonNegativeInt = 0,
    filters: Sizes = (32, 64),
    units: PositiveInt = 64,
    key_dim: PositiveInt | None = None,
    fusion: Literal["concat", "attend", "gated", "stacked"] = "concat",
    attention_units: PositiveInt = 64,
    token_dropout: Fraction = 0.1,
    dropout: Fraction = 0.3,
):
    """Tokens of each part -> DenseAttentionFusion over all -> SequentialAttention -> head.

    Each part of a record gets an encoder: a text the vectors of its words and pairs of words; an
    image convolutions and positions, each place of their result being a token; the numbers and
    categories a token for each feature, as in `dense_attention_fusion`. A text of padding alone
    and a black image are missing and left out, so that nothing is made up for them.

    Args:
        input_shape: Dict from part to its shape: `(time,)` of token ids, `(height, width,
            channels)` of an image or `(features,)` of numbers.
        num_classes: Number of classes.
        vocabulary_size: Dict from part to its number of token ids, None where it has none; or
            None where no part has.
        embedding_dim: Size of the vector of a word or a feature.
        bigram_buckets: Number of vectors that pairs of words share by their hash; 0 for none.
        filters: Channels of each stage of the convolutions over an image, which is halved between
            two stages and, behind the last, reduced to 8 x 8 tokens at most.
        units: Size of a token.
        key_dim: Size in which tokens are compared; None is max(1, units // 8).
        fusion: How each token meets its context; see `DenseAttentionFusion`.
        attention_units: Size in which the pooling compares tokens, and of its result.
        token_dropout: Fraction of the tokens of words, each with all its features, dropped in
            training.
        dropout: Fraction of the features dropped in training.

    Returns:
        Functional `keras.Model` from a dict of the parts to logits `(batch, num_classes)`.

    Raises:
        ValueError: If the input is a single one, or an image is too small for the stages.

    References:
        Gorishniy et al., 2021, Revisiting Deep Learning Models for Tabular Data, section 3.3
        (feature tokens); Joulin et al., 2017, Bag of Tricks for Efficient Text Classification
        (hashed bigrams).
    """
    if not isinstance(input_shape, dict):
        raise ValueError(
            "multimodal_fusion reads records, a dict of several inputs, as data.name: csv gives "
            f"them. Received: input_shape={tuple(input_shape)}"
        )
    inputs, tokens, masks = {}, [], []
    for name, shape in input_shape.items():
        size = (vocabulary_size or {}).get(name)
        if size:
            inputs[name], x, mask = _words(
                name, shape, size, embedding_dim, bigram_buckets, token_dropout
            )
        elif len(shape) == 3:
            inputs[name], x, mask = _places(name, shape, filters)
        else:
            inputs[name], x, mask = _features(name, shape, embedding_dim)
        tokens.append(layers.Dense(units, name=f"{name}_tokens")(x))
        masks.append(mask)
    x = layers.Concatenate(axis=1, name="tokens")(tokens) if len(tokens) > 1 else tokens[0]
    mask = ops.concatenate(masks, axis=1)
    x, _ = DenseAttentionFusion(units, key_dim, fusion=fusion, name="fusion")(
        x, mask=mask, return_attention_scores=True
    )
    x, _ = SequentialAttention(attention_units, name="attention")(
        x, mask=mask, return_attention_scores=True
    )
    x = layers.Identity(name="features")(x)
    logits = classification_head(x, num_classes, dropout)
    return keras.Model(inputs, logits, name="multimodal_fusion")


def _words(name, shape, vocabulary_size, embedding_dim, bigram_buckets, token_dropout):
    """Returns the input of a text, a vector for each of its words, and which are real."""
    token_ids = keras.Input(shape, dtype="int32", name=name)
    x = layers.Embedding(vocabulary_size, embedding_dim, name=f"{name}_embedding")(token_ids)
    if bigram_buckets:
        pairs = layers.Embedding(
            bigram_buckets,
            embedding_dim,
            embeddings_initializer="zeros",  # a pair never seen in training says nothing
            name=f"{name}_bigram_embedding",
        )(hash_bigrams(token_ids, bigram_buckets))
        x = layers.Add(name=f"{name}_words_and_bigrams")([x, pairs])
    x = layers.Dropout(token_dropout, noise_shape=(None, None, 1), name=f"{name}_dropout")(x)
    return token_ids, x, ops.not_equal(token_ids, 0)


def _places(name, shape, filters):
    """Returns the input of an image, features of each place in it, and whether it is there."""
    image = keras.Input(shape, name=name)
    x = conv_stages(image, filters, prefix=f"{name}_")
    factors = tuple(-(-size // LARGEST_GRID) for size in x.shape[1:3])
    if max(factors) > 1:
        x = layers.AveragePooling2D(factors, padding="same", name=f"{name}_grid")(x)
    x = PositionalEncoding("learned", name=f"{name}_positions")(x)
    height, width, channels = x.shape[1:]
    x = layers.Reshape((height * width, channels), name=f"{name}_sequence")(x)
    there = ops.any(ops.not_equal(image, 0.0), axis=(1, 2, 3))
    return image, x, ops.repeat(there[:, None], height * width, axis=1)


def _features(name, shape, embedding_dim):
    """Returns the input of numbers and a vector for each, all of them real."""
    numbers = keras.Input(shape, name=name)
    x = layers.EinsumDense(
        "bf,fd->bfd", (*shape, embedding_dim), bias_axes="fd", name=f"{name}_embedding"
    )(numbers)
    return numbers, x, ops.ones_like(numbers, dtype="bool")
