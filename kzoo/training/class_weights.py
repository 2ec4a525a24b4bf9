"""Classes as the keys of a config name them."""

from kzoo.config import ConfigError, parse_value
from kzoo.messages import listed, show


def by_class_name(class_weight, class_names):
    """Returns `training.class_weight` with the names of classes as its keys.

    Args:
        class_weight: `"balanced"`, None, or a dict from class to weight. A key that YAML reads as
            a number, a date, true, false or null stands for the class that is spelled so.
        class_names: List of strings.

    Raises:
        ConfigError: If there is no such class, or several are spelled so.
    """
    if not isinstance(class_weight, dict):
        return class_weight
    return {_class_of(key, class_names): weight for key, weight in class_weight.items()}


def _class_of(key, class_names):
    """Returns the class that a key of YAML stands for: `True` for the class `"TRUE"`, say."""
    if str(key) in class_names:
        return str(key)
    found = [name for name in class_names if _is_spelled(name, key)]
    if len(found) != 1:
        wrong = f"has no class {show(key)}" if not found else f"has several classes {show(key)}"
        raise ConfigError(
            f"training.class_weight: the data {wrong}. The classes are: {listed(class_names)}. "
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
