"""How much the examples of each class count in training."""

import numpy as np

from kzoo.config import ConfigError, parse_value
from kzoo.messages import listed, show


def class_weights(class_weight, labels, class_names):
    """Returns the weight of an example of each class.

    Args:
        class_weight: `"balanced"`, which gives all classes the same sum and an example the mean
            weight 1: examples / (classes * examples of the class); a dict from class name to
            weight, 1 for a class that is not in it; or None. A key that YAML reads as a number,
            a date, true, false or null stands for the class that is spelled so.
        labels: Integer array `(examples,)` of the training split.
        class_names: List of strings.

    Returns:
        Array of float32 `(num_classes,)`, or None where no example counts more than another.

    Raises:
        ValueError: If there is no such class, or several are spelled so.
    """
    if class_weight is None:
        return None
    if class_weight == "balanced":
        counts = np.bincount(labels, minlength=len(class_names))
        present = np.count_nonzero(counts)
        return (len(labels) / (present * np.maximum(1, counts))).astype("float32")
    weights = {_class_of(key, class_names): weight for key, weight in class_weight.items()}
    return np.array([weights.get(name, 1.0) for name in class_names], "float32")


def _class_of(key, class_names):
    """Returns the class that a key of YAML stands for: `True` for the class `"TRUE"`, say."""
    if str(key) in class_names:
        return str(key)
    found = [name for name in class_names if _is_spelled(name, key)]
    if len(found) != 1:
        wrong = f"has no class {show(key)}" if not found else f"has several classes {show(key)}"
        raise ValueError(
            f"{wrong}. The classes are: {listed(class_names)}. "
            "A name that is a number, a date, true, false or null in YAML needs quotes."
        )
    return found[0]


def _is_spelled(name, key):
    """Whether YAML reads the name of a class as this key, which is no text."""
    if isinstance(key, str):
        return False
    try:
        value = parse_value(name, "the class")
    except ConfigError:
        return False
    return value == key and isinstance(value, bool) == isinstance(key, bool)
