import numpy as np
import pytest

from kzoo.data.batches import training_batches
from kzoo.training.class_weights import class_weights
from tests.tiny import tiny

NAMES = ["ham", "spam", "7"]
LABELS = np.array([0, 0, 0, 0, 0, 1, 2, 2])


def test_balanced_by_hand():
    weights = class_weights("balanced", LABELS, NAMES)
    np.testing.assert_allclose(weights, [8 / (3 * 5), 8 / 3, 8 / (3 * 2)], rtol=1e-6)
    np.testing.assert_allclose(weights[LABELS].mean(), 1, rtol=1e-6)


def test_balanced_without_a_class():
    weights = class_weights("balanced", LABELS[:6], NAMES)
    np.testing.assert_allclose(weights[:2], [6 / (2 * 5), 6 / 2], rtol=1e-6)
    assert np.isfinite(weights).all()


def test_mapping():
    weights = class_weights({"spam": 2.5, 7: 3}, LABELS, NAMES)
    assert weights.tolist() == [1, 2.5, 3]
    assert class_weights(None, LABELS, NAMES) is None


def test_unknown_class():
    with pytest.raises(ValueError, match="no class 'spm'. The classes are: ham, spam, 7."):
        class_weights({"spm": 2}, LABELS, NAMES)


def test_each_example_of_a_batch_has_the_weight_of_its_class():
    weights = np.array([2, 3, 5], "float32")
    plain = training_batches(tiny(), seed=0, epochs=2)
    for (x, y), (u, v, w) in zip(plain, training_batches(tiny(), 0, 2, weights), strict=True):
        np.testing.assert_array_equal(x, u)
        np.testing.assert_array_equal(y, v)
        np.testing.assert_array_equal(w, weights[np.argmax(v, axis=1)])
