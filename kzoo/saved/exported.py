"""A model that is a SavedModel: it computes, and that is all."""

import functools
import warnings
from pathlib import Path

import keras
import numpy as np

from kzoo.messages import Note, listed, reason
from kzoo.saved.shipped import LoadError, read_json
from kzoo.saved.signature import signature_of_function
from kzoo.saved.trained_model import task_of_config

# In a SavedModel of kzoo: how the model in it is built. TensorFlow keeps the folder for such
# files and does not read it.
DESCRIPTION = "assets.extra/classifier.json"
PROGRAM = (
    "{} was not written by kzoo. A SavedModel is a program: it can read and write files when it is "
    "opened or called. Open only those whose source you trust."
)


class ExportedModel:
    """Calls a SavedModel that kzoo or Keras has exported.

    It has no layers and cannot be trained. Loading it runs no Python code of its maker, but a
    SavedModel is a program of TensorFlow, which can read and write files; a `Note` is given as a
    warning where kzoo has not written it, or does not say so.

    Args:
        folder: The folder that holds `saved_model.pb`.

    Attributes:
        folder: `Path`.
        signature: `Signature` of a call.
        signatures: Dict from the name of each signature in the file to its `Signature`.
        task: What is asked of it, as `Classification`; None where kzoo has not exported it.

    Call arguments:
        inputs: Arrays, lists or tensors in the structure of `signature.inputs`, of its types.

    Raises:
        LoadError: If what kzoo says of itself in it is damaged.
        ValueError: If the inputs are something else.
    """

    def __init__(self, folder):
        import tensorflow as tf

        self.folder = Path(folder)
        self._description = _description(self.folder)
        if self._description is None:
            warnings.warn(PROGRAM.format(folder), Note, stacklevel=3)
        self._loaded = tf.saved_model.load(str(folder))
        signatures = dict(sorted(self._loaded.signatures.items()))
        self.signatures = {name: signature_of_function(f) for name, f in signatures.items()}
        self._serve = getattr(self._loaded, "serve", None)
        if self._serve:  # takes one argument, in the structure that the model's input had
            self.signature = signature_of_function(self._serve.concrete_functions[0])
        elif "serving_default" in signatures:
            self.signature = self.signatures["serving_default"]
        else:
            found = listed(self.signatures) or "none"
            raise ValueError(f"It has no signature serve or serving_default. It has: {found}.")
        self.task = self._description and task_of_config(self._description["config"])

    @property
    def class_names(self):
        """List of strings, one for each logit of a classification."""
        return getattr(self.task, "class_names", None)

    @functools.cached_property
    def preprocessing(self):
        """The layer that the model begins with, or None where kzoo has not exported it."""
        try:
            config = self._description["config"]["preprocessing"]
            return keras.saving.deserialize_keras_object(config, safe_mode=True)
        except Exception:  # of Keras: no description, or a layer that its backend does not run
            return None

    def __call__(self, inputs):
        expected = self.signature.inputs
        try:
            tensors = keras.tree.map_structure_up_to(expected, _tensor, expected, inputs)
        except (KeyError, TypeError, ValueError) as error:
            takes = listed(keras.tree.flatten(expected))
            raise ValueError(f"The model takes {takes}. Received: {error}") from None
        if self._serve:
            return self._serve(tensors)
        return self._loaded.signatures["serving_default"](**tensors)

    def predict(self, x, *, decoded=False, **_):
        """Returns the outputs as arrays, of what the `predict` of a `TrainedModel` takes.

        The other arguments of Keras' `predict` are ignored.
        """
        x = x if self.preprocessing is None else self.preprocessing.from_user(x, decoded)
        return keras.tree.map_structure(np.asarray, self(x))

    def recover(self):
        """Returns the `TrainedModel` that this was exported from, which can be trained further.

        Its layers are built anew, in Keras' safe mode, and its weights found by their names.

        Raises:
            LoadError: If kzoo has not exported it, or it is damaged.
        """
        if self._description is None:
            raise LoadError(
                f"Only a SavedModel that kzoo has exported can be trained: {self.folder} lacks "
                f"{DESCRIPTION}."
            )
        stored = {v.name.removesuffix(":0"): v.numpy() for v in self._loaded.variables}
        try:
            model = keras.saving.deserialize_keras_object(self._description, safe_mode=True)
            for weight in model.weights:
                weight.assign(stored[weight.path])
        except Exception as error:  # Keras has many
            raise LoadError(f"{self.folder} cannot be trained: {reason(error)}") from error
        return model


def _description(folder):
    """Returns what kzoo has written beside the graph, or None."""
    path = folder / DESCRIPTION
    if not path.is_file():
        return None
    description = read_json(path)
    try:
        task_of_config(description.get("config"))
    except (AttributeError, ValueError) as error:
        raise LoadError(f"{path} is damaged: {reason(error)}.") from None
    return description


def _tensor(spec, value):
    """Returns what a user passes as a tensor of the right type, or refuses it."""
    import tensorflow as tf

    tensor = tf.convert_to_tensor(value, tf.string if spec.dtype == "string" else None)
    dtype = tf.as_dtype(spec.dtype)
    if not tensor.shape.is_compatible_with(spec.shape) or not _keeps(tensor, dtype):
        raise ValueError(f"{tensor.dtype.name} {tuple(tensor.shape)}")
    return tf.cast(tensor, dtype)


def _keeps(tensor, dtype):
    """Whether the values of a tensor are the same in another type, but for rounded fractions."""
    import tensorflow as tf

    if tensor.dtype == dtype:
        return True
    if dtype.is_floating:
        return tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool
    if not (tensor.dtype.is_integer and dtype.is_integer):
        return False
    return bool(tf.reduce_all(tf.cast(tf.cast(tensor, dtype), tensor.dtype) == tensor))
