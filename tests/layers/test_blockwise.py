import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from kzoo.layers import Attention
from kzoo.layers.blockwise import blockwise_attention, pad_time
from tests.layer_checks import copy_of, gradients, to_numpy

BATCH, HEADS, QUERIES, KEYS, KEY_DIM, VALUE_DIM = 2, 3, 11, 7, 5, 13


def reference(query, key, value, visible):
    """softmax(Q K^T) V in float64: 0 where a query sees nothing."""
    scores = query.astype("float64") @ np.swapaxes(key, -1, -2).astype("float64")
    weights = np.where(visible, np.exp(scores - scores.max(axis=-1, keepdims=True)), 0)
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ value


def relative_error(y, expected):
    return np.abs(y - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize("block_size", [1, 3, 11, 64])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", ["not", "keys", "pairs"])
def test_equals_a_float64_reference(block_size, causal, masked):
    rng = np.random.default_rng(block_size)
    query = rng.normal(size=(BATCH, HEADS, QUERIES, KEY_DIM)).astype("float32")
    key = rng.normal(size=(BATCH, HEADS, KEYS, KEY_DIM)).astype("float32")
    value = rng.normal(size=(BATCH, HEADS, KEYS, VALUE_DIM)).astype("float32")
    mask = query_mask = None
    visible = np.ones((BATCH, 1, QUERIES, KEYS), bool)
    if masked != "not":
        shape = (BATCH, KEYS) if masked == "keys" else (BATCH, QUERIES, KEYS)
        mask, query_mask = rng.random(shape) < 0.5, rng.random((BATCH, QUERIES)) < 0.7
        visible &= mask.reshape(BATCH, 1, -1, KEYS) & query_mask[:, None, :, None]
    if causal:
        visible &= np.tri(QUERIES, KEYS, dtype=bool)
    tensors = [ops.convert_to_tensor(x) for x in (query, key, value)]
    y = blockwise_attention(*tensors, block_size, mask, query_mask, causal)
    assert relative_error(to_numpy(y), reference(query, key, value, visible)) < 1e-5


@pytest.mark.parametrize("score", ["scaled_dot", "dot", "cosine"])
@settings(max_examples=6 if keras.backend.backend() == "tensorflow" else 3, deadline=None)
@given(
    block_size=st.sampled_from([1, 4, 13]),
    time=st.sampled_from([1, 5, 11]),
    causal=st.booleans(),
    seed=st.integers(0, 10_000),
    density=st.sampled_from([0.0, 0.4, 1.0]),
    pairs=st.booleans(),
)
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
def test_equals_attention_without_blocks(score, block_size, time, causal, seed, density, pairs):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, time, 6)).astype("float32")
    shape = (2, time, time) if pairs else (2, time)
    options = {"mask": rng.random(shape) < density, "causal": causal}
    whole = Attention(3, score=score)
    blocks = copy_of(whole, block_size=block_size)
    whole(x), blocks(x)
    weights = [rng.normal(size=w.shape) for w in whole.get_weights()]
    whole.set_weights(weights)
    blocks.set_weights(weights)
    upstream = rng.normal(size=x.shape).astype("float32")
    np.testing.assert_allclose(
        to_numpy(blocks(x, **options)), to_numpy(whole(x, **options)), rtol=1e-5, atol=1e-5
    )
    expected = gradients(whole, x, upstream=upstream, **options)
    largest = max(np.abs(theirs).max() for theirs in expected)
    for mine, theirs in zip(
        gradients(blocks, x, upstream=upstream, **options), expected, strict=True
    ):
        assert np.abs(mine - theirs).max() <= 1e-5 * largest


def float64_gradients(query, key, value, upstream):
    scores = query @ np.swapaxes(key, -1, -2)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    d_weights = upstream @ np.swapaxes(value, -1, -2)
    d_scores = weights * (d_weights - (weights * d_weights).sum(axis=-1, keepdims=True))
    transposed = np.swapaxes(d_scores, -1, -2)
    return d_scores @ key, transposed @ query, np.swapaxes(weights, -1, -2) @ upstream


def test_gradients_equal_a_float64_reference_on_a_long_sequence():
    """Of V, K and Q through the kernels of one head: 521 elements, a prime."""
    rng = np.random.default_rng(0)
    x, upstream = rng.normal(size=(2, 521, 31)).astype("float32")[:, None]
    kernels = rng.normal(size=(3, 31, 31)).astype("float32") / 31**0.5
    layer = Attention(output_projection=False, block_size=128)
    layer(x)
    bias = np.zeros((1, 31), "float32")
    layer.set_weights([w for kernel in kernels for w in (kernel[:, None, :], bias)])
    query, key, value = (x[0].astype("float64") @ kernel for kernel in kernels)
    expected = float64_gradients(query / 31**0.5, key, value, upstream[0])
    _, *d_weights = gradients(layer, x, upstream=upstream)
    for d_kernel, d, scale in zip(d_weights[::2], expected, [31**-0.5, 1, 1], strict=True):
        assert relative_error(d_kernel[:, 0], x[0].T @ d * scale) < 1e-5


def test_pad_time():
    x = np.arange(2 * 5 * 3).reshape(2, 5, 3).astype("float32")
    y = to_numpy(pad_time(ops.convert_to_tensor(x), 7))
    np.testing.assert_array_equal(y, np.pad(x, [(0, 0), (0, 2), (0, 0)]))
    np.testing.assert_array_equal(to_numpy(pad_time(ops.convert_to_tensor(x), 5)), x)
