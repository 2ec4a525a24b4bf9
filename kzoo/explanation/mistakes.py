"""What a model gets wrong."""

import numpy as np


def worst_mistakes(model, inputs, labels, k=8):
    """Finds what a model gets most wrong.

    Args:
        model: A `TrainedModel`.
        inputs: Raw inputs, as of `model.predict`.
        labels: What is true: integers, the classes; of a regression numbers, `(examples,)` or
            `(examples, targets)`.
        k: Number of mistakes.

    Returns:
        Integer array, the places of `k` mistakes or, where there are not so many, all: of classes
        the one with the highest probability first, of numbers the one that is furthest off.
    """
    logits = model.core.predict(model.preprocess(inputs), verbose=0)
    return model.task.worst(model.task.predictions(logits), np.asarray(labels), k)
