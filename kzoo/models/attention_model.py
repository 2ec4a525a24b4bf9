"""Where a model looks."""

import keras
import numpy as np

from kzoo.layers import (
    Attention,
    DenseAttentionFusion,
    ParallelAttention,
    SegmentAttention,
    SequentialAttention,
    SimilarityAttention,
)


def attention_model(core):
    """Returns a model that gives the scores of every attention layer of a core.

    Args:
        core: A functional model whose attention layers were called with
            `return_attention_scores=True`, as those of `MODELS` are.

    Returns:
        Functional `keras.Model` with the core's input and, as output, a dict from the name of
        each attention layer to its scores; None where the core has no attention layer.

    Example:
    >>> core = kzoo.create_model("cnn_attention", (8, 8, 1), 10)
    >>> scores = attention_model(core).predict(np.zeros((1, 8, 8, 1)), verbose=0)
    >>> {name: s.shape for name, s in scores.items()}
    {'attention': (1, 4, 16, 16), 'glimpses': (1, 4, 4, 4)}
    """
    scores = {
        layer.name: layer.output[1]
        for layer in core.layers
        if isinstance(layer.output, list | tuple) and len(layer.output) == 2
    }
    return keras.Model(core.inputs, scores) if scores else None


def received_attention(core, inputs):
    """Computes how much attention each position gets.

    Args:
        core: A functional model with attention layers.
        inputs: Array `(examples, ...)`, pre-processed for the core.

    Returns:
        Dict from the name of each attention layer to an array `(examples, heads or glimpses,
        positions...)`: pooling weights as they are, and of an attention from all to all the mean
        over the queries.
    """
    scores = attention_model(core).predict(inputs, verbose=0)
    return {name: RECEIVED[type(core.get_layer(name))](s) for name, s in scores.items()}


def _of_segments(scores):
    if scores.ndim == 3:  # (examples, segments, elements), pooled
        return scores.reshape(len(scores), 1, -1)
    per_segment = scores.mean(axis=-2)  # (examples, segments, heads, elements)
    return np.moveaxis(per_segment, 2, 1).reshape(len(scores), per_segment.shape[2], -1)


RECEIVED = {
    Attention: lambda scores: scores.mean(axis=2),
    DenseAttentionFusion: lambda scores: scores.mean(axis=1)[:, None],
    ParallelAttention: lambda scores: scores,
    SegmentAttention: _of_segments,
    SequentialAttention: lambda scores: scores[:, None],
    SimilarityAttention: lambda scores: scores[:, None],
}
