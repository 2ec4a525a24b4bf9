import numpy as np
import pytest

from kzoo.models.cnn import cnn


def test_sizes_of_the_textbook():
    """28 -> 26 -> 13 -> 11 -> 5 -> 3 pixels without padding."""
    core = cnn((28, 28, 1), 10)
    sizes = [layer.output.shape[1] for layer in core.layers if len(layer.output.shape) == 4]
    assert sizes == [28, 26, 13, 11, 5, 3]
    assert core.get_layer("features").output.shape == (None, 64)


def test_padding_keeps_the_size():
    core = cnn((7, 5, 3), 2, filters=[2, 3], padding="same")
    assert core.get_layer("conv_1").output.shape == (None, 7, 5, 2)
    assert core.get_layer("conv_2").output.shape == (None, 3, 2, 3)


def test_by_hand():
    """One 1x1 filter, one feature, two classes: logits = (2, 3) relu(sum of relu(5 x - 1))."""
    core = cnn((2, 3, 1), 2, filters=[1], kernel_size=1, units=1)
    weights = [np.full((1, 1, 1, 1), 5.0), [-1.0], np.ones((6, 1)), [0.0], [[2.0, 3.0]], [0.0, 7.0]]
    core.set_weights([np.asarray(w) for w in weights])
    x = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 1.0])
    total = np.maximum(5 * x - 1, 0).sum()
    expected = [[2 * total, 3 * total + 7]]
    found = core.predict(x.reshape(1, 2, 3, 1), verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((8, 8, 1), {}, "Images of 8x8 pixels are too small for 3 convolutions of 3x3 with"),
        ((17, 28, 1), {}, "17x28 pixels .* padding: valid. Use padding: same, or fewer filters"),
        ((2, 2, 1), {"filters": [3], "kernel_size": 3}, "for 1 convolutions of 3x3"),
        (
            (3, 2, 1),
            {"padding": "same"},
            r"padding: same. Use fewer filters than \[32, 64, 64\].$",
        ),
    ],
)
def test_images_that_are_too_small(shape, options, message):
    with pytest.raises(ValueError, match=message):
        cnn(shape, 10, **options)


def test_the_smallest_images():
    assert cnn((18, 18, 1), 10).get_layer("conv_3").output.shape == (None, 1, 1, 64)
    assert cnn((4, 4, 1), 10, padding="same").get_layer("conv_3").output.shape == (None, 1, 1, 64)
