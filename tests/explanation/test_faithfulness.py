import keras
import numpy as np
import pytest

import kzoo
from kzoo.explanation.faithfulness import Faithfulness
from kzoo.layers import SequentialAttention
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.preprocessing.sequence import SequencePreprocessing
from kzoo.preprocessing.text import TextPreprocessing
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification


def step_model(sign):
    """Attention to the step with the largest (smallest) number; class 0 if y > 0.5."""
    x = keras.Input((5, 1))
    y, _ = SequentialAttention(1, name="attention")(x, return_attention_scores=True)
    positive = keras.layers.Dense(1, name="positive")(keras.layers.GlobalMaxPooling1D()(x))
    logits = keras.layers.Dense(2, name="logits")(keras.layers.Concatenate()([y, positive]))
    core = keras.Model(x, logits)
    core.get_layer("attention").set_weights(
        [np.ones((1, 1)), np.zeros(1), np.full((1, 1), sign * 50.0)]
    )
    core.get_layer("positive").set_weights([np.ones((1, 1)), np.zeros(1)])
    core.get_layer("logits").set_weights([np.array([[0, 0], [4, 0]]), np.array([-2, 0])])
    return TrainedModel(core, SequencePreprocessing((5, 1)), Classification(["yes", "no"]))


NUMBERS = np.array([[0, 0, 1, 0, 0], [0.02, 1, 0, 0.01, 0.03]], "float32")[..., None]
HIGH, LOW = 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))  # with and without the 1


def test_attention_to_what_matters_by_hand():
    """Without the 1, which is deleted first, the probability is low from the first step on."""
    found = kzoo.faithfulness(step_model(+1), NUMBERS, steps=5, orders=300)
    np.testing.assert_allclose(found.shares, [0, 0.2, 0.4, 0.6, 0.8, 1])
    np.testing.assert_allclose(found.attention[0], [HIGH] + 5 * [LOW], rtol=1e-4)
    # in random order the 1 is deleted j-th, j = 1 to 5 with equal chance
    steps = np.array([[HIGH] * j + [LOW] * (6 - j) for j in range(1, 6)])
    for curve in found.random[:, 0]:
        assert np.isclose(curve, steps, rtol=1e-4).all(axis=1).sum() == 1
    # which costs (j - 1) / 5 of the height, 2/5 on average; its standard error is 0.012
    assert found.areas[0] == pytest.approx(0.4 * (HIGH - LOW), abs=0.04)
    assert found.area == pytest.approx(found.areas.mean())


def test_attention_to_what_does_not_matter():
    found = kzoo.faithfulness(step_model(-1), NUMBERS[1:], steps=5, orders=300)
    np.testing.assert_allclose(found.attention[0], 5 * [HIGH] + [LOW], rtol=0.02)
    assert found.area == pytest.approx(-0.4 * (HIGH - LOW), abs=0.04)


def test_area_by_hand():
    """Between 0.9, 0.1, 0.1 and the mean 0.9, 0.5, 0.1 lies a triangle of base 1, height 0.4."""
    attention = np.array([[0.9, 0.1, 0.1], [0.5, 0.5, 0.5]])
    random = np.array([[[0.9, 0.8, 0.1], [0.5] * 3], [[0.9, 0.2, 0.1], [0.5] * 3]])
    found = Faithfulness("attention", np.array([0, 0.5, 1]), attention, random)
    np.testing.assert_allclose(found.areas, [0.2, 0], atol=1e-12)
    assert found.area == pytest.approx(0.1)
    assert found.standard_error == pytest.approx(0.1)  # of 0.2 and 0
    assert repr(found) == "faithfulness of attention: 0.100 ± 0.100 over 2 examples"
    assert found._repr_png_().startswith(b"\x89PNG")
    alone = Faithfulness("attention", found.shares, attention[:1], random[:, :1])
    assert str(alone) == "faithfulness of attention: 0.200 over 1 example"


def test_the_seed_decides():
    found = [kzoo.faithfulness(step_model(+1), NUMBERS, steps=5, seed=s) for s in (0, 0, 1)]
    np.testing.assert_array_equal(found[0].random, found[1].random)
    assert not np.array_equal(found[0].random, found[2].random)


def test_words_are_taken_out():
    core = kzoo.create_model("lstm_attention", (None,), 2, vocabulary_size=6, units=7)
    preprocessing = TextPreprocessing(list("abcd"), sequence_length=9)
    model = TrainedModel(core, preprocessing, Classification(["x", "y"]))
    texts = ["a b c d c", "d"]  # the second one is padded
    example = kzoo.explain(model, texts).examples[0]
    words = np.array(example.positions)
    index = list(example.outputs).index(example.prediction)
    found = kzoo.faithfulness(model, texts, steps=5, orders=2)
    order = np.argsort(-example.scores["attention"][0])
    for deleted in range(6):
        text = " ".join(np.delete(words, order[:deleted]))
        expected = model.predict([text], verbose=0)["probabilities"][0, index]
        assert found.attention[0, deleted] == pytest.approx(expected, abs=1e-6)


def test_regions_of_an_image_get_its_mean_colour():
    core = kzoo.create_model("cnn_attention", (6, 4, 3), 2, filters=[2, 3], num_heads=3)
    model = TrainedModel(core, ImagePreprocessing(6, 4, 3), Classification(["x", "y"]))
    images = np.random.default_rng(0).integers(0, 256, (1, 6, 4, 3), "uint8")
    found = kzoo.faithfulness(model, images, layer="attention", steps=6, orders=1)
    [example] = kzoo.explain(model, images).examples
    index = list(example.outputs).index(example.prediction)
    weights = kzoo.explanation.attention.received_attention(core, images / 255)["attention"].mean(
        axis=1
    )[0]
    row, column = np.unravel_index(weights.argmax(), (3, 2))
    pixels = images / 255
    pixels[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = pixels.mean(axis=(1, 2))
    plain = np.broadcast_to((images / 255).mean(axis=(1, 2), keepdims=True), images.shape)
    for place, expected in [(0, images / 255), (1, pixels), (6, plain)]:
        logits = core.predict(expected, verbose=0)[0]
        probability = np.exp(logits[index]) / np.exp(logits).sum()
        assert found.attention[0, place] == pytest.approx(probability, abs=1e-5)


def test_an_unknown_layer_is_refused():
    with pytest.raises(ValueError, match="one of attention. Received: layer='glimpses'"):
        kzoo.faithfulness(step_model(+1), NUMBERS, layer="glimpses")


def test_figure():
    found = kzoo.faithfulness(step_model(+1), NUMBERS, steps=5)
    [axes] = found.figure().axes
    curves = {line.get_label(): line.get_ydata() for line in axes.lines}
    np.testing.assert_allclose(curves["most attention first"], found.attention.mean(axis=0))
    np.testing.assert_allclose(curves["in random order"], found.random.mean(axis=(0, 1)))
    assert axes.get_title() == str(found)
