"""Models by name; each function returns a functional `keras.Model`, the core."""

from kzoo.lazy import Lazy
from kzoo.messages import nearest

__all__ = ["MODELS", "create_model", "list_models"]

MODELS = {
    "cnn": Lazy("kzoo.models.cnn"),
    "cnn_attention": Lazy("kzoo.models.cnn_attention"),
    "lstm": Lazy("kzoo.models.lstm"),
    "lstm_attention": Lazy("kzoo.models.lstm_attention"),
    "bag_attention": Lazy("kzoo.models.bag_attention"),
    "segment_attention_lstm": Lazy("kzoo.models.segment_attention_lstm"),
    "conv_attention": Lazy("kzoo.models.conv_attention"),
    "attention_encoder": Lazy("kzoo.models.attention_encoder"),
    "dense_attention_fusion": Lazy("kzoo.models.dense_attention_fusion"),
    "multimodal_fusion": Lazy("kzoo.models.multimodal_fusion"),
}
SEVERAL_INPUTS = ("multimodal_fusion",)  # those of a record: texts and images among them


def list_models():
    """Returns the names of all models."""
    return list(MODELS)


def create_model(name, input_shape, num_classes, **options):
    """Builds an untrained core.

    Args:
        name: One of `list_models()`.
        input_shape: Shape of one pre-processed example, as in `(28, 28, 1)`; of several inputs, a
            dict of shapes.
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
        raise ValueError(
            f"There is no model {name!r}.{nearest(name, MODELS)} There are: {', '.join(MODELS)}."
        )
    return MODELS[name](input_shape, num_classes, **options)
