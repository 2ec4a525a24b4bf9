"""Exact attention that never holds all scores: queries in blocks, recomputed going back."""

from keras import ops

NEVER = -1e30  # added to a score, leaves a weight of exactly 0


def blockwise_attention(query, key, value, block_size, mask=None, query_mask=None, causal=False):
    """Returns softmax(Q K^T) V, holding the weights of `block_size` queries of one head at a time.

    Forward and backward take one head and in it one block of queries after the other, against
    all keys; the backward pass computes the weights again:

        w = softmax(Q_block K^T)            (block_size, keys)
        y_block = w V
        ds = w (dy V^T - y . dy), dQ_block = ds K, dK += ds^T Q_block, dV += w^T dy

    Computed in float32, and returned in the dtype of `query`. A query that is padded or sees no
    real key gets 0.

    Args:
        query: `(batch, heads, queries, key_dim)`, scaled as the score wants it.
        key: `(batch, heads, keys, key_dim)`, finite where it is padded too.
        value: `(batch, heads, keys, value_dim)`, finite where it is padded too.
        block_size: Number of queries in a block.
        mask: Boolean `(batch, keys)`, True = real, or None.
        query_mask: Boolean `(batch, queries)`, True = real, or None.
        causal: Whether query `i` sees only the keys up to `i`.

    References:
        Rabe and Staats, 2021, Self-attention Does Not Need O(n^2) Memory.
        Dao et al., 2022, FlashAttention, algorithm 4 (the gradient).
    """
    heads, queries = query.shape[1], ops.shape(query)[2]
    output = _attention_with_gradient(block_size, causal)(
        pad_time(_merge_heads(query), block_size),
        _merge_heads(key),
        _merge_heads(value),
        *_key_bias(key, mask),
    )
    output = ops.reshape(output[:, :queries], (-1, heads, queries, value.shape[-1]))
    rows = _real_rows(queries, mask, query_mask, causal)
    return ops.cast(output if rows is None else output * rows, query.dtype)


def pad_time(x, multiple):
    """Pads `(batch, time, ...)` with zeros at the end, to a multiple of `multiple`."""
    time = ops.shape(x)[1]
    if isinstance(time, int) and time % multiple == 0:
        return x
    # A size that may be unknown is sliced off: padding wants a number.
    padded = ops.pad(x, [(0, 0), (0, multiple - 1)] + [(0, 0)] * (len(x.shape) - 2))
    # Rounded up without a negative number, of which ONNX rounds the quotient the other way.
    return padded[:, : (time + multiple - 1) // multiple * multiple]


def _merge_heads(x):
    batch, heads, time, size = ops.shape(x)
    return ops.cast(ops.reshape(x, (batch * heads, time, size)), "float32")


def _key_bias(key, mask):
    """Returns what the mask adds to the scores, `(batch * heads, keys)`, in a list; or none."""
    if mask is None:
        return []
    batch, heads, keys, _ = ops.shape(key)
    bias = ops.repeat(ops.where(mask[:, None], 0.0, NEVER), heads, axis=1)
    return [ops.reshape(bias, (batch * heads, keys))]


def _real_rows(queries, mask, query_mask, causal):
    """Returns 1 where a query is real and sees a real key, else 0, or None for all 1."""
    if mask is None and query_mask is None:
        return None
    real = True if query_mask is None else query_mask
    if mask is not None:
        real = ops.logical_and(real, ops.any(mask, axis=-1, keepdims=True))
    if mask is not None and causal:
        first = ops.argmax(ops.cast(mask, "int32"), axis=-1, keepdims=True)
        real = ops.logical_and(real, ops.arange(queries) >= ops.cast(first, "int32"))
    return ops.cast(real, "float32")[:, None, :, None]


def _attention_with_gradient(block_size, causal):
    @ops.custom_gradient
    def attend(query, key, value, *bias):
        output = _forward(query, key, value, bias, block_size, causal)

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream  # PyTorch names it
            gradients = _backward(query, key, value, bias, output, upstream, block_size, causal)
            return *gradients, *map(ops.zeros_like, bias)

        return output, gradient

    return attend


def _forward(query, key, value, bias, block_size, causal):
    zeros = ops.zeros((ops.shape(query)[1], value.shape[-1]), "float32")

    def of_one_head(query, key, value, *bias):
        def step(start, output):
            weights = _weights(_block(query, start, block_size), key, bias, start, causal)
            return start + block_size, _set_block(output, start, ops.matmul(weights, value))

        return _over_blocks(step, ops.shape(query)[0], zeros)

    return _over_heads(of_one_head, [zeros], query, _transpose(key), value, *bias)[0]


def _backward(query, key, value, bias, output, upstream, block_size, causal):
    # One more feature on either side takes (y . dy) from dy V^T within the product.
    correction = ops.sum(upstream * output, axis=-1, keepdims=True)
    upstream = ops.concatenate([upstream, -correction], axis=-1)
    columns = ops.concatenate([value, ops.ones_like(value[..., :1])], axis=-1)
    key_columns, value_columns = _transpose(key), _transpose(columns)
    zeros = [
        ops.zeros(ops.shape(x)[1:], "float32") for x in (query, key_columns, _transpose(value))
    ]

    def of_one_head(query, key, key_columns, value_columns, upstream, *bias):
        def step(start, d_query, d_key, d_value):
            rows, d_rows = (_block(x, start, block_size) for x in (query, upstream))
            weights = _weights(rows, key_columns, bias, start, causal)
            d_scores = weights * ops.matmul(d_rows, value_columns)
            d_query = _set_block(d_query, start, ops.matmul(d_scores, key))
            # Transposing the small factor, and the sum at the end, spares transposing scores.
            d_key = d_key + ops.matmul(_transpose(rows), d_scores)
            d_value = d_value + ops.matmul(_transpose(d_rows[:, :-1]), weights)
            return start + block_size, d_query, d_key, d_value

        return _over_blocks(step, ops.shape(query)[0], *zeros)

    tensors = query, key, key_columns, value_columns, upstream, *bias
    d_query, d_key, d_value = _over_heads(of_one_head, zeros, *tensors)
    return d_query, _transpose(d_key), _transpose(d_value)


def _over_heads(of_one_head, zeros, *tensors):
    """Calls `of_one_head` on each head in turn; stacks what it returns, shaped as `zeros`."""

    def step(_, head):
        results = tuple(of_one_head(*(x[head] for x in tensors)))
        return results, results  # Keras' scan stacks what has the shape of its carry

    heads = ops.arange(ops.shape(tensors[0])[0])
    return ops.scan(step, tuple(zeros), heads)[1]


def _over_blocks(step, queries, *results):
    """Calls `step(start, ...)` on one block after the other."""

    def unfinished(start, *results):
        # Asks for the results of a block, to the same answer, before the next may begin:
        # TensorFlow would else compute several at once, and hold the weights of all.
        any_result = sum(ops.sum(x[:1, :1]) for x in results)
        return start < ops.where(ops.isfinite(any_result), queries, queries)

    return ops.while_loop(unfinished, step, (0, *results))[1:]


def _block(x, start, block_size):
    return ops.slice(x, (start, 0), (block_size, x.shape[-1]))


def _set_block(x, start, block):
    return ops.slice_update(x, (start, 0), block)


def _weights(rows, columns, bias, start, causal):
    scores = ops.matmul(rows, columns)
    if bias:
        scores = scores + bias[0]
    if causal:
        positions = start + ops.arange(rows.shape[0])[:, None]
        scores = scores + ops.where(positions >= ops.arange(ops.shape(columns)[-1]), 0.0, NEVER)
    return ops.softmax(scores)


def _transpose(x):
    return ops.swapaxes(x, -1, -2)
