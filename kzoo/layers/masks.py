"""What a mask must be, and how the masks of query, key and value become one."""

import functools

import keras
from keras import ops

from kzoo.layers.scores import causal_mask


def position_mask(mask, x, name="mask"):
    """Returns `mask` as booleans, one for each position of `x`; None for None.

    Args:
        mask: Boolean or integer `(batch, ...)`, True where an element is real; or None.
        x: `(batch, ..., features)`.
        name: What an error calls the mask.

    Raises:
        ValueError: If the mask has another shape or dtype.
    """
    if mask is None:
        return None
    _check(mask, [tuple(x.shape[:-1])], name)
    return ops.cast(mask, "bool")


def explicit_masks(query, key, options):
    """Passes an explicit `mask` under the names that Keras would fill in with implicit masks.

    Where `query_mask`, `key_mask` or `value_mask` is None, Keras fills in the mask that the tensor
    carries. It hands `mask` on as the mask of the output, so that only a mask of the queries may
    keep this name.

    Args:
        query: `(batch, queries, features)`.
        key: `(batch, keys, features)`; `query` itself in self-attention.
        options: Dict of what `Attention` was called with besides.

    Returns:
        The dict to call it with.

    Raises:
        ValueError: If `mask` has the wrong shape or dtype.
    """
    options = {name: option for name, option in options.items() if option is not None}
    mask = options.pop("mask", None)
    if mask is None:
        return options
    if _rank(query) == _rank(key) == 3:  # or else there are better messages about these
        _check(mask, _shapes(query, key), "mask")
    if _is_of_pairs(mask):
        names = ["attention_mask"]
    elif key is query:
        names = ["mask", "query_mask", "key_mask", "value_mask"]
    else:
        names = ["key_mask", "value_mask"]
    names = [name for name in names if name not in options] or ["mask"]
    return options | dict.fromkeys(names, mask)


def joined_masks(query, key, causal, mask, query_mask, key_mask, value_mask, attention_mask):
    """Joins the masks that `Attention` was called with: what one of them hides is hidden.

    Args:
        query: `(batch, queries, features)`.
        key: `(batch, keys, features)`; `query` itself in self-attention.
        causal: Whether query `i` sees only the keys up to `i`.
        mask: Boolean `(batch, keys)` or `(batch, queries, keys)`, or None.
        query_mask: Boolean `(batch, queries)`, or None.
        key_mask: Boolean `(batch, keys)`, or None.
        value_mask: The same.
        attention_mask: Boolean `(batch, queries, keys)`, or None.

    Returns:
        Four values: which queries are real, `(batch, queries)`; which keys are real, `(batch,
        keys)`; which keys may be seen; and whether `causal` is still to be applied. A mask is None
        where all are True. The third is the second, unless a mask of `(batch, queries, keys)` is
        given. It then has this shape and includes all masks and `causal`, and a query that sees no
        key or a key that no query sees is not real.

    Raises:
        ValueError: If a mask has the wrong shape or dtype.
    """
    of_keys, of_pairs = _shapes(query, key)
    for name, one, shapes in [
        ("mask", mask, [of_keys, of_pairs]),
        ("key_mask", key_mask, [of_keys]),
        ("value_mask", value_mask, [of_keys]),
        ("attention_mask", attention_mask, [of_pairs]),
    ]:
        if one is not None:
            _check(one, shapes, name)
    if _is_of_pairs(mask):
        mask, attention_mask = None, _all_of(mask, attention_mask)
    if query_mask is None and key is query:
        query_mask = mask
    query_mask = position_mask(query_mask, query, "query_mask")
    key_mask = _all_of(mask, key_mask, value_mask)
    if attention_mask is None:
        return query_mask, key_mask, key_mask, causal
    visible = _all_of(
        attention_mask,
        None if query_mask is None else query_mask[:, :, None],
        None if key_mask is None else key_mask[:, None, :],
        causal_mask(ops.shape(query)[1], ops.shape(key)[1])[0] if causal else None,
    )
    return ops.any(visible, axis=2), ops.any(visible, axis=1), visible, False


def masks_of_scores(scores, visible, query_mask, causal):
    """Brings what `joined_masks` returns to scores of `(batch, heads, queries, keys)`.

    Returns:
        Which key each query may see, and which query is real; or None for all.
    """
    if visible is not None:
        visible = visible[:, None] if _is_of_pairs(visible) else visible[:, None, None, :]
    if causal:
        earlier = causal_mask(*ops.shape(scores)[2:])
        visible = earlier if visible is None else ops.logical_and(visible, earlier)
    return visible, None if query_mask is None else query_mask[:, None, :, None]


def _is_of_pairs(mask):
    return _rank(mask) == 3


def _rank(x):
    return len(getattr(x, "shape", ()))


def _all_of(*masks):
    """Returns booleans, True where all masks are that are not None; None without any."""
    different = {id(mask): ops.cast(mask, "bool") for mask in masks if mask is not None}
    return functools.reduce(ops.logical_and, different.values()) if different else None


def _shapes(query, key):
    """What `mask` may be: of the keys, or of the keys for each query."""
    batch, keys = key.shape[:2]
    return [(batch, keys), (batch, query.shape[1], keys)]


def _check(mask, shapes, name):
    found, dtype, received = tuple(getattr(mask, "shape", ())), "", type(mask).__name__
    if hasattr(mask, "dtype"):
        dtype = keras.backend.standardize_dtype(mask.dtype)
        received += f" of shape {found} and dtype {dtype}"
    if (dtype == "bool" or "int" in dtype) and any(_fits(found, shape) for shape in shapes):
        return
    raise ValueError(
        f"`{name}` must be a boolean tensor of shape {' or '.join(map(str, shapes))}, True for "
        f"what may be seen. Received: {received}"
    )


def _fits(found, shape):
    """Whether the known sizes agree; one mask may serve the whole batch."""
    return len(found) == len(shape) and all(
        size == expected or None in (size, expected) or (axis == 0 and size == 1)
        for axis, (size, expected) in enumerate(zip(found, shape, strict=True))
    )
