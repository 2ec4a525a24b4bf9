"""Models by name; each function returns a functional `keras.Model`, the core."""

from kzoo.messages import listed, nearest
from kzoo.models.attention_encoder import attention_encoder
from kzoo.models.attention_model import attention_model, received_attention
from kzoo.models.cnn import cnn
from kzoo.models.cnn_attention import cnn_attention
from kzoo.models.dense_attention_fusion import dense_attention_fusion
from kzoo.models.lstm import lstm
from kzoo.models.lstm_attention import lstm_attention
from kzoo.models.segment_attention_lstm import segment_attention_lstm

__all__ = ["MODELS", "attention_model", "create_model", "list_models", "received_attention"]

MODELS = {
    "cnn": cnn,
    "cnn_attention": cnn_attention,
    "lstm": lstm,
    "lstm_attention": lstm_attention,
    "segment_attention_lstm": segment_attention_lstm,
    "attention_encoder": attention_encoder,
    "dense_attention_fusion": dense_attention_fusion,
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
        raise ValueError(
            f"There is no model {name!r}.{nearest(name, MODELS)} There are: {listed(MODELS)}."
        )
    return MODELS[name](input_shape, num_classes, **options)
