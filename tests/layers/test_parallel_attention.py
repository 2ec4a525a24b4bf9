import keras
import numpy as np
import pytest

from kzoo.layers import ParallelAttention, SequentialAttention
from tests.layer_checks import check_layer, to_numpy

BATCH, HEIGHT, WIDTH, FEATURES, GLIMPSES, UNITS = 2, 5, 7, 3, 11, 13


@pytest.mark.parametrize("positions", [(HEIGHT,), (HEIGHT, WIDTH), (HEIGHT, WIDTH, 2)])
@pytest.mark.parametrize("output_dim, size", [(None, UNITS), (17, 17)])
def test_layer_contract(positions, output_dim, size):
    check_layer(
        ParallelAttention(GLIMPSES, UNITS, output_dim, dropout=0.1),
        np.ones((BATCH, *positions, FEATURES)),
        output_shape=(BATCH, GLIMPSES, size),
        unknown=range(1, len(positions) + 1),
    )


def test_by_hand():
    """Two glimpses, w = 1 and -1, over an image of two rows and one column."""
    layer = ParallelAttention(2, 1)
    x = np.array([[[[0.0]], [[2.0]]]], "float32")
    layer.build(x.shape)
    layer.set_weights([np.ones((1, 1)), np.zeros(1), np.array([[1.0, -1.0]])])
    h = np.tanh([0.0, 2.0])
    a = np.exp(h) / np.exp(h).sum()
    y, scores = layer(x, return_attention_scores=True)
    assert tuple(scores.shape) == (1, 2, 2, 1)
    np.testing.assert_allclose(to_numpy(scores)[0, :, :, 0], [a, a[::-1]], rtol=1e-5)
    np.testing.assert_allclose(to_numpy(y)[0, :, 0], [a @ h, a[::-1] @ h], rtol=1e-5)


def test_one_glimpse_is_sequential_attention():
    x = np.random.default_rng(0).normal(size=(BATCH, HEIGHT, FEATURES)).astype("float32")
    one, sequential = ParallelAttention(1, UNITS, 2), SequentialAttention(UNITS, 2)
    y, _ = one(x), sequential(x)
    sequential.set_weights(one.get_weights())
    np.testing.assert_allclose(to_numpy(y)[:, 0], to_numpy(sequential(x)), rtol=1e-5)


def test_mask_of_an_image():
    x = np.random.default_rng(0).normal(size=(BATCH, HEIGHT, WIDTH, FEATURES)).astype("float32")
    mask = np.random.default_rng(1).random((BATCH, HEIGHT, WIDTH)) < 0.5
    layer = ParallelAttention(GLIMPSES, UNITS)
    expected, scores = layer(x, mask=mask, return_attention_scores=True)
    assert (np.moveaxis(to_numpy(scores), 1, -1)[~mask] == 0).all()
    x[~mask] = np.nan
    np.testing.assert_array_equal(to_numpy(layer(x, mask=mask)), to_numpy(expected))


def test_scores_in_a_functional_model():
    image = keras.Input((None, None, FEATURES))
    _, scores = ParallelAttention(GLIMPSES, UNITS)(image, return_attention_scores=True)
    assert tuple(scores.shape) == (None, GLIMPSES, None, None)
    weights = keras.Model(image, scores).predict(
        np.ones((BATCH, HEIGHT, WIDTH, FEATURES)), verbose=0
    )
    np.testing.assert_allclose(
        weights, np.full((BATCH, GLIMPSES, HEIGHT, WIDTH), 1 / (HEIGHT * WIDTH)), rtol=1e-5
    )


@pytest.mark.parametrize("options, message", [((0, 3), "num_glimpses=0"), ((3, 0), "units=0")])
def test_refuses_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        ParallelAttention(*options)


def test_refuses_inputs_without_positions():
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        ParallelAttention(5, 7)(np.ones((2, 3)))
