"""What all sequence models begin with."""

import keras
from keras import layers, ops

from kzoo.types import Fraction, NonNegativeInt


def sequence_input(
    input_shape,
    vocabulary_size,
    embedding_dim,
    initializer="uniform",
    *,
    bigram_buckets: NonNegativeInt = 0,
    token_dropout: Fraction = 0.0,
    embedding_dropout: Fraction = 0.0,
):
    """Returns the input of a sequence model, the sequence `(batch, time, features)` and its mask.

    Args:
        input_shape: `(time,)` of token ids, 0 being padding; `(time, features)` of vectors; or
            `(height, width, channels)` of an image, whose rows become the sequence. Time may be
            None, for token ids and vectors; a vector of zeros is padding then, as in
            `keras.layers.Masking`.
        vocabulary_size: Number of token ids, padding among them; None where there are none.
        embedding_dim: Size of a token's vector; not used without a vocabulary.
        initializer: Initializer of these vectors.
        bigram_buckets: Number of vectors that pairs of neighbouring tokens share by their hash,
            added to those of the tokens; 0 for none.
        token_dropout: Fraction of the elements of the sequence, each with all its features,
            dropped in training.
        embedding_dropout: Fraction of the features of the sequence dropped in training.

    Returns:
        Three Keras tensors; the mask, boolean `(batch, time)`, is None where time is fixed and
        there is no vocabulary.

    Raises:
        ValueError: If the shape is none of these, or does not go with the vocabulary.

    References:
        Joulin et al., 2017, Bag of Tricks for Efficient Text Classification (hashed bigrams).
    """
    if (len(input_shape) == 1) != (vocabulary_size is not None) or len(input_shape) > 3:
        raise ValueError(
            "A sequence model reads (time,) of token ids with a vocabulary, (time, features) or "
            f"(height, width, channels). Received: input_shape={tuple(input_shape)}, "
            f"vocabulary_size={vocabulary_size}"
        )
    if bigram_buckets and not vocabulary_size:
        raise ValueError(
            f"Only token ids have bigrams. Received: bigram_buckets={bigram_buckets}, "
            f"input_shape={tuple(input_shape)}"
        )
    mask = None
    if vocabulary_size:
        inputs = keras.Input(input_shape, dtype="int32", name="token_ids")
        mask = ops.not_equal(inputs, 0)
        x = layers.Embedding(vocabulary_size, embedding_dim, initializer, name="embedding")(inputs)
        if bigram_buckets:
            embedding = layers.Embedding(
                bigram_buckets,
                embedding_dim,
                embeddings_initializer="zeros",  # a pair never seen in training says nothing
                name="bigram_embedding",
            )
            bigrams = embedding(hash_bigrams(inputs, bigram_buckets))
            x = layers.Add(name="words_and_bigrams")([x, bigrams])
    elif len(input_shape) == 3:
        height, width, channels = input_shape
        inputs = keras.Input(input_shape, name="images")
        x = layers.Reshape((height, width * channels), name="rows")(inputs)
    else:
        x = inputs = keras.Input(input_shape, name="vectors")
        if input_shape[0] is None:
            mask = ops.any(ops.not_equal(inputs, 0.0), axis=-1)
    if token_dropout:
        x = layers.Dropout(token_dropout, noise_shape=(None, None, 1), name="token_dropout")(x)
    if embedding_dropout:
        x = layers.Dropout(embedding_dropout, name="embedding_dropout")(x)
    return inputs, x, mask


def hash_bigrams(token_ids, buckets):
    """Returns a number below `buckets` for each token and the one after it.

    Args:
        token_ids: Integer tensor `(batch, time)`.
        buckets: Number of hash values.

    Example:
    >>> hash_bigrams(np.array([[2, 3, 0]]), 100).numpy().tolist()
    [[27, 86, 0]]
    """
    token_ids = ops.cast(token_ids, "int32")
    following = ops.pad(token_ids[:, 1:], [(0, 0), (0, 1)])
    # By the golden ratio, so that pairs of small ids, of frequent words, hardly ever meet (Knuth,
    # The Art of Computer Programming 3, 6.4); what goes beyond 32 bits wraps around. Not written as
    # a sum: in a batch of one Keras takes it for that of a bias, which LiteRT has for floats only.
    return ops.mod(token_ids * round(buckets * 0.6180339887) - (-following), buckets)


def recurrent(cell, units, bidirectional, name, **options):
    """Returns a recurrent layer.

    Args:
        cell: `"lstm"` or `"gru"`.
        units: Size of the state in one direction.
        bidirectional: Whether a second one reads the sequence from its end.
        name: Name of the layer.
        **options: Further arguments of `keras.layers.LSTM` or `GRU`.
    """
    layer = {"lstm": layers.LSTM, "gru": layers.GRU}[cell]
    if not bidirectional:
        return layer(units, name=name, **options)
    return layers.Bidirectional(layer(units, **options), name=name)
