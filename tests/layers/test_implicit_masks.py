"""The masks that query, key and value of `Attention` carry, as in Keras' MultiHeadAttention."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from kzoo.layers import Attention, SequentialAttention
from tests.layer_checks import carrying, to_numpy

BATCH, QUERIES, KEYS, FEATURES, HEADS = 3, 5, 7, 6, 3
EXAMPLES = 8 if keras.backend.backend() == "tensorflow" else 3


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")


def random_mask(*shape, density=0.6, seed=0):
    return np.random.default_rng([seed, *shape]).random(shape) < density


def query_and_key():
    return normal(BATCH, QUERIES, FEATURES), normal(BATCH, KEYS, FEATURES)


def assert_seen(scores, visible):
    """Checks that every head gives weight to what is visible, and to nothing else."""
    scores = to_numpy(ops.cast(scores, "float32"))
    np.testing.assert_array_equal(scores > 0, np.broadcast_to(visible[:, None], scores.shape))


def handed_on(y):
    """Where the mask that `y` carries is True: what a layer that comes next sees."""
    return to_numpy(SequentialAttention(2)(y, return_attention_scores=True)[1]) > 0


def inputs_that_carry(which, seed=0):
    """Query, key and value, and their masks; those in `which` carry theirs."""
    sizes = {"query": (QUERIES, FEATURES), "key": (KEYS, 4), "value": (KEYS, 3)}
    tensors, masks = {}, {}
    for i, (name, size) in enumerate(sizes.items()):
        tensors[name] = ops.convert_to_tensor(normal(BATCH, *size, seed=seed + i))
        masks[name] = np.ones((BATCH, size[0]), bool)
        if name in which:
            masks[name] = random_mask(BATCH, size[0], density=0.7, seed=seed + i)
            tensors[name] = carrying(tensors[name], masks[name])
    return tensors, masks


@pytest.mark.parametrize("block_size", [None, 2])
@settings(max_examples=EXAMPLES, deadline=None)
@given(
    which=st.sets(st.sampled_from(["query", "key", "value"])),
    seed=st.integers(0, 10_000),
    causal=st.booleans(),
    pairs=st.booleans(),
)
def test_implicit_masks_as_in_multi_head_attention(block_size, which, seed, causal, pairs):
    tensors, masks = inputs_that_carry(which, seed)
    shapes = [x.shape for x in tensors.values()]
    ours = Attention(HEADS, 11, block_size=block_size)
    theirs = keras.layers.MultiHeadAttention(HEADS, 11)
    ours.build(*shapes)
    theirs.build(shapes[0], shapes[2], shapes[1])
    weights = [normal(*w.shape, seed=i) / 2 for i, w in enumerate(ours.weights)]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    mask = random_mask(BATCH, QUERIES, KEYS, seed=seed) if pairs else None
    query, others = tensors["query"], {name: tensors[name] for name in ("key", "value")}
    y = to_numpy(ours(query, mask=mask, causal=causal, **others))
    # Theirs takes the masks from the tensors.
    expected = to_numpy(theirs(query, **others, attention_mask=mask, use_causal_mask=causal))
    visible = masks["query"][:, :, None] & (masks["key"] & masks["value"])[:, None, :]
    visible &= np.tri(QUERIES, KEYS, dtype=bool) | (not causal)
    visible &= True if mask is None else mask
    rows = visible.any(axis=-1)
    np.testing.assert_allclose(y[rows], expected[rows], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(y[~rows], np.zeros_like(y[~rows]) + weights[-1], rtol=1e-6)


def embedded(seed):
    """An input of token ids, their vectors, which carry a mask, and the layer that gives these."""
    tokens = keras.Input((None,), dtype="int32")
    vectors = keras.initializers.RandomNormal(stddev=1.0, seed=seed)
    embedding = keras.layers.Embedding(11, FEATURES, vectors, mask_zero=True)
    return tokens, embedding(tokens), embedding


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("shared", [False, True])
def test_implicit_masks_in_a_functional_model(shared, dtype, tmp_path):
    """Cross-attention, with one tensor as key and value or with two; saved and loaded, too."""
    token_ids = [
        np.random.default_rng(i).integers(0, 4, (BATCH, length))
        for i, length in enumerate([QUERIES, KEYS, KEYS])
    ]
    parts = [embedded(i) for i in range(3)]
    query, key, value = (vectors for _, vectors, _ in parts)
    layer = Attention(HEADS, dtype=dtype)
    y, scores = layer(query, key=key, value=key if shared else value, return_attention_scores=True)
    assert tuple(scores.shape) == (None, HEADS, None, None)
    model = keras.Model([tokens for tokens, _, _ in parts], [y, scores])
    y, scores = (to_numpy(ops.cast(x, "float32")) for x in model(token_ids))
    visible = (token_ids[0] != 0)[:, :, None] & (token_ids[1] != 0)[:, None, :]
    visible &= True if shared else (token_ids[2] != 0)[:, None, :]
    assert_seen(scores, visible)
    query, key, value = (
        embedding(ids) for ids, (_, _, embedding) in zip(token_ids, parts, strict=True)
    )
    again = layer(query, key=key, value=key if shared else value)
    np.testing.assert_allclose(to_numpy(ops.cast(again, "float32")), y, rtol=0.02, atol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded, _ = keras.models.load_model(tmp_path / "model.keras")(token_ids)
    np.testing.assert_allclose(to_numpy(ops.cast(loaded, "float32")), y, rtol=0.02, atol=1e-5)


@pytest.mark.parametrize("others", [(), ("key",), ("key", "value"), ("value",)])
def test_self_attention_is_that_of_one_tensor(others):
    """However often it is passed, and under a policy that casts each."""
    x, mask = normal(BATCH, KEYS, FEATURES), random_mask(BATCH, KEYS)
    for dtype in ["float32", "mixed_bfloat16"]:
        layer = Attention(HEADS, dtype=dtype)
        for options, tensor in [({"mask": mask}, x), ({}, carrying(x, mask))]:
            y, scores = layer(
                tensor, **dict.fromkeys(others, tensor), **options, return_attention_scores=True
            )
            visible = mask[:, :, None] & mask[:, None, :]
            assert_seen(scores, visible)
            np.testing.assert_array_equal(handed_on(y), mask)


@pytest.mark.parametrize("cross", [False, True])
def test_an_explicit_mask_goes_before_the_one_that_is_carried(cross):
    tensors, _ = inputs_that_carry(["query", "key", "value"])
    query_mask, mask = random_mask(BATCH, QUERIES, seed=5), random_mask(BATCH, KEYS, seed=6)
    layer = Attention(2)
    if cross:
        others = {name: tensors[name] for name in ("key", "value")}
        given = {"mask": mask, "query_mask": query_mask}
    else:
        others, given = {}, {"mask": query_mask}
        mask = query_mask
    _, scores = layer(tensors["query"], **others, **given, return_attention_scores=True)
    visible = query_mask[:, :, None] & mask[:, None, :]
    assert_seen(scores, visible)


def test_one_explicit_mask_leaves_the_others_as_they_are_carried():
    real, given = random_mask(BATCH, KEYS, seed=5), random_mask(BATCH, KEYS, seed=6)
    x = carrying(normal(BATCH, KEYS, FEATURES), real)
    layer, pairs = Attention(HEADS), random_mask(BATCH, KEYS, KEYS)
    for options, visible in [
        ({"query_mask": given}, given[:, :, None] & real[:, None, :]),
        ({"key_mask": given}, real[:, :, None] & given[:, None, :]),
        ({"mask": pairs}, real[:, :, None] & real[:, None, :] & pairs),
        ({"mask": pairs, "query_mask": given}, given[:, :, None] & real[:, None, :] & pairs),
    ]:
        _, scores = layer(x, **options, return_attention_scores=True)
        assert_seen(scores, visible)


def test_the_mask_of_the_query_is_handed_on():
    query_mask, mask = random_mask(BATCH, QUERIES, seed=5), random_mask(BATCH, KEYS, seed=6)
    query, key = query_and_key()
    pairs = random_mask(BATCH, QUERIES, KEYS)
    layer, everything = Attention(2), np.ones_like(query_mask)
    for tensor, options, expected in [
        (query, {"key": key, "mask": mask}, everything),
        (query, {"key": carrying(key, mask)}, everything),
        (carrying(query, query_mask), {"key": key, "mask": mask}, query_mask),
        (carrying(query, query_mask), {"key": key, "mask": pairs}, query_mask),
        (query, {"mask": query_mask}, query_mask),
    ]:
        np.testing.assert_array_equal(handed_on(layer(tensor, **options)), expected)
        with_scores, _ = layer(tensor, **options, return_attention_scores=True)
        np.testing.assert_array_equal(handed_on(with_scores), expected)
    assert layer.compute_mask(query, query_mask) is query_mask


def test_a_shared_value_brings_its_own_mask():
    query, value = query_and_key()
    mask = random_mask(BATCH, KEYS)
    layer = Attention(HEADS, shared_key_value=True)
    for options in [{"value": carrying(value, mask)}, {"value": value, "mask": mask}]:
        _, scores = layer(query, **options, return_attention_scores=True)
        assert_seen(scores, mask[:, None, :])
