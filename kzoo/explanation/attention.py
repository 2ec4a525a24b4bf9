"""Where a model looks."""

import math

import keras
import numpy as np

BATCH = 32  # examples of which all scores are held at a time


def attention_model(core):
    """Returns a model that gives the scores of every attention layer of a core.

    An attention layer is one that has a method `received`, as those of `kzoo.layers` have. Other
    layers with two outputs are left out.

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
    scores = {layer.name: layer.output[1] for layer in core.layers if _gives_scores(layer)}
    return keras.Model(core.input, scores) if scores else None


def _gives_scores(layer):
    if not hasattr(layer, "received"):
        return False
    return isinstance(layer.output, list | tuple) and len(layer.output) == 2


def received_attention(core, inputs):
    """Computes how much attention each position of the input gets.

    Each layer computes that from its scores, in its method `received`: a pooling layer returns
    its weights, an attention from all to all the mean over the queries. For a layer that reads
    pooled segments, the weight of each segment is multiplied by those of its elements within it.

    Args:
        core: A functional model with attention layers.
        inputs: Array `(examples, ...)`, pre-processed for the core; of records a dict of them.

    Returns:
        Dict from the name of each attention layer, the one nearest to the logits last, to an array
        `(examples, heads or glimpses, positions)`, for images `(..., rows, columns)`, one column
        where rows are what the model reads; for records over the positions of all parts in their
        order. The weights of a head add up to 1; padding has 0.

    References:
        Yang et al., 2016, Hierarchical Attention Networks (segments times elements).
    """
    model = attention_model(core)
    batches = []
    count = len(keras.tree.flatten(inputs)[0])
    for start in range(0, count, BATCH):
        batch = keras.tree.map_structure(lambda x, i=start: x[i : i + BATCH], inputs)
        scores = model(batch, training=False)  # `predict` would compile this model at each call
        scores = {name: keras.ops.convert_to_numpy(s) for name, s in scores.items()}
        batches.append(_received(core, scores, getattr(batch, "shape", None)))
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def _received(core, scores, input_shape):
    received, pooled, time = {}, None, None
    for layer in core.layers:
        if layer.name not in scores:
            continue
        weights = _weights(layer, scores[layer.name])
        # what all parts of a record have been joined to is the sequence itself
        positions = weights.shape[2:] if input_shape is None else _positions(layer, input_shape)
        if weights.ndim - 2 > len(positions):  # segments, and the elements in each
            pooled, time = weights, positions
        elif pooled is not None and weights.shape[2:] == pooled.shape[2:3]:
            weights, positions = weights[..., None] * pooled, time
        if len(positions) == 1:  # the last segment may end in padding
            weights = weights.reshape(*weights.shape[:2], -1)[..., : positions[0]]
        if input_shape and len(input_shape) == 4 and weights.ndim == 3:
            weights = weights.reshape(*weights.shape[:2], *grid_of(core, weights.shape[-1]))
        total = weights.sum(axis=tuple(range(2, weights.ndim)), keepdims=True)
        received[layer.name] = weights / np.where(total > 0, total, 1)
    return received


def _weights(layer, scores):
    weights = keras.ops.convert_to_numpy(layer.received(scores))
    if weights.ndim < 3:
        raise ValueError(
            f"`received` of the layer {layer.name!r} must return an array of shape (examples, "
            f"heads, positions). Received: an array of shape {weights.shape}"
        )
    return weights


def _positions(layer, input_shape):
    """Sizes of the axes of positions that a layer reads; of several inputs, the longest."""
    shapes = [x.shape[1:-1] or x.shape[1:] for x in keras.tree.flatten(layer.input)]
    shapes = [[size or input_shape[1] for size in shape] for shape in shapes]
    return max(shapes, key=math.prod)


def grid_of(core, positions):
    """Rows and columns of the image that was laid out as a sequence; of rows, one column."""
    shapes = [getattr(layer.output, "shape", ()) for layer in core.layers]
    sizes = [shape[1:3] for shape in shapes if len(shape) == 4]
    return next((size for size in sizes if math.prod(size) == positions), (positions, 1))


def on_pixels(scores, size):
    """Up-samples `(examples, heads, rows, columns)` to the pixels of the image (bilinear)."""
    channels_last = np.moveaxis(scores, 1, -1)
    resized = keras.ops.image.resize(channels_last, size, data_format="channels_last")
    scores = np.moveaxis(keras.ops.convert_to_numpy(resized), -1, 1)
    return scores / scores.sum(axis=(2, 3), keepdims=True)
