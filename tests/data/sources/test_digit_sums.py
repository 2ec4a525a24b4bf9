import numpy as np
import pytest
from sklearn.datasets import load_digits

from kzoo.data import load_data
from kzoo.data.sources.digit_sums import APART, BARS, TOGETHER, digit_sums


@pytest.fixture(scope="module")
def source():
    return digit_sums()


def test_the_class_follows_from_all_inputs(source):
    """Worked out again, row by row."""
    rows, digits = source.train.inputs, load_digits().target
    for i, label in enumerate(source.train.labels):
        digit = digits[i] if rows["photo"][i].any() else 0
        number, request = int(rows["number"][i]), rows["request"][i]
        apart = any(words in request for words in APART)
        assert apart or not request or any(words in request for words in TOGETHER)
        result = abs(digit - number) if apart else digit + number
        assert label == (result > BARS[rows["bar"][i]])


def test_some_of_it_is_missing(source):
    rows = source.train.inputs
    assert 0.03 < np.mean(~rows["photo"].any(axis=(1, 2, 3))) < 0.07
    assert 0.08 < np.mean(rows["request"] == "") < 0.12
    assert 0.3 < source.train.labels.mean() < 0.5


def test_no_input_alone_tells(source):
    """Not even the number with the bar: knowing them, one is right on three of four rows."""
    rows, labels = source.train.inputs, source.train.labels
    keys = [(number, bar) for number, bar in zip(rows["number"], rows["bar"], strict=True)]
    groups = [labels[[key == other for other in keys]] for key in set(keys)]
    right = sum(max(group.sum(), len(group) - group.sum()) for group in groups)
    assert right / len(labels) < 0.8


def test_the_seed_of_the_splits_draws_the_rows(source):
    other = digit_sums(split_seed=1).train.inputs
    assert not np.array_equal(other["number"], source.train.inputs["number"])
    again = digit_sums().train.inputs
    assert all(np.array_equal(again[name], values) for name, values in source.train.inputs.items())


def test_it_is_a_data_set_of_records():
    dataset = load_data({"name": "digit_sums"})
    assert {name: part.kind for name, part in dataset.preprocessing.parts.items()} == {
        "table": "table",
        "photo": "image",
        "request": "text",
    }
    assert dataset.preprocessing.example_shape["photo"] == (8, 8, 1)
    assert dataset.task.class_names == ["up to the bar", "above the bar"]
