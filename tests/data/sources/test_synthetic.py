import keras
import numpy as np
import pytest

from kzoo.data import DATASETS
from kzoo.data.sources import synthetic
from kzoo.explanation.attention import attention_model
from kzoo.models import create_model
from kzoo.training.fit import fit


def test_maximum_by_hand():
    dataset = DATASETS["synthetic"](task="maximum", length=20, examples=503)
    values = dataset.test.inputs[..., 0]
    np.testing.assert_array_equal(dataset.test.labels, values.argmax(axis=1) // 2)
    np.testing.assert_allclose(dataset.test.inputs[0, :, 1], np.arange(20) / 19, rtol=1e-6)


def test_addition_by_hand():
    dataset = DATASETS["synthetic"](task="addition", length=7, examples=1009)
    digits, marks = np.moveaxis(dataset.train.inputs, -1, 0)
    np.testing.assert_array_equal(marks.sum(axis=1), 2)
    sums = np.round((digits * marks).sum(axis=1) * 9)
    np.testing.assert_array_equal(dataset.train.labels, sums)


@pytest.mark.parametrize("task", ["maximum", "addition"])
def test_drawn_numbers_last_for_equal_parts_of_a_long_sequence(task):
    short = DATASETS["synthetic"](task=task, length=5, examples=1009)
    long = DATASETS["synthetic"](task=task, length=15, points=5, examples=1009)
    np.testing.assert_array_equal(long.train.inputs, short.train.inputs.repeat(3, axis=1))
    np.testing.assert_array_equal(long.train.labels, short.train.labels)


@pytest.mark.parametrize("task", ["order", "patterns"])
def test_series_with_patterns_differ_in_length_and_have_gaps(task):
    asked = {"name": "multi_label"} if task == "patterns" else None
    dataset = DATASETS["synthetic"](None, asked, task=task, length=60, examples=400)
    raw = np.concatenate(
        [part.inputs for part in (dataset.train, dataset.validation, dataset.test)]
    )
    lengths = 60 - np.isnan(raw[:, ::-1, 0]).argmin(axis=1)
    assert raw.shape == (400, 60, 1) and lengths.min() == 20 and lengths.max() == 60
    inside = np.arange(60) < lengths[:, None]
    assert 0.02 < np.isnan(raw[..., 0])[inside].mean() < 0.04
    assert dataset.preprocessing.missing == [0] and dataset.preprocessing.sequence_length == 60
    names, labels = dataset.task.names, dataset.train.labels
    assert names == (["bump first", "wave first"] if task == "order" else ["bump", "ramp", "wave"])
    np.testing.assert_allclose(labels.mean(axis=0), 0.5, atol=0.1)


def test_a_pattern_is_where_its_label_says(monkeypatch):
    """Without noise and gaps, bumps and ramps are positive; nothing else is there."""
    monkeypatch.setattr(synthetic, "NOISE", 0.0)
    monkeypatch.setattr(synthetic, "MISSING", 0.0)
    multi_label = {"name": "multi_label"}
    dataset = DATASETS["synthetic"](None, multi_label, task="patterns", length=60, examples=300)
    series = np.nan_to_num(dataset.train.inputs[..., 0])
    bump, ramp, wave = dataset.train.labels.T == 1
    np.testing.assert_array_equal(series.min(axis=1) < -0.5, wave)
    np.testing.assert_array_equal(np.abs(series).max(axis=1) > 0.4, bump | ramp | wave)
    order = DATASETS["synthetic"](task="order", length=60, examples=300).train
    for series, label in zip(order.inputs[..., 0], order.labels, strict=True):
        width = 2 * (np.count_nonzero(~np.isnan(series)) // 5) // 3
        before = np.count_nonzero(series[: (series < -0.1).argmax()] > 1e-6)
        assert (before > width) == (label == 0)  # the wave falls in its second half


def test_sequences_do_not_depend_on_the_seed_of_a_run():
    keras.utils.set_random_seed(1)
    first = DATASETS["synthetic"](examples=503)
    keras.utils.set_random_seed(2)
    second = DATASETS["synthetic"](examples=503)
    np.testing.assert_array_equal(first.test.inputs, second.test.inputs)


@pytest.mark.slow
@pytest.mark.parametrize("task", ["maximum", "addition"])
def test_attention_finds_the_positions_that_matter(task, tmp_path):
    dataset = DATASETS["synthetic"](task=task, length=20, examples=20_000)
    core = create_model(
        "attention_encoder",
        dataset.preprocessing.example_shape,
        dataset.task.num_outputs,
        num_blocks=0,
        dropout=0.0,
    )
    fit(
        core,
        dataset,
        0,
        tmp_path,
        epochs=20,
        optimizer={"name": "adam", "learning_rate": 1e-2},
        schedule={"name": "one_cycle", "warmup": 0.1},
    )
    inputs = dataset.test.inputs
    weights = attention_model(core).predict(inputs, verbose=0)["attention"]
    matters = inputs[..., 1] == 1
    if task == "maximum":
        matters = inputs[..., 0] == inputs[..., 0].max(axis=1, keepdims=True)
    assert np.mean((weights * matters).sum(axis=1)) > 0.8
