import keras
import numpy as np
import pytest

from kzoo.layers import SimilarityAttention
from tests.layer_checks import check_layer, to_numpy

BATCH, TIME, FEATURES = 2, 5, 3


def reference(x, weights, similarity):
    """The formulas of the docstring, for one sequence without padding."""
    u, b, v = weights
    dots, squares = x @ x.T, (x**2).sum(axis=-1)
    s = {
        "dot": dots,
        "cosine": dots / np.sqrt(np.outer(squares, squares)),
        "euclidean": 1 / (1 + np.sqrt(np.maximum(squares[:, None] + squares - 2 * dots, 0))),
    }[similarity]
    alpha = np.log1p(np.exp(x @ u + (x @ v).T + b))
    w = np.exp((alpha * s).mean(axis=1))
    w /= w.sum()
    return (w * s) @ x, w


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
def test_layer_contract(similarity):
    shape = (BATCH, TIME, FEATURES)
    x = np.random.default_rng(0).normal(size=shape)
    check_layer(SimilarityAttention(similarity), x, output_shape=shape)


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
def test_equals_a_reference_on_what_is_real(similarity):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, TIME, FEATURES)).astype("float32")
    mask = np.array([[True, False, True, True, False], [True] * TIME])
    layer = SimilarityAttention(similarity)
    layer(x)
    weights = [rng.normal(size=w.shape) for w in layer.get_weights()]
    layer.set_weights(weights)
    y, scores = (to_numpy(z) for z in layer(x, mask=mask, return_attention_scores=True))
    for i in range(BATCH):
        expected, w = reference(x[i, mask[i]].astype("float64"), weights, similarity)
        np.testing.assert_allclose(y[i, mask[i]], expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(scores[i, mask[i]], w, rtol=1e-4)
    assert (y[~mask] == 0).all()


def test_by_hand():
    """Two orthogonal vectors, alpha = log 2: both mean log(2) / 2, w = 1/2, y_i = x_i / 2."""
    x = np.array([[[3.0, 0.0], [0.0, 5.0]]], "float32")
    layer = SimilarityAttention()
    layer.build(x.shape)
    layer.set_weights([np.zeros(w.shape) for w in layer.weights])
    y, scores = layer(x, return_attention_scores=True)
    np.testing.assert_allclose(to_numpy(scores), [[0.5, 0.5]], rtol=1e-6)
    np.testing.assert_allclose(to_numpy(y), x / 2, atol=1e-6)


def test_scores_in_a_functional_model():
    x = keras.Input((None, FEATURES))
    _, scores = SimilarityAttention()(x, return_attention_scores=True)
    weights = keras.Model(x, scores).predict(np.ones((BATCH, TIME, FEATURES)), verbose=0)
    np.testing.assert_allclose(weights, np.full((BATCH, TIME), 1 / TIME), rtol=1e-5)


def test_refuses_an_unknown_similarity():
    with pytest.raises(ValueError, match="similarity='cosines'"):
        SimilarityAttention("cosines")
