"""kzoo: a model zoo of attention for Keras 3.

Importing it takes no time: the layers are registered as soon as Keras is imported, so that
`keras.models.load_model` needs nothing else, and the functions below are imported when they are
used.
"""

import importlib

import wrapt

FUNCTIONS = {
    "create_model": "kzoo.models",
    "explain": "kzoo.explanation",
    "faithfulness": "kzoo.deletion",
    "list_models": "kzoo.models",
    "list_saved_models": "kzoo.saving",
    "load": "kzoo.saving",
    "train": "kzoo.training",
    "worst_mistakes": "kzoo.evaluation",
}
# what a .keras file may hold
REGISTERED = (
    "kzoo.layers",
    "kzoo.data.array_preprocessing",
    "kzoo.data.image_preprocessing",
    "kzoo.data.table_preprocessing",
    "kzoo.data.text_preprocessing",
    "kzoo.saving",
)
__all__ = list(FUNCTIONS)


@wrapt.when_imported("keras")
def _register(keras):
    """Imports what is registered with Keras."""
    for module in REGISTERED:
        importlib.import_module(module)


def __getattr__(name):
    if name not in FUNCTIONS:
        raise AttributeError(f"module 'kzoo' has no attribute {name!r}")
    return getattr(importlib.import_module(FUNCTIONS[name]), name)


def __dir__():
    return sorted({*globals(), *FUNCTIONS})
