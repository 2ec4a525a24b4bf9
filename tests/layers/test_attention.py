import keras
import numpy as np
import pytest

from kzoo.layers import Attention
from tests.layer_checks import check_layer, copy_of, gradients, to_numpy

BATCH, QUERIES, KEYS, FEATURES, HEADS, KEY_DIM, VALUE_DIM = 2, 5, 7, 6, 3, 11, 13


def normal(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


def set_random_weights(*layers):
    """Gives all the same weights."""
    weights = [normal(*w.shape) / 2 for w in layers[0].get_weights()]
    for layer in layers:
        layer.set_weights(weights)


@pytest.mark.parametrize(
    "options, size",
    [
        ({}, FEATURES),
        ({"num_heads": HEADS, "key_dim": 5, "value_dim": 7, "dropout": 0.1}, FEATURES),
        ({"num_heads": HEADS, "value_dim": 7, "output_projection": False}, 7 * HEADS),
        ({"num_heads": 2, "score": "additive"}, FEATURES),
        ({"num_heads": HEADS, "score": "cosine", "block_size": 3}, FEATURES),
        ({"num_heads": 2, "score": "euclidean", "shared_key_value": True}, FEATURES),
    ],
)
def test_layer_contract(options, size):
    x = normal(BATCH, QUERIES, FEATURES)
    received = None if "block_size" in options else 1
    check_layer(Attention(**options), x, (BATCH, QUERIES, size), received=received)


@pytest.mark.skipif(
    keras.backend.backend() == "jax",
    reason="Keras' own layer fails on JAX where value_dim differs from key_dim",
)
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("block_size", [None, 2])
def test_equals_multi_head_attention(causal, block_size):
    query, value, key = (
        normal(BATCH, QUERIES, FEATURES),
        normal(BATCH, KEYS, 2),
        normal(BATCH, KEYS, 17),
    )
    mask = np.array([[True, False, True, True, False, True, True], [True] * KEYS])
    theirs = keras.layers.MultiHeadAttention(HEADS, KEY_DIM, VALUE_DIM)
    ours = Attention(HEADS, KEY_DIM, VALUE_DIM, block_size=block_size)
    theirs(query, value, key)
    ours(query, key=key, value=value)
    set_random_weights(theirs, ours)
    expected = theirs(query, value, key, attention_mask=mask[:, None, :], use_causal_mask=causal)
    y = ours(query, key=key, value=value, mask=mask, causal=causal)
    np.testing.assert_allclose(to_numpy(y), to_numpy(expected), rtol=1e-5, atol=1e-5)


def test_equals_multi_head_attention_scores_and_gradients():
    x = normal(BATCH, QUERIES, FEATURES)
    theirs = keras.layers.MultiHeadAttention(HEADS, FEATURES // HEADS)
    ours = Attention(HEADS)
    theirs(x, x)
    ours(x)
    set_random_weights(theirs, ours)
    _, expected = theirs(x, x, return_attention_scores=True)
    _, scores = ours(x, return_attention_scores=True)
    np.testing.assert_allclose(to_numpy(scores), to_numpy(expected), rtol=1e-5, atol=1e-6)
    upstream = normal(*x.shape)
    mine = gradients(ours, x, upstream=upstream)
    for ours_d, theirs_d in zip(
        mine[1:], gradients(theirs, x, value=x, upstream=upstream)[1:], strict=True
    ):
        np.testing.assert_allclose(ours_d, theirs_d, rtol=1e-4, atol=1e-5)


def identity_weights(layer, x):
    """Makes Q = K = V = x in a layer of one head without output projection."""
    layer(x)
    eye = np.eye(FEATURES, dtype="float32")[:, None, :]
    bias = np.zeros((1, FEATURES), "float32")
    layer.set_weights([eye, bias] * 3 + layer.get_weights()[6:])


@pytest.mark.parametrize("score, scale", [("dot", False), ("scaled_dot", True)])
def test_equals_keras_attention(score, scale):
    x = normal(BATCH, QUERIES, FEATURES)
    layer = Attention(score=score, output_projection=False)
    identity_weights(layer, x)
    theirs = keras.layers.Attention(use_scale=scale)
    theirs([x, x])
    if scale:
        theirs.set_weights([np.float32(FEATURES**-0.5)])
    np.testing.assert_allclose(to_numpy(layer(x)), to_numpy(theirs([x, x])), rtol=1e-5, atol=1e-5)


def test_equals_keras_additive_attention():
    x = normal(BATCH, QUERIES, FEATURES)
    layer = Attention(score="additive", output_projection=False)
    identity_weights(layer, x)
    theirs = keras.layers.AdditiveAttention()
    theirs([x, x])
    weight = normal(FEATURES)
    theirs.set_weights([weight])
    layer.set_weights([*layer.get_weights()[:6], weight[None, None, None, :]])
    np.testing.assert_allclose(to_numpy(layer(x)), to_numpy(theirs([x, x])), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "score, expected",
    [
        ("dot", [0, 2, 4]),
        ("scaled_dot", [0, 2, 4]),  # key_dim is 1
        ("cosine", [0, 1, 1]),
        ("euclidean", [-2, -1, 0]),
        ("additive", [np.tanh(2), np.tanh(3), np.tanh(4)]),
    ],
)
def test_scores_by_hand(score, expected):
    """One head and feature, Q = K = V = x = 0, 1, 2: how the last element sees the others."""
    x = np.array([[[0.0], [1.0], [2.0]]], "float32")
    layer = Attention(score=score, output_projection=False)
    layer(x)
    layer.set_weights(
        [np.ones(w.shape) if "bias" not in w.path else np.zeros(w.shape) for w in layer.weights]
    )
    weights = np.exp(expected) / np.exp(expected).sum()
    y, scores = layer(x, return_attention_scores=True)
    np.testing.assert_allclose(to_numpy(scores)[0, 0, 2], weights, rtol=1e-5)
    np.testing.assert_allclose(to_numpy(y)[0, 2, 0], weights @ [0, 1, 2], rtol=1e-5)


def test_shared_key_value_has_no_key_projection():
    x = normal(BATCH, QUERIES, FEATURES)
    layer = Attention(HEADS, KEY_DIM, shared_key_value=True)
    y = layer(x)
    assert len(layer.weights) == 6
    separate = Attention(HEADS, KEY_DIM)
    separate(x)
    query, value, output = (layer.get_weights()[i : i + 2] for i in (0, 2, 4))
    separate.set_weights(query + value + value + output)
    np.testing.assert_allclose(to_numpy(y), to_numpy(separate(x)), rtol=1e-5, atol=1e-6)


def test_padded_queries_have_scores_of_0():
    x, z = normal(BATCH, QUERIES, FEATURES), normal(BATCH, KEYS, 2)
    query_mask = np.array([[True, False, True, True, False], [False] * QUERIES])
    _, scores = Attention(HEADS)(x, key=z, query_mask=query_mask, return_attention_scores=True)
    total = to_numpy(scores).sum(axis=-1)
    np.testing.assert_allclose(total, np.repeat(query_mask[:, None], HEADS, axis=1), rtol=1e-6)


def test_an_implicit_mask_is_read_and_kept():
    token_ids = np.array([[3, 5, 0, 0], [2, 0, 0, 0]])
    embedded = keras.layers.Embedding(7, FEATURES, mask_zero=True)(token_ids)
    _, scores = Attention(2)(embedded, return_attention_scores=True)
    assert (to_numpy(scores)[0, :, :, 2:] == 0).all()
    assert (to_numpy(scores)[1, :, :, 1:] == 0).all()


def test_dropout_drops_weights_in_training_only():
    x = normal(BATCH, QUERIES, FEATURES)
    layer = Attention(HEADS, dropout=0.5)
    np.testing.assert_array_equal(to_numpy(layer(x)), to_numpy(layer(x, training=False)))
    assert (to_numpy(layer(x, training=True)) != to_numpy(layer(x))).any()


def test_scores_in_a_functional_model():
    query, key = keras.Input((None, FEATURES)), keras.Input((None, 2))
    y, scores = Attention(HEADS)(query, key=key, causal=True, return_attention_scores=True)
    assert tuple(y.shape) == (None, None, FEATURES)
    assert tuple(scores.shape) == (None, HEADS, None, None)
    model = keras.Model([query, key], scores)
    weights = model.predict([normal(BATCH, QUERIES, FEATURES), normal(BATCH, KEYS, 2)], verbose=0)
    assert weights.shape == (BATCH, HEADS, QUERIES, KEYS)
    np.testing.assert_array_equal(
        weights > 0, np.broadcast_to(np.tri(QUERIES, KEYS, dtype=bool), weights.shape)
    )


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_heads": 0}, "num_heads=0"),
        ({"key_dim": -1}, "key_dim=-1"),
        ({"score": "dots"}, "score='dots'"),
        ({"shared_key_value": True, "key_dim": 3, "value_dim": 5}, "value_dim=5"),
        ({"block_size": 0}, "block_size=0"),
        ({"block_size": 3, "score": "additive"}, "score='additive'"),
        ({"block_size": 3, "dropout": 0.1}, "dropout=0.1"),
    ],
)
def test_refuses_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        Attention(**options)


def test_refuses_inputs():
    with pytest.raises(ValueError, match="5 features do not divide among 3 heads"):
        Attention(3)(normal(BATCH, 7, 5))
    with pytest.raises(ValueError, match=r"\(2, 5, 7, 3\)"):
        Attention()(normal(2, 5, 7, 3))
    with pytest.raises(ValueError, match="block_size=3"):
        Attention(block_size=3)(normal(2, 5, 7), return_attention_scores=True)


@pytest.mark.parametrize("others", [1, 2, 3])
def test_key_and_value_are_passed_by_name(others):
    x = normal(BATCH, KEYS, FEATURES)
    for tensor in [x, keras.Input((KEYS, FEATURES))]:
        with pytest.raises(TypeError, match=r"by name, as in layer\(query, key=key, value=value\)"):
            copy_of(Attention(2))(tensor, *[tensor] * others)
