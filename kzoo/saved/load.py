"""How a trained model is loaded."""

import keras

from kzoo.messages import reason
from kzoo.saved.exported import ExportedModel
from kzoo.saved.keras_file import check_declared_sizes, keras_version
from kzoo.saved.shipped import LoadError, find_model


def load(source):
    """Loads a trained model.

    Args:
        source: The name of a shipped model (see `list_saved_models`), a run folder, a `.keras`
            file, or a SavedModel folder that kzoo or Keras has written. What lies in the working
            directory goes before a name.

    Returns:
        `keras.Model`; for a model of kzoo, a `TrainedModel` with `.core`, `.preprocessing` and
        `.task`; for a SavedModel, an `ExportedModel`, which computes but cannot be trained.

    Raises:
        NoModelError: If there is no such model; the message says which there are.
        LoadError: If it is damaged, not what was shipped, or would run code of its maker (Keras'
            safe mode). The message has the reason and the versions of Keras.

    Warns:
        Note: If it is a SavedModel that kzoo has not written: that is a program.
    """
    path = find_model(source)
    try:
        if path.is_dir():
            return ExportedModel(path)
        if path.suffix == ".keras":
            check_declared_sizes(path)
        return keras.models.load_model(path)
    except Exception as error:  # of Keras, h5py, zipfile or TensorFlow
        message = f"{path} cannot be loaded: {reason(error)}"
        if version := keras_version(path):
            message += f"\nIt was written by Keras {version} and read by Keras {keras.__version__}."
        raise LoadError(message) from error
