"""The model that is saved: raw input in, probabilities out; and how it is loaded again."""

import hashlib
import json
import warnings
from pathlib import Path

import keras


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

    def predict(self, x, **kwargs):
        """As in Keras, with what a user may pass brought into form, or refused, beforehand."""
        return super().predict(self.preprocessing.as_raw(x), **kwargs)

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
        source: The name of a shipped model (see `list_saved_models`), a run folder, or a `.keras`
            file. What lies in the working directory goes before a name.

    Returns:
        `keras.Model`; for a model of kzoo, a `Classifier` with `.core` and `.class_names`.

    Raises:
        ValueError: If there is no such model, the message says which there are; or if a shipped
            one is not what was shipped.
    """
    path = Path(source)
    for candidate in (path, path / "model.keras"):
        if candidate.is_file():
            return keras.models.load_model(candidate)
    shipped = f"{source}/model.keras"
    if shipped not in _checksums():
        raise ValueError(
            f"There is no model {source}. Give a run folder with a model.keras, a .keras file, or "
            f"the name of a shipped model: {', '.join(list_saved_models())}."
        )
    path = _shipped_folder() / shipped
    if sha256(path) != _checksums()[shipped]:
        raise ValueError(f"{path} is damaged: its SHA-256 differs from the one in checksums.json.")
    return keras.models.load_model(path)


def sha256(path):
    """Returns the SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shipped_folder():
    """Returns where the shipped models lie: beside the package, or in it where installed."""
    package = Path(__file__).parent
    clone = package.parent / "saved_models"
    return clone if clone.is_dir() else package / "saved_models"


def _checksums():
    """Returns a dict from each shipped file to its SHA-256."""
    return json.loads((_shipped_folder() / "checksums.json").read_text())
