"""What every pre-processing promises, whatever its kind."""

import numpy as np
import pytest

import kzoo
from kzoo.cli.readers import READERS
from kzoo.explanation.figures import FIGURES
from kzoo.preprocessing import (
    ImagePreprocessing,
    SequencePreprocessing,
    TablePreprocessing,
    TextPreprocessing,
)
from kzoo.preprocessing.base import Preprocessing
from kzoo.saved.signature import input_kind, signature_of
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification

RANDOM = np.random.default_rng(0)
TEXTS = np.array(["a good film", "bad", "so so good"], dtype=object)
TABLE = {"n": np.array([1.0, np.nan, 4.0]), "c": np.array(["x", "y", "x"], dtype=object)}
# by kind: the layer, raw inputs, the model that takes them, and the shape that positions lie in
KINDS = {
    "image": (
        ImagePreprocessing.learn(np.zeros((3, 6, 4, 1)), channels=1),
        RANDOM.integers(0, 256, (3, 6, 4, 1)).astype("uint8"),
        "cnn_attention",
        (3, 2),
    ),
    "text": (TextPreprocessing.learn(TEXTS, sequence_length=2), TEXTS, "lstm_attention", (2,)),
    "table": (TablePreprocessing.learn(TABLE), TABLE, "dense_attention_fusion", (4,)),
    "vector": (
        SequencePreprocessing.learn(RANDOM.normal(size=(3, 5))),
        RANDOM.normal(size=(3, 5)),
        "dense_attention_fusion",
        (5,),
    ),
    "sequence": (
        SequencePreprocessing.learn(RANDOM.normal(size=(3, 5, 2))),
        RANDOM.normal(size=(3, 5, 2)),
        "lstm_attention",
        (5,),
    ),
}


def preprocessed(kind):
    layer, inputs, _, grid = KINDS[kind]
    return layer, inputs, np.asarray(layer(layer.from_user(inputs))), grid


@pytest.mark.parametrize("kind", KINDS)
def test_one_word_for_a_kind_of_input(kind):
    """In the layer, for files on the command line, and in figures."""
    layer, _, name, _ = KINDS[kind]
    assert isinstance(layer, Preprocessing) and layer.kind == kind
    options = {"vocabulary_size": layer.vocabulary_size} if kind == "text" else {}
    core = kzoo.create_model(name, layer.example_shape, 2, **options)
    model = TrainedModel(core, layer, Classification(["no", "yes"]))
    assert input_kind(signature_of(model).inputs) == kind
    assert kind in READERS and kind in FIGURES
    assert {example.kind for example in kzoo.explain(model, KINDS[kind][1]).examples} == {kind}


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_of_an_example(kind):
    layer, _, x, _ = preprocessed(kind)
    assert len(x) == 3 and len(x.shape) == len(layer.example_shape) + 1
    for size, expected in zip(x.shape[1:], layer.example_shape, strict=True):
        assert expected in (None, size)


@pytest.mark.parametrize("kind", KINDS)
def test_positions_have_names(kind):
    """As many as there are, but for the pixels of an image, which need none."""
    layer, inputs, x, grid = preprocessed(kind)
    names = layer.positions(inputs, x)
    if kind == "image":
        assert names == [None] * 3
    elif kind == "text":
        assert [len(words) for words in names] == np.count_nonzero(x, axis=1).tolist()
    else:
        assert [len(row) for row in names] == [grid[0]] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_deleted_is_gone_and_the_rest_stays(kind):
    layer, _, x, grid = preprocessed(kind)
    before = x[0].copy()
    unchanged = layer.delete(x[0], np.array([], int), grid)
    np.testing.assert_array_equal(unchanged, before)
    changed = layer.delete(x[0], np.array([0]), grid)
    assert changed.shape == before.shape and not np.array_equal(changed, before)
    np.testing.assert_array_equal(x[0], before)  # a copy was changed
    everything = layer.delete(x[0], np.arange(np.prod(grid)), grid)
    if kind == "image":  # one colour in each region
        assert np.allclose(everything, before.mean(axis=(0, 1)))
    elif kind == "text":
        assert everything.tolist() == [1] + [0] * (len(before) - 1)
    else:
        assert not everything.any()
