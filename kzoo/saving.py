"""The model that is saved: raw input in, probabilities out; and how it is loaded again."""

import warnings

import keras
import numpy as np

from kzoo.keras_file import check_declared_sizes, keras_version
from kzoo.messages import reason
from kzoo.shipped import LoadError, find_model
from kzoo.user_input import user_input


@keras.saving.register_keras_serializable(package="kzoo")
class Classifier(keras.Model):
    """A core with its pre-processing before it and probabilities behind it.

    The core always runs in inference mode here, in a SavedModel too; to train further, train
    `core`.

    Args:
        core: Functional model from pre-processed tensors to logits.
        preprocessing: Layer from raw inputs to what the core takes; its `raw_input()` is the
            input of the model, or the dict of its inputs.
        class_names: List of strings, one for each logit.

    Output:
        `{"logits": (batch, num_classes), "probabilities": (batch, num_classes)}`, float32.
    """

    def __init__(self, core, preprocessing, class_names, **kwargs):
        inputs = preprocessing.raw_input()
        logits = core(preprocessing(inputs), training=False)
        softmax = keras.layers.Activation("softmax", dtype="float32", name="probabilities")
        outputs = {"logits": logits, "probabilities": softmax(logits)}
        with warnings.catch_warnings():  # a column may be called what no tensor can be
            warnings.filterwarnings("ignore", "When providing `inputs` as a dict")
            super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        self.core = core
        self.preprocessing = preprocessing
        self.class_names = list(class_names)

    def call(self, inputs, training=None, mask=None):
        # Keras would hand `training` on to the core, whatever it was called with above
        return super().call(inputs, training=False, mask=mask)

    def predict(self, x, batch_size=None, *, decoded=False, **kwargs):
        """As in Keras, with what a user may pass brought into form, or refused, beforehand.

        Args:
            x: Raw inputs.
            batch_size: Examples in a batch.
            decoded: Whether these are images that were decoded from files, which may be nearly
                black; images of nothing but 0 and 1 are refused otherwise.
            **kwargs: Those of `keras.Model.predict`.
        """
        x = user_input(self.preprocessing, x, decoded)
        if any(array.dtype == "float64" for array in keras.tree.flatten(x)):
            import tensorflow as tf

            # of arrays, Keras would make float32 before the model sees them
            return super().predict(
                tf.data.Dataset.from_tensor_slices(x).batch(batch_size or 32), **kwargs
            )
        return super().predict(x, batch_size=batch_size, **kwargs)

    def preprocess(self, inputs):
        """Returns raw inputs, as `predict` takes them, as one array that `core` takes.

        Args:
            inputs: As of `predict`; images may differ in size, in a list or an array of them.
        """
        is_list = isinstance(inputs, list | tuple)
        if is_list or isinstance(inputs, np.ndarray) and inputs.dtype.hasobject:
            if len(inputs) and getattr(inputs[0], "ndim", 0) >= 2:
                return np.concatenate([self.preprocess(np.array([image])) for image in inputs])
        return keras.ops.convert_to_numpy(self.preprocessing(self.preprocessing.as_raw(inputs)))

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "name": self.name,
            "core": serialize(self.core),
            "preprocessing": serialize(self.preprocessing),
            "class_names": self.class_names,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        for part in ("core", "preprocessing"):
            config[part] = keras.saving.deserialize_keras_object(config[part], custom_objects)
        return cls(**config)


def with_preprocessing(core, preprocessing, class_names, name=None):
    """Returns the `Classifier` that is saved and exported for a trained core.

    Args:
        core: Functional model from pre-processed tensors to logits; its weights are shared.
        preprocessing: Layer from raw inputs to what the core takes.
        class_names: List of strings, one for each logit.
        name: Name of the model; None takes the core's.
    """
    return Classifier(core, preprocessing, class_names, name=name or core.name)


def load(source):
    """Loads a trained model.

    Args:
        source: The name of a shipped model (see `list_saved_models`), a run folder, a `.keras`
            file, or a SavedModel folder that kzoo or Keras has written. What lies in the working
            directory goes before a name.

    Returns:
        `keras.Model`; for a model of kzoo, a `Classifier` with `.core` and `.class_names`; for a
        SavedModel, an `ExportedModel`, which computes but cannot be trained.

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
            from kzoo.exported import ExportedModel  # it imports Keras, which imports this module

            return ExportedModel(path)
        if path.suffix == ".keras":
            check_declared_sizes(path)
        return keras.models.load_model(path)
    except Exception as error:  # of Keras, h5py, zipfile or TensorFlow
        message = f"{path} cannot be loaded: {reason(error)}"
        if version := keras_version(path):
            message += f"\nIt was written by Keras {version} and read by Keras {keras.__version__}."
        raise LoadError(message) from error
