import keras
import numpy as np
import pytest

from kzoo.layers import (
    Attention,
    DenseAttentionFusion,
    SegmentAttention,
    SequentialAttention,
    SimilarityAttention,
)
from tests.layer_checks import POLICIES, check_layer, copy_of, to_numpy

BATCH, TIME, FEATURES, LENGTH = 2, 11, 5, 3  # four segments, the last of two elements


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    "options, shape",
    [
        ({}, (BATCH, TIME, FEATURES)),
        ({"pool": True}, (BATCH, 4, FEATURES)),
        ({"attention": Attention(2, 7, output_projection=False)}, (BATCH, TIME, 14)),
        ({"attention": SequentialAttention(7, 13), "pool": True}, (BATCH, 4, 13)),
    ],
)
def test_layer_contract(options, shape):
    layer = SegmentAttention(LENGTH, **options)
    policies = [] if "attention" in options else POLICIES  # a given layer has its own
    received = 4 if "pool" in options else 3 + 2 / 3  # of the last segment, 2 of 3 queries
    x = normal(BATCH, TIME, FEATURES)
    check_layer(layer, x, shape, policies=policies, received=received)


@pytest.mark.parametrize("time", [1, 2, 3, 6, 7, 11])
@pytest.mark.parametrize("pool", [False, True])
def test_equals_the_inner_layer_on_every_segment(time, pool):
    x = normal(BATCH, time, FEATURES)
    inner = SequentialAttention(7) if pool else Attention(5)
    y = to_numpy(SegmentAttention(LENGTH, inner, pool)(x))
    pieces = [to_numpy(inner(x[:, i : i + LENGTH])) for i in range(0, time, LENGTH)]
    expected = np.stack(pieces, axis=1) if pool else np.concatenate(pieces, axis=1)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


def test_by_hand():
    """Scores of 0 weigh alike: each element becomes the mean of its segment."""
    layer = SegmentAttention(2, Attention(1, output_projection=False))
    x = np.array([[[1.0], [3.0], [5.0], [9.0], [11.0]]], "float32")
    layer.build(x.shape)
    one, zero = np.ones((1, 1, 1)), np.zeros((1, 1))
    layer.set_weights([zero[None], zero, zero[None], zero, one, zero])
    np.testing.assert_allclose(to_numpy(layer(x))[0, :, 0], [2, 2, 7, 7, 11], rtol=1e-6)


def test_scores_by_segment():
    x = keras.Input((None, FEATURES))
    _, scores = SegmentAttention(LENGTH, Attention(5))(x, return_attention_scores=True)
    assert tuple(scores.shape) == (None, None, 5, LENGTH, LENGTH)
    _, pooled = SegmentAttention(LENGTH, pool=True)(x, return_attention_scores=True)
    weights = keras.Model(x, pooled).predict(np.ones((BATCH, TIME, FEATURES)), verbose=0)
    expected = np.array([[1 / 3] * 3] * 3 + [[1 / 2, 1 / 2, 0]])
    np.testing.assert_allclose(weights, [expected] * BATCH, rtol=1e-5)


def test_received_by_hand():
    """Two segments of two elements, the second one half padding."""
    pooled = np.array([[[0.25, 0.75], [1, 0]]])
    layer = SegmentAttention(2, pool=True)
    layer.build((None, 3, FEATURES))
    np.testing.assert_array_equal(layer.received(pooled), [pooled])
    layer = SegmentAttention(2, Attention(2))
    layer.build((None, 3, FEATURES + 1))
    heads = [[[0, 1], [0.5, 0.5]], [[0.25, 0.75], [0.5, 0.5]]]
    padded = [[[1, 0], [0, 0]], [[1, 0], [0, 0]]]
    expected = [[[0.25, 0.75, 0.5, 0], [0.375, 0.625, 0.5, 0]]]
    np.testing.assert_array_equal(layer.received(np.array([[heads, padded]])), expected)


@pytest.mark.parametrize(
    "attention", [SimilarityAttention(), DenseAttentionFusion(7), SequentialAttention(7)]
)
def test_received_is_that_of_the_inner_layer(attention):
    pool = isinstance(attention, SequentialAttention)
    layer, x = SegmentAttention(LENGTH, attention, pool), normal(BATCH, 6, FEATURES)
    _, scores = layer(x, return_attention_scores=True)
    received = layer.received(scores).reshape(BATCH, 1, 6)
    for start in (0, LENGTH):
        part = slice(start, start + LENGTH)
        _, inside = attention(x[:, part], return_attention_scores=True)
        expected = to_numpy(attention.received(inside))
        np.testing.assert_allclose(received[..., part], expected, rtol=1e-5)


def test_compute_mask():
    mask = np.zeros((BATCH, TIME), bool)
    mask[0, 4] = mask[1, 10] = True
    x = normal(BATCH, TIME, FEATURES)
    pooled = SegmentAttention(LENGTH, pool=True).compute_mask(x, mask)
    np.testing.assert_array_equal(
        to_numpy(pooled), [[False, True, False, False], [False, False, False, True]]
    )
    np.testing.assert_array_equal(SegmentAttention(LENGTH).compute_mask(x, mask), mask)
    assert SegmentAttention(LENGTH, pool=True).compute_mask(x, None) is None


def test_a_recurrent_layer_skips_padded_segments():
    token_ids = np.array([[3, 5, 2, 7, 0, 0, 0, 0, 0]])
    inputs = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(11, FEATURES, mask_zero=True)(inputs)
    state = keras.layers.GRU(7)(SegmentAttention(LENGTH, pool=True)(embedded))
    model = keras.Model(inputs, state)
    np.testing.assert_allclose(
        model.predict(token_ids, verbose=0), model.predict(token_ids[:, :6], verbose=0), rtol=1e-5
    )


def test_the_inner_layer_takes_the_dtype_and_survives_its_config():
    assert SegmentAttention(LENGTH, dtype="mixed_bfloat16")(normal(BATCH, TIME, 5)).dtype == (
        keras.ops.zeros((), "bfloat16").dtype
    )
    copied = copy_of(SegmentAttention(LENGTH, Attention(5, score="cosine")))
    assert (copied.attention.num_heads, copied.attention.score) == (5, "cosine")


def test_refuses():
    with pytest.raises(ValueError, match="segment_length=0"):
        SegmentAttention(0)
    with pytest.raises(ValueError, match="one vector a segment"):
        SegmentAttention(LENGTH, Attention(), pool=True)(normal(BATCH, TIME, FEATURES))
    with pytest.raises(ValueError, match="one vector an element"):
        SegmentAttention(LENGTH, SequentialAttention(7))(normal(BATCH, TIME, FEATURES))
