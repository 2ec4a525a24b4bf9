"""Scores and weights as pure functions: no state, any backend.

A score compares every query with every key: from `(..., queries, key_dim)` and
`(..., keys, key_dim)` to `(..., queries, keys)`.
"""

from keras import ops


def dot_score(query, key):
    """Q . K (Luong et al., 2015, eq. 8, dot)."""
    return ops.matmul(query, ops.swapaxes(key, -1, -2))


def scaled_dot_score(query, key):
    """Q . K / sqrt(key_dim) (Vaswani et al., 2017, eq. 1)."""
    return dot_score(*scaled(query, key))


def cosine_score(query, key):
    """Q . K / (|Q| |K|), and 0 for a vector of zeros (Graves et al., 2014, eq. 6)."""
    return dot_score(*unit_length(query, key))


def euclidean_score(query, key):
    """-|Q - K|, from |Q|^2 + |K|^2 - 2 Q . K in float32."""
    return ops.cast(-_distance(query, key), query.dtype)


def _distance(query, key):
    query, key = ops.cast(query, "float32"), ops.cast(key, "float32")
    query_lengths = ops.sum(ops.square(query), axis=-1)[..., :, None]
    lengths = query_lengths + ops.sum(ops.square(key), axis=-1)[..., None, :]
    squares = lengths - 2.0 * dot_score(query, key)
    # What is smaller is rounding, as of a vector and itself; the root has no finite slope at 0.
    return ops.sqrt(ops.where(squares > 1e-6 * lengths, squares, 1e-12))


def additive_score(query, key, weight):
    """The sum of w tanh(Q + K) (Bahdanau et al., 2015, A.1.2); `weight` ends in `key_dim`."""
    hidden = ops.tanh(query[..., :, None, :] + key[..., None, :, :])
    return ops.sum(weight * hidden, axis=-1)


SCORES = {
    "scaled_dot": scaled_dot_score,
    "dot": dot_score,
    "cosine": cosine_score,
    "euclidean": euclidean_score,
    "additive": additive_score,
}


def euclidean_similarity(query, key):
    """1 / (1 + |Q - K|)."""
    return ops.cast(1.0 / (1.0 + _distance(query, key)), query.dtype)


SIMILARITIES = {"cosine": cosine_score, "dot": dot_score, "euclidean": euclidean_similarity}


def scaled(query, key):
    """Returns the pair whose dot product is the scaled dot product."""
    return query * query.shape[-1] ** -0.5, key


def unit_length(query, key):
    """Returns both with length 1, or 0 where it was 0."""
    return _unit(query), _unit(key)


def unchanged(query, key):
    """Returns both as they are: the pair of the dot product."""
    return query, key


DOT_FACTORS = {"scaled_dot": scaled, "dot": unchanged, "cosine": unit_length}


def _unit(x):
    x32 = ops.cast(x, "float32")
    squares = ops.sum(ops.square(x32), axis=-1, keepdims=True)
    squares = ops.where(squares > 1e-12, squares, 1.0)  # a slope of 1 at 0, where there is none
    return ops.cast(x32 * ops.rsqrt(squares), x.dtype)


def zero_padding(x, mask):
    """Sets padded elements of `x` to 0, so that not even a NaN there matters.

    Args:
        x: `(batch, time, ...)`, or more axes of positions.
        mask: Boolean `(batch, time)`, one axis for each axis of positions,
            True = real; or None.
    """
    if mask is None:
        return x
    mask = ops.reshape(mask, (*ops.shape(mask), *[1] * (len(x.shape) - len(mask.shape))))
    return ops.where(mask, x, ops.zeros_like(x))


def causal_mask(queries, keys):
    """Boolean `(1, 1, queries, keys)`: query `i` sees the keys up to `i`."""
    return (ops.arange(queries)[:, None] >= ops.arange(keys))[None, None]


def masked_softmax(scores, mask=None, row_mask=None, axis=-1):
    """Softmax over real positions: 0 where padded, all 0 in an empty row.

    Computed in float32 whatever the dtype of `scores`, which it returns to.

    Args:
        scores: Float tensor, finite where it is padded too (see `zero_padding`).
        mask: Boolean, broadcastable to `scores`, True = real; or None.
        row_mask: Boolean, broadcastable to `scores` with size 1 along `axis`: False
            empties a row; or None.
        axis: The axis whose weights add up to 1.
    """
    weights = ops.cast(scores, "float32")
    if mask is not None:
        # Adding is cheaper than choosing, forward and back, where `mask` is the smaller.
        weights = weights + ops.where(mask, 0.0, -1e30)
        real_rows = ops.any(mask, axis=axis, keepdims=True)  # an empty row comes out uniform
        row_mask = real_rows if row_mask is None else ops.logical_and(real_rows, row_mask)
    weights = ops.softmax(weights, axis=axis)
    if row_mask is not None:
        weights = weights * ops.cast(row_mask, "float32")  # PyTorch needs it not in place
    return ops.cast(weights, scores.dtype)
