"""kzoo: a model zoo of attention for Keras 3."""

import kzoo.layers  # noqa: F401  registers the layers, so that load_model needs nothing else
