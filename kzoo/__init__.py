"""kzoo: a model zoo of attention for Keras 3."""

import kzoo.layers  # noqa: F401  registers the layers, so that load_model needs nothing else
from kzoo.data.array_preprocessing import ArrayPreprocessing  # noqa: F401  registered too
from kzoo.data.image_preprocessing import ImagePreprocessing  # noqa: F401
from kzoo.data.table_preprocessing import TablePreprocessing  # noqa: F401
from kzoo.data.text_preprocessing import TextPreprocessing  # noqa: F401
from kzoo.deletion import faithfulness
from kzoo.evaluation import worst_mistakes
from kzoo.explain import explain  # the function, in front of the module of that name
from kzoo.models import create_model, list_models
from kzoo.saving import list_saved_models, load

__all__ = [
    "create_model",
    "explain",
    "faithfulness",
    "list_models",
    "list_saved_models",
    "load",
    "train",
    "worst_mistakes",
]


def __getattr__(name):
    if name == "train":  # the only one that needs TensorFlow, whatever the backend
        from kzoo.training import train

        return train
    raise AttributeError(f"module 'kzoo' has no attribute {name!r}")
