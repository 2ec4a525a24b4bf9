"""What a model gets wrong."""

import numpy as np


def worst_mistakes(model, inputs, labels, k=8):
    """Finds the mistakes that a model is most confident of.

    Args:
        model: A `Classifier`.
        inputs: Raw inputs, as of `model.predict`.
        labels: Integers, the true classes.
        k: Number of mistakes.

    Returns:
        Integer array, the places of `k` mistakes or, where there are not so many, all; the one
        with the highest probability first.
    """
    logits = model.core.predict(model.preprocess(inputs), verbose=0)
    return most_confident_mistakes(model.task.predictions(logits), labels, k)


def most_confident_mistakes(probabilities, labels, k):
    """Returns the places of the `k` wrong predictions with the highest probabilities.

    Args:
        probabilities: Array `(examples, num_classes)`.
        labels: Integers `(examples,)`.
        k: Number of mistakes.

    Example:
    >>> probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8]])
    >>> most_confident_mistakes(probabilities, [0, 1, 0, 0], k=2)
    array([3, 2])
    """
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != np.asarray(labels))
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:k]
