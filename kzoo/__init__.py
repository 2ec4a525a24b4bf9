"""kzoo: a model zoo of attention for Keras 3.

Importing it takes no time: the layers are registered as soon as Keras is imported, so that
`keras.models.load_model` needs nothing else, and the functions below are imported when they are
used.
"""

import importlib
import re

import wrapt

OLDEST_KERAS = (3, 15, 1)  # of which the shipped models are

FUNCTIONS = {
    "create_model": "kzoo.models",
    "evaluate": "kzoo.training.evaluate",
    "explain": "kzoo.explanation.explain",
    "faithfulness": "kzoo.explanation.faithfulness",
    "list_models": "kzoo.models",
    "list_saved_models": "kzoo.saved.shipped",
    "load": "kzoo.saved.load",
    "train": "kzoo.training",
    "worst_mistakes": "kzoo.explanation.mistakes",
}
# what a .keras file may hold
REGISTERED = (
    "kzoo.layers",
    "kzoo.preprocessing",
    "kzoo.saved.trained_model",
)
__all__ = list(FUNCTIONS)


@wrapt.when_imported("keras")
def _register(keras):
    """Imports what is registered with Keras; refuses a Keras that cannot read it."""
    version = tuple(map(int, re.findall(r"\d+", keras.__version__)[:3]))
    if version < OLDEST_KERAS:
        oldest = ".".join(map(str, OLDEST_KERAS))
        raise ImportError(
            f"kzoo needs Keras {oldest} or newer; Keras {keras.__version__} is imported. Run "
            f"pip install --upgrade 'keras>={oldest}', then restart Python (in Colab: Runtime, "
            "Restart session)."
        )
    for module in REGISTERED:
        importlib.import_module(module)


def __getattr__(name):
    if name not in FUNCTIONS:
        raise AttributeError(f"module 'kzoo' has no attribute {name!r}")
    return getattr(importlib.import_module(FUNCTIONS[name]), name)


def __dir__():
    return sorted({*globals(), *FUNCTIONS})
