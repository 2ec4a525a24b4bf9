"""Models by name; each function returns a functional `keras.Model`, the core."""

from kzoo.models.attention_model import attention_model
from kzoo.models.cnn import cnn
from kzoo.models.cnn_attention import cnn_attention

__all__ = ["MODELS", "attention_model"]

MODELS = {
    "cnn": cnn,
    "cnn_attention": cnn_attention,
}
