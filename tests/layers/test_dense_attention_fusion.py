import keras
import numpy as np
import pytest

from kzoo.layers import DenseAttentionFusion
from tests.layer_checks import check_layer, to_numpy

BATCH, TIME, FEATURES, UNITS, KEY_DIM = 2, 5, 3, 7, 11


def softmax(x):
    x = np.exp(x - x.max(axis=-1, keepdims=True))
    return x / x.sum(axis=-1, keepdims=True)


def reference(x, weights, fusion):
    """The formulas of the docstring, for one sequence without padding."""
    w1, b1, *weights = weights
    z = np.maximum(x @ w1 + b1, 0)
    if fusion == "stacked":
        wq, bq, wk, bk, wv, bv, wo, bo = (w.reshape(-1, w.shape[-1]) for w in weights)
        a = softmax((z @ wq + bq) @ (z @ wk + bk).T / KEY_DIM**0.5)
        return a @ (z @ wv + bv) @ wo + bo, a
    wq, wk, wc, *weights = weights
    a = softmax((x @ wq) @ (x @ wk).T + (x @ wc).T)
    pair = np.concatenate([z, a @ z], axis=-1)
    if fusion == "attend":
        return a.T @ z, a
    if fusion == "concat":
        return pair, a
    wg, bg = weights
    gate = 1 / (1 + np.exp(-(pair @ wg + bg)))
    return gate * z + (1 - gate) * (a @ z), a


@pytest.mark.parametrize("fusion", ["attend", "concat", "gated", "stacked"])
def test_layer_contract(fusion):
    x = np.random.default_rng(0).normal(size=(BATCH, TIME, FEATURES))
    size = 2 * UNITS if fusion == "concat" else UNITS
    layer = DenseAttentionFusion(UNITS, fusion=fusion, activation="tanh")
    check_layer(layer, x, output_shape=(BATCH, TIME, size))


@pytest.mark.parametrize("fusion", ["attend", "concat", "gated", "stacked"])
def test_equals_a_reference_on_what_is_real(fusion):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    mask = np.array([[True, False, True, True, False], [True] * TIME])
    layer = DenseAttentionFusion(UNITS, KEY_DIM, fusion=fusion)
    layer(x)
    weights = [rng.normal(size=w.shape) / 2 for w in layer.get_weights()]
    layer.set_weights(weights)
    y, scores = (to_numpy(z) for z in layer(x, mask=mask, return_attention_scores=True))
    for i in range(BATCH):
        expected, a = reference(x[i, mask[i]].astype("float64"), weights, fusion)
        np.testing.assert_allclose(y[i, mask[i]], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(scores[i][np.ix_(mask[i], mask[i])], a, rtol=1e-4, atol=1e-6)
    assert (scores[~mask] == 0).all()


def test_by_hand():
    """W1 = 1, Wq = 0, Wc = log 2: the weights of x = 0, 1, 1 are 1/5, 2/5, 2/5."""
    layer = DenseAttentionFusion(1)
    x = np.array([[[0.0], [1.0], [1.0]]], "float32")
    layer.build(x.shape)
    one, zero = np.ones((1, 1)), np.zeros((1, 1))
    layer.set_weights([one, zero[0], zero, zero, one * np.log(2)])
    y, scores = layer(x, return_attention_scores=True)
    np.testing.assert_allclose(to_numpy(scores)[0], [[0.2, 0.4, 0.4]] * 3, rtol=1e-5)
    np.testing.assert_allclose(to_numpy(y)[0], [[0, 0.8], [1, 0.8], [1, 0.8]], rtol=1e-5)


@pytest.mark.parametrize("units, key_dim", [(5, 1), (37, 4)])
def test_key_dim_is_an_eighth_of_the_units(units, key_dim):
    layer = DenseAttentionFusion(units)
    layer.build((None, None, FEATURES))
    assert layer.get_weights()[2].shape == (FEATURES, key_dim)


def test_scores_in_a_functional_model():
    x = keras.Input((None, FEATURES))
    _, scores = DenseAttentionFusion(UNITS)(x, return_attention_scores=True)
    weights = keras.Model(x, scores).predict(np.ones((BATCH, TIME, FEATURES)), verbose=0)
    np.testing.assert_allclose(weights, np.full((BATCH, TIME, TIME), 1 / TIME), rtol=1e-5)


@pytest.mark.parametrize(
    "options, message",
    [({"units": 0}, "units=0"), ({"key_dim": 0}, "key_dim=0"), ({"fusion": "sum"}, "fusion='sum'")],
)
def test_refuses_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        DenseAttentionFusion(**{"units": UNITS, **options})
