"""The model that is saved: raw input in, probabilities out; and how it is loaded again."""

import hashlib
import json
import warnings
from pathlib import Path

import keras
import numpy as np

from kzoo.exported import ExportedModel, user_input
from kzoo.paths import expand
from kzoo.suggestion import nearest


class LoadError(ValueError):
    """A model cannot be loaded; the message is one sentence."""


class NoModelError(LoadError):
    """There is no such model; the message says which there are."""


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

    def predict(self, x, *, decoded=False, **kwargs):
        """As in Keras, with what a user may pass brought into form, or refused, beforehand.

        Args:
            x: Raw inputs.
            decoded: Whether these are images that were decoded from files, which may be nearly
                black; images of nothing but 0 and 1 are refused otherwise.
            **kwargs: Those of `keras.Model.predict`.
        """
        return super().predict(user_input(self.preprocessing, x, decoded), **kwargs)

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


def list_saved_models():
    """Returns the names of the trained models that are shipped with kzoo."""
    return sorted({name.split("/")[0] for name in _checksums()})


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
            safe mode).
    """
    path = find_model(source)
    try:
        return ExportedModel(path) if path.is_dir() else keras.models.load_model(path)
    except Exception as error:  # of Keras, h5py, zipfile or TensorFlow
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise LoadError(f"{path} cannot be loaded: {reason[0]}") from error


def find_model(source):
    """Returns the path of a model: its `.keras` file or its SavedModel folder.

    Args:
        source: As `load` takes it.

    Raises:
        NoModelError: If there is no such model.
        LoadError: If it is a shipped one and not what was shipped.
    """
    path = Path(expand(source))
    if path.is_file():
        return path
    for candidate in (path / "model.keras", path, path / "saved_model"):
        if candidate.is_file() or (candidate / "saved_model.pb").is_file():
            return candidate
    shipped = f"{source}/model.keras"
    if shipped not in _checksums():
        names = list_saved_models()
        raise NoModelError(
            f"There is no model {source}.{nearest(source, names)} Give a run folder with a "
            "model.keras, a .keras file, a SavedModel folder, or the name of a shipped model: "
            f"{', '.join(names)}."
        )
    path = shipped_folder() / shipped
    if sha256(path) != _checksums()[shipped]:
        raise LoadError(f"{path} is damaged: its SHA-256 differs from the one in checksums.json.")
    return path


def folder_of(source):
    """Returns the folder that a model lies in, with the config of its run beside it."""
    return find_model(source).parent


def sha256(path):
    """Returns the SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shipped_folder():
    """Returns where the shipped models lie: beside the package in a clone, in it elsewhere."""
    package = Path(__file__).parent
    clone = package.parent / "saved_models"
    return clone if clone.is_dir() else package / "saved_models"


def _checksums():
    """Returns a dict from each shipped file to its SHA-256."""
    return json.loads((shipped_folder() / "checksums.json").read_text())
