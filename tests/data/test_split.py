import numpy as np
import pytest
import tensorflow as tf

from kzoo.data.dataset import Examples, Stream
from kzoo.data.split import read_examples, split_examples
from kzoo.messages import DataError

LABELS = np.repeat([0, 1, 2], [20, 30, 50]).astype("int32")


def by_class(labels):
    return labels


def numbered(labels=LABELS):
    """Each input is its own number, so that a part tells what it holds."""
    return Examples(np.arange(len(labels)), labels)


def test_stratified_and_disjoint():
    rest, part = split_examples(numbered(), by_class, 0.3, split_seed=0)
    assert sorted([*rest.inputs, *part.inputs]) == list(range(100))
    assert np.bincount(part.labels).tolist() == [6, 9, 15]
    assert np.bincount(rest.labels).tolist() == [14, 21, 35]


def test_labels_stay_with_their_inputs_in_order():
    for part in split_examples(numbered(), by_class, 0.3, split_seed=0):
        np.testing.assert_array_equal(part.labels, LABELS[part.inputs])
        assert (np.diff(part.inputs) > 0).all()


def test_split_seed_alone_decides():
    np.random.seed(1)
    first = split_examples(numbered(), by_class, 0.3, split_seed=0)[1].inputs
    np.random.seed(2)
    np.testing.assert_array_equal(
        split_examples(numbered(), by_class, 0.3, split_seed=0)[1].inputs, first
    )
    assert not np.array_equal(
        split_examples(numbered(), by_class, 0.3, split_seed=1)[1].inputs, first
    )


def test_a_stream_is_split_as_an_array_is():
    stream = Stream(lambda: tf.data.Dataset.from_tensor_slices((np.arange(100), LABELS)), LABELS)
    parts = split_examples(stream, by_class, 0.3, split_seed=0)
    for part, expected in zip(
        parts, split_examples(numbered(), by_class, 0.3, split_seed=0), strict=True
    ):
        pairs = list(part.open().as_numpy_iterator())
        assert [number for number, _ in pairs] == expected.inputs.tolist()
        assert [label for _, label in pairs] == expected.labels.tolist() == part.labels.tolist()
        assert len(part) == len(pairs)


def test_a_part_of_a_stream_is_split_again():
    stream = Stream(lambda: tf.data.Dataset.from_tensor_slices((np.arange(100), LABELS)), LABELS)
    rest, _ = split_examples(stream, by_class, 0.3, split_seed=0)
    _, again = split_examples(rest, by_class, 0.2, split_seed=0)
    expected = split_examples(split_examples(numbered(), by_class, 0.3, 0)[0], by_class, 0.2, 0)[
        1
    ].inputs
    assert [number for number, _ in again.open().as_numpy_iterator()] == expected.tolist()


def test_chosen_examples_of_a_stream_and_of_an_array():
    stream = Stream(lambda: tf.data.Dataset.from_tensor_slices((np.arange(100), LABELS)), LABELS)
    for examples in (stream, numbered()):
        read = read_examples(examples, np.array([97, 2, 31]))
        assert read.inputs.tolist() == [97, 2, 31]  # in this order
        assert read.labels.tolist() == LABELS[[97, 2, 31]].tolist()


@pytest.mark.parametrize("labels, fraction", [([0, 1, 2], 0.5), ([0] * 9 + [1], 0.3)])
def test_too_few_examples(labels, fraction):
    with pytest.raises(DataError, match=rf"^{len(labels)} examples of \d classes cannot be split"):
        split_examples(numbered(np.array(labels)), by_class, fraction, split_seed=0)


def test_without_strata():
    rest, part = split_examples(numbered(), lambda labels: None, 0.3, split_seed=0)
    assert sorted([*rest.inputs, *part.inputs]) == list(range(100)) and len(part) == 30
    with pytest.raises(DataError, match="^1 examples cannot be split into 70% and 30%: "):
        split_examples(numbered(LABELS[:1]), lambda labels: None, 0.3, split_seed=0)
