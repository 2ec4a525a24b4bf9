"""Attention layers that a user writes are explained as those of kzoo are."""

import keras
import numpy as np
import pytest
from keras import ops

import kzoo
from kzoo.explanation.attention import attention_model, received_attention
from kzoo.layers import SegmentAttention, SequentialAttention
from kzoo.layers.scores import masked_softmax
from kzoo.preprocessing.sequence import SequencePreprocessing
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification

STEPS, FEATURES, SHARPNESS = 5, 3, 40.0


@keras.saving.register_keras_serializable(package="tests")
class Largest(keras.layers.Layer):
    """Attends to the elements whose first feature is large."""

    supports_masking = True

    def call(self, x, mask=None, return_attention_scores=False):
        weights = masked_softmax(SHARPNESS * x[..., 0], mask)
        y = ops.sum(weights[..., None] * x, axis=1)
        return (y, weights) if return_attention_scores else y

    def received(self, scores):
        return ops.expand_dims(scores, 1)  # not an array of NumPy


class WithoutHeads(Largest):
    def received(self, scores):
        return scores


@keras.saving.register_keras_serializable(package="tests")
class MinAndMax(keras.layers.Layer):
    """Returns two outputs, and is no attention."""

    def call(self, x):
        return ops.min(x, axis=1), ops.max(x, axis=1)


class PooledPairs(keras.layers.Layer):
    """Takes the larger of two neighbours, as a layer that pools segments and pads the last."""

    def call(self, x, return_attention_scores=False):
        pairs = ops.reshape(ops.pad(x, [(0, 0), (0, 1), (0, 0)]), (-1, 3, 2, FEATURES))
        weights = ops.softmax(SHARPNESS * pairs[..., 0])
        return ops.sum(weights[..., None] * pairs, axis=2), weights

    def received(self, scores):
        return scores[:, None]


def core_of(attention):
    x = keras.Input((STEPS, FEATURES))
    y, _ = attention(x, return_attention_scores=True)
    low, high = MinAndMax(name="min_and_max")(x)
    vector = keras.layers.Concatenate(name="features")([y, low, high])
    return keras.Model(x, keras.layers.Dense(2, name="logits")(vector), name="own")


def steps(*largest):
    """Examples of small numbers, but for a 1 at one step of each."""
    x = np.random.default_rng(0).uniform(0, 0.1, (len(largest), STEPS, FEATURES))
    x[np.arange(len(largest)), largest, 0] = 1
    return x.astype("float32")


@pytest.fixture(scope="module")
def model():
    core = core_of(Largest(name="largest"))
    kernel = np.zeros((3 * FEATURES, 2))
    kernel[0, 1] = 7  # class 1 if what is attended to is large
    core.get_layer("logits").set_weights([kernel, np.array([2, 0])])
    return TrainedModel(
        core, SequencePreprocessing((STEPS, FEATURES)), Classification(["low", "high"])
    )


def test_explain(model):
    for example, largest in zip(kzoo.explain(model, steps(3, 0)).examples, (3, 0), strict=True):
        assert list(example.scores) == ["largest"]
        np.testing.assert_allclose(example.scores["largest"], [np.eye(STEPS)[largest]], atol=1e-6)
        assert example.prediction == "high"


def test_faithfulness(model):
    """Without the largest step, which is deleted first, the other class is the likely one."""
    found = kzoo.faithfulness(model, steps(3, 0), steps=STEPS)
    assert found.layer == "largest" and found.area > 0.1
    assert (found.attention[:, 0] > 0.9).all() and (found.attention[:, 1:] < 0.3).all()


def test_after_saving(model, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = kzoo.load(tmp_path / "model.keras")
    [example] = kzoo.explain(loaded, steps(2)).examples
    np.testing.assert_allclose(example.scores["largest"], [np.eye(STEPS)[2]], atol=1e-6)


def test_only_attention_that_returns_its_scores_is_found(model):
    assert list(attention_model(model.core).output) == ["largest"]
    x = keras.Input((STEPS, FEATURES))
    low, high = MinAndMax()(x)
    y = keras.layers.Concatenate()([low, high, Largest()(x), SequentialAttention(7)(x)])
    assert attention_model(keras.Model(x, y)) is None


def test_inside_segments():
    x = keras.Input((STEPS, FEATURES))
    y, _ = SegmentAttention(2, Largest(), pool=True)(x, return_attention_scores=True)
    [received] = received_attention(keras.Model(x, y), steps(3, 4)).values()
    assert received.shape == (2, 1, STEPS)
    # each of three segments has a third, which is that of its largest element
    np.testing.assert_allclose(received[0, 0, 2:], [0, 1 / 3, 1 / 3], atol=1e-6)


def test_weights_of_pooled_segments_are_multiplied():
    x = keras.Input((STEPS, FEATURES))
    pairs, _ = PooledPairs(name="pairs")(x, return_attention_scores=True)
    y, _ = Largest(name="largest")(pairs, return_attention_scores=True)
    received = received_attention(keras.Model(x, y), steps(3, 4))
    assert {name: w.shape for name, w in received.items()} == {
        "pairs": (2, 1, STEPS),
        "largest": (2, 1, STEPS),
    }
    np.testing.assert_allclose(received["largest"][:, 0], np.eye(STEPS)[[3, 4]], atol=1e-6)


def test_weights_without_an_axis_of_heads_are_refused():
    with pytest.raises(ValueError, match=r"`received` of the layer 'flat' .*shape \(1, 5\)"):
        received_attention(core_of(WithoutHeads(name="flat")), steps(3))
