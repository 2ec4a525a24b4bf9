import numpy as np
import pytest
from keras import ops

from kzoo.layers import scores
from tests.layer_checks import to_numpy

QUERY = np.array([[3.0, 4.0], [0.0, 0.0]], "float32")
KEY = np.array([[1.0, 0.0], [3.0, 4.0], [-4.0, 3.0]], "float32")


@pytest.mark.parametrize(
    "score, expected",
    [
        ("dot", [[3, 25, 0], [0, 0, 0]]),
        ("scaled_dot", np.array([[3, 25, 0], [0, 0, 0]]) / 2**0.5),
        ("cosine", [[0.6, 1, 0], [0, 0, 0]]),
        ("euclidean", [[-(20**0.5), 0, -(50**0.5)], [-1, -5, -5]]),
    ],
)
def test_scores_by_hand(score, expected):
    y = scores.SCORES[score](ops.convert_to_tensor(QUERY), ops.convert_to_tensor(KEY))
    np.testing.assert_allclose(to_numpy(y), expected, atol=2e-6)


def test_a_vector_is_at_no_distance_from_itself():
    x = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(101, 31)).astype("float32"))
    y = to_numpy(scores.euclidean_score(x, x))
    np.testing.assert_allclose(np.diag(y), 0, atol=1e-5)
    assert (y[~np.eye(101, dtype=bool)] < -1).all()


def test_additive_score_by_hand():
    weight = np.array([2.0, -1.0], "float32")
    y = scores.additive_score(*map(ops.convert_to_tensor, (QUERY, KEY, weight)))
    expected = [
        [2 * np.tanh(4) - np.tanh(4), 2 * np.tanh(6) - np.tanh(8), 2 * np.tanh(-1) - np.tanh(7)],
        [2 * np.tanh(1), 2 * np.tanh(3) - np.tanh(4), 2 * np.tanh(-4) - np.tanh(3)],
    ]
    np.testing.assert_allclose(to_numpy(y), expected, rtol=1e-5)


def test_euclidean_similarity_by_hand():
    y = scores.SIMILARITIES["euclidean"](*map(ops.convert_to_tensor, (QUERY, KEY)))
    expected = [[1 / (1 + 20**0.5), 1, 1 / (1 + 50**0.5)], [1 / 2, 1 / 6, 1 / 6]]
    np.testing.assert_allclose(to_numpy(y), expected, rtol=2e-6)


def test_masked_softmax_by_hand():
    x = np.log(np.array([[1.0, 2.0, 5.0], [1.0, 3.0, 4.0], [7.0, 7.0, 7.0]], "float32"))
    mask = np.array([[True, True, False], [False, True, False], [False, False, False]])
    weights = scores.masked_softmax(ops.convert_to_tensor(x), ops.convert_to_tensor(mask))
    np.testing.assert_allclose(
        to_numpy(weights), [[1 / 3, 2 / 3, 0], [0, 1, 0], [0, 0, 0]], rtol=1e-6
    )


def test_masked_softmax_empties_rows_and_keeps_the_dtype():
    x = ops.zeros((2, 3), "float16")
    weights = scores.masked_softmax(x, row_mask=ops.convert_to_tensor([[True], [False]]))
    assert weights.dtype == x.dtype
    np.testing.assert_allclose(to_numpy(weights), [[1 / 3] * 3, [0] * 3], rtol=1e-3)


def test_zero_padding_over_two_axes_of_positions():
    x = np.full((2, 3, 5, 7), np.nan, "float32")
    mask = np.zeros((2, 3, 5), bool)
    mask[1, 2, 3] = True
    x[1, 2, 3] = 11.0
    y = to_numpy(scores.zero_padding(ops.convert_to_tensor(x), ops.convert_to_tensor(mask)))
    assert y.sum() == 7 * 11.0 and (y[~mask] == 0).all()


def test_causal_mask():
    mask = to_numpy(scores.causal_mask(2, 3))
    np.testing.assert_array_equal(mask, [[[[True, False, False], [True, True, False]]]])
