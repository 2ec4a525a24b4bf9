import numpy as np
import pytest
from sklearn import metrics

from kzoo.tasks.class_metrics import calibration_error, classification_metrics, softmax
from kzoo.tasks.classification import Classification


@pytest.fixture
def found():
    """Five examples of three classes; the last class never occurs and is predicted once."""
    probabilities = np.array(
        [
            [0.75, 0.15, 0.10],  # right
            [0.25, 0.55, 0.20],  # right
            [0.65, 0.30, 0.05],  # wrong
            [0.10, 0.05, 0.85],  # wrong
            [0.95, 0.02, 0.03],  # right
        ]
    )
    labels = np.array([0, 1, 1, 0, 0])
    # the same constant added to a row of logits changes nothing
    logits = np.log(probabilities) + np.array([[3], [-2], [0], [700], [-700]])
    return classification_metrics(logits, labels, ["cat", "dog", "owl"])


def test_by_hand(found):
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    expected = -np.log([0.75, 0.55, 0.3, 0.1, 0.95]).mean()
    assert found["loss"] == pytest.approx(expected)
    assert found["confusion_matrix"] == [[2, 0, 1], [1, 1, 0], [0, 0, 0]]


def test_classes(found):
    assert list(found["classes"]) == ["cat", "dog", "owl"]
    dog = {"precision": 1.0, "recall": 1 / 2, "f1": 2 / 3, "examples": 2}
    assert found["classes"]["dog"] == pytest.approx(dog)
    owl = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "examples": 0}
    assert found["classes"]["owl"] == owl


def test_calibration_error_by_hand(found):
    """Every example has a bin of its own: (1-.75) + (1-.55) + .65 + .85 + (1-.95), over 5."""
    assert found["calibration_error"] == pytest.approx((0.25 + 0.45 + 0.65 + 0.85 + 0.05) / 5)


def test_calibration_error_averages_within_a_bin():
    probabilities = np.array([[0.62, 0.38], [0.64, 0.36], [0.35, 0.65]])  # all in 0.6..0.7
    labels = np.array([0, 0, 0])  # 2 of 3 right, confidence 1.91 / 3
    assert calibration_error(probabilities, labels) == pytest.approx(abs(2 - 1.91) / 3)


def test_calibration_error_at_the_ends():
    certain = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert calibration_error(certain, np.array([0, 1])) == 0
    assert calibration_error(certain, np.array([1, 0])) == 1


def test_against_scikit_learn():
    random = np.random.default_rng(0)
    logits, labels = random.normal(size=(97, 7)), random.integers(0, 7, 97)
    found = classification_metrics(logits, labels, list("abcdefg"))
    predicted = logits.argmax(axis=1)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert found["balanced_accuracy"] == pytest.approx(
        metrics.balanced_accuracy_score(labels, predicted)
    )
    assert found["loss"] == pytest.approx(metrics.log_loss(labels, probabilities))


def test_large_logits_stay_finite():
    logits = np.array([[1e4, 0.0], [0.0, 1e4]], "float32")
    found = classification_metrics(logits, np.array([0, 0]), ["a", "b"])
    assert found["loss"] == pytest.approx(5e3)


def test_most_confident_mistakes_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8], [0.05, 0.95]])
    labels = [1, 0, 1, 0, 0]  # wrong: 0 (0.9), 3 (0.8), 4 (0.95)
    worst = Classification(["a", "b"]).worst
    assert worst(probabilities, labels, 2).tolist() == [4, 0]
    assert worst(probabilities, labels, 7).tolist() == [4, 0, 3]
    assert worst(probabilities, [0, 0, 1, 1, 1], 7).tolist() == []


def test_softmax():
    found = softmax(np.array([[0, np.log(3)], [1e4, 0]], "float32"))
    np.testing.assert_allclose(found, [[0.25, 0.75], [1, 0]], rtol=1e-6)
    assert found.dtype == "float64"
