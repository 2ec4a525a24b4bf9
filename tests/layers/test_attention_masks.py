"""Which keys a query of `Attention` sees: the masks that it is called with."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from kzoo.layers import Attention
from tests.layer_checks import gradients, to_numpy
from tests.layers.all_layers import FEATURES, LAYERS

BATCH, QUERIES, KEYS = 3, 5, 7
FORMS = [name for name in LAYERS if name.startswith("attention")]
WITH_SCORES = [name for name in FORMS if name != "attention_blockwise"]
EXAMPLES = 8 if keras.backend.backend() == "tensorflow" else 3

few_examples = settings(max_examples=EXAMPLES, deadline=None)
seeds = st.integers(0, 10_000)
densities = st.sampled_from([0.0, 0.3, 0.7, 1.0])


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")


def random_mask(*shape, density=0.6, seed=0):
    return np.random.default_rng([seed, *shape]).random(shape) < density


def query_and_key(seed=0):
    return normal(BATCH, QUERIES, FEATURES, seed=seed), normal(BATCH, KEYS, FEATURES, seed=seed)


def layer_of(name, **options):
    """A layer with random weights, biases among them."""
    layer = LAYERS[name](**options)
    layer.build((None, None, FEATURES))
    layer.set_weights([normal(*w.shape, seed=i) / 2 for i, w in enumerate(layer.weights)])
    return layer


@pytest.mark.parametrize("name", WITH_SCORES)
@few_examples
@given(seed=seeds, density=densities, padded=st.booleans(), causal=st.booleans())
def test_a_query_sees_what_no_mask_hides(name, seed, density, padded, causal):
    query, key = query_and_key(seed)
    options = {"mask": random_mask(BATCH, QUERIES, KEYS, density=density, seed=seed)}
    visible = options["mask"].copy()
    if padded:
        options["query_mask"] = random_mask(BATCH, QUERIES, seed=seed)
        options["key_mask"] = random_mask(BATCH, KEYS, seed=seed)
        visible &= options["query_mask"][:, :, None] & options["key_mask"][:, None, :]
    if causal:
        visible &= np.tri(QUERIES, KEYS, dtype=bool)
    layer = layer_of(name)
    _, scores = layer(query, key=key, causal=causal, return_attention_scores=True, **options)
    scores = to_numpy(scores)
    np.testing.assert_array_equal(scores > 0, np.repeat(visible[:, None], scores.shape[1], 1))
    total = np.broadcast_to(visible.any(axis=-1)[:, None], scores.shape[:-1])
    np.testing.assert_allclose(scores.sum(axis=-1), total, atol=1e-6)


@pytest.mark.parametrize("name", FORMS)
@few_examples
@given(
    seed=seeds,
    density=st.sampled_from([0.0, 0.2, 0.4]),
    content=st.sampled_from([np.nan, np.inf, -1e30]),
    causal=st.booleans(),
)
def test_what_is_never_seen_changes_nothing(name, seed, density, content, causal):
    query, key = query_and_key(seed)
    mask = random_mask(BATCH, QUERIES, KEYS, density=density, seed=seed)
    visible = mask & (np.tri(QUERIES, KEYS, dtype=bool) | (not causal))
    seeing, seen = visible.any(axis=2), visible.any(axis=1)
    layer = layer_of(name)
    expected = to_numpy(layer(query, key=key, mask=mask, causal=causal))
    query[~seeing], key[~seen] = content, content
    y = to_numpy(layer(query, key=key, mask=mask, causal=causal))
    np.testing.assert_array_equal(y, expected)
    empty = layer.get_weights()[-1] if layer.output_projection else 0.0
    if layer.score != "additive":  # whose last weight is its own
        np.testing.assert_array_equal(y[~seeing], np.zeros_like(y[~seeing]) + empty)


@pytest.mark.parametrize("name", FORMS)
def test_gradients_are_finite_and_0_on_what_is_never_seen(name):
    query, key = query_and_key()
    mask = random_mask(BATCH, QUERIES, KEYS, density=0.2)
    seeing, seen = mask.any(axis=2), mask.any(axis=1)
    assert not seeing.all() and not seen.all()
    query[~seeing], key[~seen] = np.nan, np.nan
    d_query, *d_weights = gradients(layer_of(name), query, key=key, mask=mask)
    assert all(np.isfinite(d).all() for d in [d_query, *d_weights])
    np.testing.assert_array_equal(d_query[~seeing], 0.0)


@pytest.mark.parametrize("name", FORMS)
def test_a_mask_for_each_query_says_what_the_others_say(name):
    """Padding and causality, written as `(batch, queries, keys)`, give the same."""
    layer, x = layer_of(name), normal(BATCH, KEYS, FEATURES)
    real = random_mask(BATCH, KEYS)
    pairs = real[:, :, None] & real[:, None, :] & np.tri(KEYS, dtype=bool)
    expected = to_numpy(layer(x, mask=real, causal=True))
    for options in [
        {"mask": pairs},
        {"attention_mask": pairs},
        {"mask": pairs, "query_mask": real},
    ]:
        y = to_numpy(layer(x, **options))
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FORMS)
def test_a_mask_for_each_query_in_a_functional_model_of_unknown_sizes(name):
    layer = layer_of(name)
    x = keras.Input((None, FEATURES))
    mask = keras.Input((None, None), dtype="bool")
    model = keras.Model([x, mask], layer(x, mask=mask, causal=True))
    for batch, time in [(1, 1), (3, 11), (2, 5)]:
        inputs = normal(batch, time, FEATURES), random_mask(batch, time, time)
        expected = layer(inputs[0], mask=inputs[1], causal=True)
        y = model(inputs)
        np.testing.assert_allclose(to_numpy(y), to_numpy(expected), rtol=1e-5, atol=1e-6)


def test_one_mask_serves_the_whole_batch():
    x, mask = normal(BATCH, KEYS, FEATURES), random_mask(1, KEYS, KEYS)
    for name in ["attention", "attention_blockwise"]:
        layer = layer_of(name)
        expected = to_numpy(layer(x, mask=np.repeat(mask, BATCH, axis=0)))
        np.testing.assert_allclose(to_numpy(layer(x, mask=mask)), expected, rtol=1e-5, atol=1e-6)


def test_explicit_masks_are_all_applied():
    query, key = query_and_key()
    masks = [random_mask(BATCH, KEYS, seed=seed, density=0.8) for seed in range(3)]
    options = dict(zip(("mask", "key_mask", "value_mask"), masks, strict=True))
    _, scores = Attention(2)(query, key=key, **options, return_attention_scores=True)
    expected = np.broadcast_to(np.all(masks, axis=0)[:, None, None, :], scores.shape)
    np.testing.assert_array_equal(to_numpy(scores) > 0, expected)


@pytest.mark.parametrize("name", ["attention", "attention_blockwise"])
def test_without_keras_around_it(name):
    """`call` alone, as wrappers and `stateless_call` use it, takes the same masks."""
    layer, x = layer_of(name), ops.convert_to_tensor(normal(BATCH, KEYS, FEATURES))
    for mask in [random_mask(BATCH, KEYS), random_mask(BATCH, KEYS, KEYS)]:
        mask = ops.convert_to_tensor(mask)
        expected = to_numpy(layer(x, mask=mask))
        np.testing.assert_allclose(to_numpy(layer.call(x, mask=mask)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"mask": np.ones((BATCH, QUERIES), bool)}, r"`mask` .* \(3, 7\) or \(3, 5, 7\).*\(3, 5\)"),
        ({"mask": np.ones((BATCH, KEYS, QUERIES), bool)}, r"`mask` .*\(3, 7, 5\)"),
        ({"mask": np.ones((BATCH, 1, QUERIES, KEYS), bool)}, r"`mask` .*\(3, 1, 5, 7\)"),
        ({"mask": np.ones(KEYS, bool)}, r"`mask` .*Received: ndarray of shape \(7,\)"),
        ({"mask": np.ones((BATCH, KEYS), "float32")}, "`mask` must be a boolean .* dtype float32"),
        ({"mask": np.zeros((BATCH, QUERIES, KEYS), "float64")}, "`mask` .* dtype float64"),
        ({"mask": [[True] * KEYS] * BATCH}, "`mask` .*Received: list"),
        ({"query_mask": np.ones((BATCH, KEYS), bool)}, r"`query_mask` .*\(3, 5\).*\(3, 7\)"),
        ({"key_mask": np.ones((BATCH, QUERIES, KEYS), bool)}, r"`key_mask` .*\(3, 5, 7\)"),
        ({"attention_mask": np.ones((BATCH, KEYS), bool)}, r"`attention_mask` .*\(3, 7\)"),
    ],
)
@pytest.mark.parametrize("block_size", [None, 2])
def test_refuses_masks(options, message, block_size):
    query, key = query_and_key()
    with pytest.raises(ValueError, match=f"(?s){message}"):
        Attention(2, block_size=block_size)(query, key=key, **options)


def test_integers_may_be_a_mask():
    x, mask = normal(BATCH, KEYS, FEATURES), random_mask(BATCH, KEYS)
    layer = layer_of("attention")
    y = layer(x, mask=mask.astype("int32"))
    np.testing.assert_array_equal(to_numpy(y), to_numpy(layer(x, mask=mask)))
