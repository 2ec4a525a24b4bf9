"""What all sequence models begin with."""

import keras
from keras import layers, ops


def sequence_input(input_shape, vocabulary_size, embedding_dim, embedding_dropout):
    """Returns the input of a sequence model, the sequence `(batch, time, features)` and its mask.

    Args:
        input_shape: `(time,)` of token ids, 0 being padding; `(time, features)` of vectors; or
            `(height, width, channels)` of an image, whose rows become the sequence. Time may be
            None, for token ids and vectors.
        vocabulary_size: Number of token ids, padding among them; None where there are none.
        embedding_dim: Size of a token's vector; not used without a vocabulary.
        embedding_dropout: Fraction of the features of the sequence dropped in training.

    Returns:
        Three Keras tensors; the mask, boolean `(batch, time)`, is None without a vocabulary.

    Raises:
        ValueError: If the shape is none of these, or does not go with the vocabulary.
    """
    if (len(input_shape) == 1) != (vocabulary_size is not None) or len(input_shape) > 3:
        raise ValueError(
            "A sequence model reads (time,) of token ids with a vocabulary, (time, features) or "
            f"(height, width, channels). Received: input_shape={tuple(input_shape)}, "
            f"vocabulary_size={vocabulary_size}"
        )
    mask = None
    if vocabulary_size:
        inputs = keras.Input(input_shape, dtype="int32", name="token_ids")
        mask = ops.not_equal(inputs, 0)
        x = layers.Embedding(vocabulary_size, embedding_dim, name="embedding")(inputs)
    elif len(input_shape) == 3:
        height, width, channels = input_shape
        inputs = keras.Input(input_shape, name="images")
        x = layers.Reshape((height, width * channels), name="rows")(inputs)
    else:
        x = inputs = keras.Input(input_shape, name="vectors")
    if embedding_dropout:
        x = layers.Dropout(embedding_dropout, name="embedding_dropout")(x)
    return inputs, x, mask


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
