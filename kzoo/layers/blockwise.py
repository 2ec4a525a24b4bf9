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
        mask: Boolean `(batch, keys)`, True = real; or `(batch, queries, keys)`, True = the query
            may see the key; or None.
        query_mask: Boolean `(batch, queries)`, True = real, or None.
        causal: Whether query `i` sees only the keys up to `i`.

    References:
        Rabe and Staats, 2021, Self-attention Does Not Need O(n^2) Memory.
        Dao et al., 2022, FlashAttention, algorithm 4 (the gradient).
    """
    heads, queries = query.shape[1], ops.shape(query)[2]
    output = _attention_with_gradient(heads, block_size, causal)(
        pad_time(_merge_heads(query), block_size),
        _merge_heads(key),
        _merge_heads(value),
        *_mask_rows(mask, block_size),
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


def _mask_rows(mask, block_size):
    """Returns the mask as `(batch, rows, keys)` in a list, one row for all queries; or none."""
    if mask is None:
        return []
    return [mask[:, None] if len(mask.shape) == 2 else pad_time(mask, block_size)]


def _real_rows(queries, mask, query_mask, causal):
    """Returns 1 where a query is real and sees a real key, else 0, or None for all 1."""
    if mask is None and query_mask is None:
        return None
    real = True if query_mask is None else query_mask
    if mask is not None and len(mask.shape) == 2:
        mask = mask[:, None]
    if mask is not None:
        real = ops.logical_and(real, ops.any(mask, axis=-1))
    if mask is not None and causal:
        first = ops.argmax(ops.cast(mask, "int32"), axis=-1)
        real = ops.logical_and(real, ops.arange(queries) >= ops.cast(first, "int32"))
    return ops.cast(real, "float32")[:, None, :, None]


def _attention_with_gradient(heads, block_size, causal):
    @ops.custom_gradient
    def attend(query, key, value, *mask):
        def weights_of(head, rows, columns, start):
            scores = ops.matmul(rows, columns)
            if mask:
                scores = scores + _mask_bias(*mask, head // heads, start, block_size)
            if causal:
                scores = scores + _causal_bias(start, *ops.shape(scores))
            return ops.softmax(scores)

        output = _forward(weights_of, query, key, value, block_size)

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream  # PyTorch names it
            gradients = _backward(weights_of, query, key, value, output, upstream, block_size)
            return *gradients, *[None] * len(mask)

        return output, gradient

    return attend


def _mask_bias(mask, example, start, block_size):
    """Returns what the mask adds to the scores of a block, of one row or of `block_size`."""
    batch, rows, keys = ops.shape(mask)
    if isinstance(rows, int) and rows == 1:
        start, block_size = 0, 1
    # One mask may serve the whole batch.
    seen = ops.slice(mask, (example % batch, start, 0), (1, block_size, keys))[0]
    return ops.where(seen, 0.0, NEVER)


def _causal_bias(start, rows, keys):
    positions = start + ops.arange(rows)[:, None]
    return ops.where(positions >= ops.arange(keys), 0.0, NEVER)


def _forward(weights_of, query, key, value, block_size):
    zeros = ops.zeros((ops.shape(query)[1], value.shape[-1]), "float32")

    def of_one_head(head, query, key, value):
        def step(start, output):
            weights = weights_of(head, _block(query, start, block_size), key, start)
            return start + block_size, _set_block(output, start, ops.matmul(weights, value))

        return _over_blocks(step, ops.shape(query)[0], zeros)

    return _over_heads(of_one_head, [zeros], query, _transpose(key), value)[0]


def _backward(weights_of, query, key, value, output, upstream, block_size):
    # One more feature on either side takes (y . dy) from dy V^T within the product.
    correction = ops.sum(upstream * output, axis=-1, keepdims=True)
    upstream = ops.concatenate([upstream, -correction], axis=-1)
    columns = ops.concatenate([value, ops.ones_like(value[..., :1])], axis=-1)
    key_columns, value_columns = _transpose(key), _transpose(columns)
    zeros = [
        ops.zeros(ops.shape(x)[1:], "float32") for x in (query, key_columns, _transpose(value))
    ]

    def of_one_head(head, query, key, key_columns, value_columns, upstream):
        def step(start, d_query, d_key, d_value):
            rows, d_rows = (_block(x, start, block_size) for x in (query, upstream))
            weights = weights_of(head, rows, key_columns, start)
            d_scores = weights * ops.matmul(d_rows, value_columns)
            d_query = _set_block(d_query, start, ops.matmul(d_scores, key))
            # Transposing the small factor, and the sum at the end, spares transposing scores.
            d_key = d_key + ops.matmul(_transpose(rows), d_scores)
            d_value = d_value + ops.matmul(_transpose(d_rows[:, :-1]), weights)
            return start + block_size, d_query, d_key, d_value

        return _over_blocks(step, ops.shape(query)[0], *zeros)

    tensors = query, key, key_columns, value_columns, upstream
    d_query, d_key, d_value = _over_heads(of_one_head, zeros, *tensors)
    return d_query, _transpose(d_key), _transpose(d_value)


def _over_heads(of_one_head, zeros, *tensors):
    """Calls `of_one_head(head, ...)` on each in turn; stacks the results, shaped as `zeros`."""

    def step(_, head):
        results = tuple(of_one_head(head, *(x[head] for x in tensors)))
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


def _transpose(x):
    return ops.swapaxes(x, -1, -2)
