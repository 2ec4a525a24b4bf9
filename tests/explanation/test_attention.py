import keras
import numpy as np
import pytest

from kzoo.explanation.attention import attention_model, received_attention
from kzoo.layers import Attention
from kzoo.models import create_model

TEXT = {"vocabulary_size": 23, "embedding_dim": 8}
TOKEN_IDS = np.array([[2, 3, 5, 7, 11, 13, 17], [19, 2, 3, 5, 0, 0, 0]])


def scores_of(core, inputs):
    return attention_model(core).predict(inputs, verbose=0)


@pytest.fixture(scope="module")
def segments():
    return create_model(
        "segment_attention_lstm", (None,), 2, **TEXT, segment_length=3, units=5, attention_units=5
    )


def test_scores_of_pooled_segments_become_those_of_tokens(segments):
    """Token 4 is the second of segment 1: its weight there times the weight of that segment."""
    scores = scores_of(segments, TOKEN_IDS)
    received = received_attention(segments, TOKEN_IDS)
    assert list(received) == ["segments", "attention"]  # the one nearest to the logits is last
    for i, length in enumerate([7, 4]):
        for t in range(7):
            inside = scores["segments"][i, t // 3, t % 3]
            expected = scores["attention"][i, t // 3] * inside if t < length else 0
            assert received["attention"][i, 0, t] == pytest.approx(expected, abs=1e-6)
            # each real segment, three or two of them, has the same share
            assert received["segments"][i, 0, t] == pytest.approx(
                inside / np.ceil(length / 3) if t < length else 0, abs=1e-6
            )


def test_segments_that_stay_sequences():
    core = create_model("segment_attention_lstm", (None,), 2, **TEXT, segment_length=3, pool=False)
    weights = received_attention(core, TOKEN_IDS)["segments"]
    inside = scores_of(core, TOKEN_IDS)["segments"]  # (2, 3 segments, 1 head, 3, 3)
    # segment 0 of the first text: 3 of 7 queries, each with a weight of 1 to give
    np.testing.assert_allclose(weights[0, 0, :3], inside[0, 0, 0].sum(axis=0) / 7, rtol=1e-5)
    np.testing.assert_allclose(weights[1, 0, 3:], [1 / 4, 0, 0, 0], atol=1e-6)


def test_heads_are_averaged_over_the_real_queries():
    core = create_model("attention_encoder", (None,), 2, **TEXT, num_blocks=1, num_heads=2)
    weights = received_attention(core, TOKEN_IDS)["self_attention_1"]
    scores = scores_of(core, TOKEN_IDS)["self_attention_1"]
    assert weights.shape == (2, 2, 7)
    np.testing.assert_allclose(weights[0], scores[0].mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(weights[1], scores[1, :, :4].mean(axis=1), rtol=1e-5)


@pytest.mark.parametrize(
    "shape, filters, grid",
    [((13, 7, 1), [2, 5], (6, 3)), ((16, 16, 1), [2, 2, 5], (4, 4))],  # 16 rows, and 16 positions
)
def test_positions_of_an_image_are_a_grid(shape, filters, grid):
    core = create_model("cnn_attention", shape, 3, filters=filters, num_heads=5, num_glimpses=2)
    images = np.random.default_rng(0).random((2, *shape), "float32")
    received, scores = received_attention(core, images), scores_of(core, images)
    assert received["attention"].shape == (2, 5, *grid)
    expected = scores["attention"].mean(axis=2).reshape(2, 5, *grid)
    np.testing.assert_allclose(received["attention"], expected, rtol=1e-4)
    np.testing.assert_allclose(received["glimpses"], scores["glimpses"], rtol=1e-4)


def test_rows_of_an_image_are_a_grid_of_one_column():
    core = create_model("lstm_attention", (7, 5, 1), 2, units=3)
    images = np.random.default_rng(0).random((2, 7, 5, 1), "float32")
    assert received_attention(core, images)["attention"].shape == (2, 1, 7, 1)


@pytest.mark.parametrize("pool", [True, False])
def test_rows_in_segments_are_those_of_the_image(pool):
    core = create_model("segment_attention_lstm", (7, 5, 1), 2, segment_length=3, pool=pool)
    images = np.random.default_rng(0).random((2, 7, 5, 1), "float32")
    for weights in received_attention(core, images).values():
        assert weights.shape == (2, 1, 7, 1) and (weights > 0).all()


def test_keys_of_another_length_than_the_queries():
    x = keras.Input((None, 6))
    y, _ = Attention(2, name="cross")(x[:, :2], key=x, return_attention_scores=True)
    inputs = np.random.default_rng(0).random((3, 7, 6), "float32")
    assert received_attention(keras.Model(x, y), inputs)["cross"].shape == (3, 2, 7)


def test_many_examples_are_read_in_batches(segments):
    token_ids = np.random.default_rng(0).integers(1, 23, (67, 7))
    received = received_attention(segments, token_ids)["attention"]
    assert received.shape == (67, 1, 7)
    alone = received_attention(segments, token_ids[65:66])["attention"]
    np.testing.assert_allclose(received[65:66], alone, atol=1e-6)
