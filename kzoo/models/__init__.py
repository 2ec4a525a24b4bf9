"""Models by name; each function returns a functional `keras.Model`, the core."""

import difflib

from kzoo.models.attention_model import attention_model
from kzoo.models.cnn import cnn
from kzoo.models.cnn_attention import cnn_attention

__all__ = ["MODELS", "attention_model", "create_model", "list_models"]

MODELS = {
    "cnn": cnn,
    "cnn_attention": cnn_attention,
}


def list_models():
    """Returns the names of all models."""
    return list(MODELS)


def create_model(name, input_shape, num_classes, **options):
    """Builds an untrained core.

    Args:
        name: One of `list_models()`.
        input_shape: Shape of one pre-processed example, as in `(28, 28, 1)`.
        num_classes: Number of classes.
        **options: Arguments of the model's function, as in `num_heads=4`.

    Returns:
        Functional `keras.Model` from pre-processed tensors to logits.

    Raises:
        ValueError: If there is no such model.

    Example:
    >>> core = create_model("cnn_attention", input_shape=(28, 28, 1), num_classes=10)
    >>> core.output_shape
    (None, 10)
    """
    if name not in MODELS:
        nearest = difflib.get_close_matches(name, MODELS, n=1)
        hint = f" Did you mean {nearest[0]}?" if nearest else ""
        raise ValueError(f"There is no model {name!r}.{hint} There are: {', '.join(MODELS)}.")
    return MODELS[name](input_shape, num_classes, **options)
