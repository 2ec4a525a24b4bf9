"""How much the examples of each class count in training."""

import numpy as np

from kzoo.messages import listed


def class_weights(class_weight, labels, class_names):
    """Returns the weight of an example of each class.

    Args:
        class_weight: `"balanced"`, which gives all classes the same sum and an example the mean
            weight 1: examples / (classes * examples of the class); a dict from class name to
            weight, 1 for a class that is not in it; or None.
        labels: Integer array `(examples,)` of the training split.
        class_names: List of strings.

    Returns:
        Array of float32 `(num_classes,)`, or None where no example counts more than another.

    Raises:
        ValueError: If a class is unknown.
    """
    if class_weight is None:
        return None
    if class_weight == "balanced":
        counts = np.bincount(labels, minlength=len(class_names))
        present = np.count_nonzero(counts)
        return (len(labels) / (present * np.maximum(1, counts))).astype("float32")
    weights = {str(name): weight for name, weight in class_weight.items()}
    unknown = [name for name in weights if name not in class_names]
    if unknown:
        raise ValueError(f"has no class {unknown[0]!r}. The classes are: {listed(class_names)}.")
    return np.array([weights.get(name, 1.0) for name in class_names], "float32")
