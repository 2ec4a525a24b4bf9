"""The model that is saved: raw input in, predictions out."""

import warnings

import keras
import numpy as np

from kzoo.tasks import task_from


@keras.saving.register_keras_serializable(package="kzoo", name="Classifier")  # as in older files
class TrainedModel(keras.Model):
    """A core with its pre-processing before it and the outputs of its task behind it.

    The core always runs in inference mode here, in a SavedModel too; to train further, train
    `core`.

    Args:
        core: Functional model from pre-processed tensors to logits; its weights are shared.
        preprocessing: Layer from raw inputs to what the core takes; its `raw_input()` is the
            input of the model, or the dict of its inputs.
        task: What is asked of it, as `Classification(["cat", "dog"])`.
        name: Name of the model; None takes the core's.

    Output:
        `{"logits": (batch, num_classes), "probabilities": (batch, num_classes)}`, float32; of
        other tasks what their `outputs` says.
    """

    def __init__(self, core, preprocessing, task, name=None):
        inputs = preprocessing.raw_input()
        outputs = task.outputs(core(preprocessing(inputs), training=False))
        with warnings.catch_warnings():  # a column may be called what no tensor can be
            warnings.filterwarnings("ignore", "When providing `inputs` as a dict")
            super().__init__(inputs=inputs, outputs=outputs, name=name or core.name)
        self.core = core
        self.preprocessing = preprocessing
        self.task = task

    @property
    def class_names(self):
        """List of strings, one for each logit of a classification."""
        return self.task.class_names

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
        x = self.preprocessing.from_user(x, decoded)
        if not len(keras.tree.flatten(x)[0]):
            return {name: np.zeros((0, *o.shape[1:]), o.dtype) for name, o in self.output.items()}
        if any(array.dtype == "float64" for array in keras.tree.flatten(x)):
            import tensorflow as tf

            # of arrays, Keras would make float32 before the model sees them
            return super().predict(
                tf.data.Dataset.from_tensor_slices(x).batch(batch_size or 32), **kwargs
            )
        return super().predict(x, batch_size=batch_size, **kwargs)

    def preprocess(self, inputs):
        """Returns what `predict` takes as `core` takes it: an array, of records a dict of them.

        Args:
            inputs: Raw inputs; images may differ in size, in a list or an array of them.
        """
        preprocessing = self.preprocessing
        if preprocessing.kind == "image" and _are_images(inputs):
            return np.concatenate([self.preprocess(np.asarray(image)[None]) for image in inputs])
        return preprocessing.ready(preprocessing.as_raw(inputs))

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "name": self.name,
            "core": serialize(self.core),
            "preprocessing": serialize(self.preprocessing),
            "task": self.task.get_config(),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        parts = ("core", "preprocessing", "name")
        for part in parts[:2]:
            config[part] = keras.saving.deserialize_keras_object(config[part], custom_objects)
        return cls(task=task_of_config(config), **{key: config[key] for key in parts})


def _are_images(inputs):
    """Whether these are images one by one, which may differ in size, and no array of them."""
    is_list = isinstance(inputs, list | tuple) or getattr(inputs, "dtype", "") == "object"
    return is_list and len(inputs) > 0 and getattr(inputs[0], "ndim", 0) >= 2


def task_of_config(config):
    """Returns the task in the config of a `TrainedModel`, where older files have class names.

    Raises:
        ValueError: If there is none.
    """
    names = config.get("class_names")
    return task_from(config.get("task") or {"name": "classification", "class_names": names})
