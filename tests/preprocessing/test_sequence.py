import numpy as np
import pytest

from kzoo.preprocessing.sequence import SequencePreprocessing


@pytest.mark.parametrize("dtype", ["bool", "int64", "float16", "float64"])
def test_numbers_of_any_type_become_float32(dtype):
    given = np.array([[0, 1, 1], [1, 0, 1]], dtype)
    for arrays in (given, given.tolist()):
        found = SequencePreprocessing((3,)).as_raw(arrays)
        assert found.dtype == "float32"
        np.testing.assert_array_equal(found, given.astype("float32"))


@pytest.mark.parametrize(
    "given, received",
    [
        (np.zeros((2, 3)), r"float64 \(2, 3\)"),
        (np.zeros((2, 7, 5)), r"float64 \(2, 7, 5\)"),
        ([np.zeros((2, 3)), np.zeros((5, 3))], r"object \(2,\)"),
        (np.full((2, 7, 3), "a"), r"<U1 \(2, 7, 3\)"),
        ("a", r"<U1 \(\)"),
    ],
)
def test_what_is_none(given, received):
    message = rf"must be numbers of the shape \(batch, any, 3\). Received: {received}"
    with pytest.raises(ValueError, match=message):
        SequencePreprocessing((None, 3)).as_raw(given)


@pytest.mark.parametrize("value, shown", [(np.nan, "nan"), (-np.inf, "-inf"), (1e39, "inf")])
def test_what_is_not_finite_is_named_with_its_place(value, shown):
    vectors, sequences = np.zeros((7, 3)), np.zeros((7, 5, 3))
    vectors[4, 2] = sequences[4, 1, 2] = sequences[6] = value
    message = f"{shown} at example 4, feature 2, counted from 0; 1 of 7 examples have"
    with pytest.raises(ValueError, match=message):
        SequencePreprocessing((3,)).as_raw(vectors)
    message = f"{shown} at example 4, step 1, feature 2, counted from 0; 2 of 7 examples have"
    with pytest.raises(ValueError, match=message):
        SequencePreprocessing((None, 3)).as_raw(sequences)


def test_sequences_of_any_length_may_have_gaps():
    short, long = np.array([[1.0, np.nan]]), np.arange(6.0).reshape(3, 2)
    layer = SequencePreprocessing((None, 2), mean=[1.0, 0.0], scale=2.0, missing=[1])
    raw = layer.as_raw([short, long])
    x = layer(raw).numpy()
    assert x[0].tolist() == [[0, 0, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert x[1].tolist() == [[-0.5, 0.5, 0, 1], [0.5, 1.5, 0, 1], [1.5, 2.5, 0, 1]]
    assert layer.lengths(x).numpy().tolist() == [1, 3]
    assert layer.positions([short, long], x) == [["0"], ["0", "1", "2"]]
    assert layer.delete(x[1], [1], (3,))[1].tolist() == [0, 0, 0, 1]
    np.testing.assert_array_equal(layer.as_raw(raw), raw)
    one = SequencePreprocessing((None, 1), missing=[])
    assert one.as_raw([[1.0, 2.0], [3.0]]).shape == (2, 2, 1)
    with pytest.raises(ValueError, match="inf at example 0, step 0, feature 1, counted from 0"):
        layer.as_raw([np.array([[1, np.inf]])])
