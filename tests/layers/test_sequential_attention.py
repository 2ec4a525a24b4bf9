import keras
import numpy as np
import pytest

from kzoo.layers import SequentialAttention
from tests.layer_checks import check_layer, to_numpy

BATCH, TIME, FEATURES, UNITS = 2, 5, 3, 7  # different primes: no axis can pass for another


@pytest.mark.parametrize("output_dim, size", [(None, UNITS), (11, 11)])
def test_layer_contract(output_dim, size):
    layer = SequentialAttention(UNITS, output_dim, dropout=0.1)
    check_layer(layer, np.ones((BATCH, TIME, FEATURES)), output_shape=(BATCH, size))


def test_by_hand():
    """One unit, W = 1, w = 1: h = tanh(x), a = softmax(h), y = 2 sum a h + 3."""
    layer = SequentialAttention(1, output_dim=1)
    x = np.array([[[0.0], [1.0], [2.0]]], "float32")
    layer.build(x.shape)
    one, zero = np.ones((1, 1)), np.zeros(1)
    layer.set_weights([one, zero, one, 2 * one, zero + 3])
    h = np.tanh(x[0, :, 0])
    a = np.exp(h) / np.exp(h).sum()
    y, scores = layer(x, return_attention_scores=True)
    np.testing.assert_allclose(to_numpy(scores)[0], a, rtol=1e-5)
    np.testing.assert_allclose(to_numpy(y)[0, 0], 2 * (a * h).sum() + 3, rtol=1e-5)


def test_scores_in_a_functional_model():
    x = keras.Input((None, FEATURES))
    mask = keras.Input((None,), dtype="bool")
    y, scores = SequentialAttention(UNITS)(x, mask=mask, return_attention_scores=True)
    model = keras.Model([x, mask], scores)
    given = np.array([[True, True, False, True, False], [True] * TIME])
    weights = model.predict([np.ones((BATCH, TIME, FEATURES)), given], verbose=0)
    np.testing.assert_allclose(weights, given / given.sum(axis=1, keepdims=True), rtol=1e-5)


def test_an_empty_row_gives_the_bias_of_the_output():
    layer = SequentialAttention(UNITS, output_dim=2)
    x = np.ones((BATCH, TIME, FEATURES), "float32")
    layer(x)
    layer.set_weights([*layer.get_weights()[:-1], np.array([3.0, 5.0])])
    y = layer(x, mask=np.zeros((BATCH, TIME), bool))
    np.testing.assert_array_equal(to_numpy(y), [[3.0, 5.0]] * BATCH)


def test_dropout_in_training_only():
    layer = SequentialAttention(UNITS, dropout=0.5)
    x = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES))
    np.testing.assert_array_equal(to_numpy(layer(x)), to_numpy(layer(x, training=False)))
    assert (to_numpy(layer(x, training=True)) != to_numpy(layer(x))).any()


def test_refuses_no_units():
    with pytest.raises(ValueError, match="units=0"):
        SequentialAttention(0)
