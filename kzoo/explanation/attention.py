"""Where a model looks."""

import math

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

BATCH = 32  # examples of which all scores are held at a time


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
    return keras.Model(core.input, scores) if scores else None


def received_attention(core, inputs):
    """Computes how much attention each position of the input gets.

    That is, of a pooling layer, its weights; of an attention from all to all, the mean over the
    queries; and of a layer that reads pooled segments, the weight of each segment times those of
    its elements within it.

    Args:
        core: A functional model with attention layers.
        inputs: Array `(examples, ...)`, pre-processed for the core.

    Returns:
        Dict from the name of each attention layer, the one nearest to the logits last, to an array
        `(examples, heads or glimpses, positions)`, for images `(..., rows, columns)`, one column
        where rows are what the model reads. The weights of a head add up to 1; padding has 0.

    References:
        Yang et al., 2016, Hierarchical Attention Networks (segments times elements).
    """
    model = attention_model(core)
    batches = []
    for start in range(0, len(inputs), BATCH):
        batch = inputs[start : start + BATCH]
        scores = model(batch, training=False)  # `predict` would compile this model at each call
        scores = {name: keras.ops.convert_to_numpy(s) for name, s in scores.items()}
        batches.append(_received(core, scores, batch.shape))
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def _received(core, scores, input_shape):
    received, elements = {}, None
    for layer in core.layers:
        if layer.name not in scores:
            continue
        weights = RECEIVED[type(layer)](scores[layer.name])
        if isinstance(layer, SegmentAttention):
            if layer.pool:
                elements = weights
            weights = weights.reshape(*weights.shape[:2], -1)[..., : input_shape[1]]
        elif elements is not None and weights.shape[-1] == elements.shape[-2]:
            weights = weights[..., None] * elements
            weights = weights.reshape(*weights.shape[:2], -1)[..., : input_shape[1]]
        if len(input_shape) == 4 and weights.ndim == 3:
            weights = weights.reshape(*weights.shape[:2], *_grid(core, weights.shape[-1]))
        total = weights.sum(axis=tuple(range(2, weights.ndim)), keepdims=True)
        received[layer.name] = weights / np.where(total > 0, total, 1)
    return received


def _grid(core, positions):
    """Rows and columns of the image that was laid out as a sequence; of rows, one column."""
    shapes = [getattr(layer.output, "shape", ()) for layer in core.layers]
    sizes = [shape[1:3] for shape in shapes if len(shape) == 4]
    return next((size for size in sizes if math.prod(size) == positions), (positions, 1))


def _of_segments(scores):
    """Returns the weights `(examples, heads, segments, elements)`."""
    if scores.ndim == 3:  # (examples, segments, elements), pooled
        return scores[:, None]
    return np.moveaxis(scores.mean(axis=-2), 1, 2)  # of (examples, segments, heads, ., elements)


RECEIVED = {
    Attention: lambda scores: scores.mean(axis=2),
    DenseAttentionFusion: lambda scores: scores.mean(axis=1)[:, None],
    ParallelAttention: lambda scores: scores,
    SegmentAttention: _of_segments,
    SequentialAttention: lambda scores: scores[:, None],
    SimilarityAttention: lambda scores: scores[:, None],
}
