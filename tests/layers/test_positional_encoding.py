import keras
import numpy as np
import pytest

from kzoo.layers import PositionalEncoding
from tests.layer_checks import check_layer, to_numpy

BATCH, HEIGHT, WIDTH, FEATURES = 2, 5, 7, 11


def expected_sinusoids(length, features):
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(features) // 2 * 2 / features)
    return np.where(np.arange(features) % 2 == 0, np.sin(angles), np.cos(angles))


@pytest.mark.parametrize("positions", [(HEIGHT,), (HEIGHT, WIDTH)])
@pytest.mark.parametrize("mode, max_length", [("sinusoidal", None), ("learned", 13)])
def test_layer_contract(positions, mode, max_length):
    shape = (BATCH, *positions, FEATURES)
    check_layer(
        PositionalEncoding(mode, max_length),
        np.ones(shape),
        output_shape=shape,
        unknown=range(1, len(positions) + 1),
        received=None,
    )


@pytest.mark.parametrize("features", [10, 11])
def test_sinusoidal_positions(features):
    x = np.ones((BATCH, 1009, features), "float32")
    y = to_numpy(PositionalEncoding()(x))
    np.testing.assert_allclose(y[1] - 1, expected_sinusoids(1009, features), atol=2e-4)
    np.testing.assert_allclose(y[1, :13] - 1, expected_sinusoids(13, features), atol=1e-6)


def test_sinusoidal_positions_of_an_image():
    x = np.zeros((BATCH, HEIGHT, WIDTH, FEATURES), "float32")
    y = to_numpy(PositionalEncoding()(x))[1]
    rows, columns = expected_sinusoids(HEIGHT, 6), expected_sinusoids(WIDTH, 5)
    np.testing.assert_allclose(y[..., :6], np.repeat(rows[:, None], WIDTH, 1), atol=1e-6)
    np.testing.assert_allclose(y[..., 6:], np.repeat(columns[None], HEIGHT, 0), atol=1e-6)


def test_learned_positions_by_hand():
    layer = PositionalEncoding("learned", (2, 3))
    layer.build((None, None, None, 1))
    layer.set_weights([np.array([[10.0], [20.0]]), np.array([[1.0], [2.0], [3.0]])])
    y = to_numpy(layer(np.full((1, 2, 2, 1), 100.0)))
    np.testing.assert_array_equal(y[0, :, :, 0], [[111, 112], [121, 122]])


def test_a_shorter_sequence_takes_the_first_positions():
    layer = PositionalEncoding("learned")
    layer.build((None, 7, 3))
    y = to_numpy(layer(np.zeros((BATCH, 5, 3))))
    np.testing.assert_array_equal(y[1], layer.get_weights()[0][:5])


def test_options_of_the_learned_vectors():
    def make(**options):
        return PositionalEncoding("learned", (HEIGHT, HEIGHT), **options)

    shape = (None, HEIGHT, HEIGHT, FEATURES)
    layer = make(embeddings_initializer="ones", embeddings_regularizer="l2")
    layer.build(shape)
    np.testing.assert_allclose(float(sum(layer.losses)), 0.01 * 2 * HEIGHT * FEATURES, rtol=1e-5)
    layer = make(embeddings_initializer=keras.initializers.RandomNormal())
    layer.build(shape)
    assert (layer.get_weights()[0] != layer.get_weights()[1]).all()
    layer = make(embeddings_constraint="non_neg")
    layer.build(shape)
    shape = (BATCH, *shape[1:])
    check_layer(layer, np.ones(shape), shape, (1, 2), policies=[], received=None)
    assert all(isinstance(w.constraint, keras.constraints.NonNeg) for w in layer.weights)


def test_padding_becomes_0():
    x = np.full((BATCH, HEIGHT, FEATURES), np.nan, "float32")
    mask = np.zeros((BATCH, HEIGHT), bool)
    mask[1, 3] = True
    x[mask] = 1.0
    y = to_numpy(PositionalEncoding()(x, mask=mask))
    assert (y[~mask] == 0).all() and np.isfinite(y[mask]).all()


def test_sinusoidal_with_unknown_sizes():
    x = keras.Input((None, None, FEATURES))
    model = keras.Model(x, PositionalEncoding()(x))
    assert model.predict(np.ones((BATCH, 3, 2, FEATURES)), verbose=0).shape == (BATCH, 3, 2, 11)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("sine",), "mode='sine'"),
        (("learned", 0), "max_length=0"),
        (("learned", (3, -5)), r"max_length=\(3, -5\)"),
        (("learned", (2, 3, 5)), r"max_length=\(2, 3, 5\)"),
    ],
)
def test_refuses_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        PositionalEncoding(*arguments)


@pytest.mark.parametrize(
    "arguments, shape, message",
    [
        (("learned",), (None, None, 3), "need `max_length`"),
        (("learned", 5), (2, 7, 3), "axis of 7 positions is longer than max_length=5"),
        (("sinusoidal", 5), (2, 7, 3), "axis of 7 positions is longer than max_length=5"),
        (("learned", (5, 7)), (2, 5, 3), r"max_length=\(5, 7\)"),
        ((), (2, 3), r"\(2, 3\)"),
        ((), (2, 3, 5, 7, 11), r"\(2, 3, 5, 7, 11\)"),
    ],
)
def test_refuses_inputs(arguments, shape, message):
    with pytest.raises(ValueError, match=message):
        PositionalEncoding(*arguments).build(shape)
