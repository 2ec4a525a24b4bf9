import keras
import numpy as np
import pytest

from kzoo.explanation.attention import attention_model
from kzoo.models.cnn_attention import cnn_attention

SMALL = {"filters": [2, 5], "num_heads": 5, "num_glimpses": 4, "units": 13}


def images(count=3):
    return np.random.default_rng(0).random((count, 7, 5, 3)).astype("float32")


def test_residual_adds_what_attention_found():
    """An attention whose output is 0 adds nothing to what it read, and alone leaves nothing."""
    for residual in [True, False]:
        core = cnn_attention((7, 5, 3), 11, residual=residual, **SMALL)
        attention = core.get_layer("attention")
        attention.set_weights([np.zeros_like(w) for w in attention.get_weights()])
        logits = core.predict(images(), verbose=0)
        depends_on_the_image = not np.allclose(logits, logits[0], atol=1e-6)
        assert depends_on_the_image == residual


def test_positions_make_places_different():
    """Without them attention cannot tell one corner of a flat image from another."""
    core = cnn_attention((8, 8, 1), 2, filters=[3], num_heads=3, stem_kernel_size=1)
    flat = np.full((1, 8, 8, 1), 0.5, "float32")
    glimpses = attention_model(core).predict(flat, verbose=0)["glimpses"]
    assert glimpses.std() > 0
    tables = core.get_layer("positions")
    tables.set_weights([np.zeros_like(w) for w in tables.get_weights()])
    glimpses = attention_model(core).predict(flat, verbose=0)["glimpses"]
    np.testing.assert_allclose(glimpses, 1 / 64, atol=1e-6)


def test_sinusoidal_positions_have_no_weights():
    learned = cnn_attention((7, 5, 3), 11, **SMALL)
    fixed = cnn_attention((7, 5, 3), 11, positions="sinusoidal", **SMALL)
    assert learned.count_params() - fixed.count_params() == (3 + 2) * 5


def test_stages_halve_the_image():
    core = cnn_attention((29, 13, 1), 2, filters=[2, 3, 5], convolutions=2, num_heads=5)
    assert core.get_layer("conv_1_2").output.shape == (None, 29, 13, 2)
    assert core.get_layer("conv_3_2").output.shape == (None, 7, 3, 5)
    assert core.get_layer("sequence").output.shape == (None, 21, 5)


def test_stem_strides_halve_it_at_once():
    core = cnn_attention(
        (29, 13, 1), 2, filters=[2], stem_strides=2, stem_kernel_size=5, num_heads=1
    )
    assert core.get_layer("conv_1_1").output.shape == (None, 15, 7, 2)
    assert core.get_layer("conv_1_1").kernel.shape == (5, 5, 1, 2)


def test_without_batch_normalization_convolutions_have_a_bias():
    core = cnn_attention((7, 5, 3), 11, batch_normalization=False, **SMALL)
    kinds = [type(layer) for layer in core.layers]
    assert keras.layers.BatchNormalization not in kinds
    assert core.get_layer("conv_1_1").use_bias
    with_it = cnn_attention((7, 5, 3), 11, **SMALL)
    assert not with_it.get_layer("conv_1_1").use_bias
    assert with_it.count_params() - core.count_params() == 3 * (2 + 5)  # 4 a channel, not 1


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((7, 5, 3), {"filters": [2, 5], "num_heads": 3}, r"\[2, 5\] does not divide .*num_heads=3"),
        ((7, 3, 3), {"filters": [4, 4, 4]}, "Images of 7x3 pixels are too small for .* 2 halvings"),
        ((7, 5, 3), {"filters": [4], "stem_strides": 6}, "too small for stem_strides=6"),
    ],
)
def test_refuses(shape, options, message):
    with pytest.raises(ValueError, match=message):
        cnn_attention(shape, 10, **options)


def test_the_smallest_image():
    core = cnn_attention((2, 2, 1), 2, filters=[4, 4])
    assert core.predict(np.ones((1, 2, 2, 1)), verbose=0).shape == (1, 2)
