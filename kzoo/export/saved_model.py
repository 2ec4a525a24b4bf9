"""A SavedModel, which takes raw input and needs no kzoo."""

import contextlib
import json
from pathlib import Path

import keras

from kzoo.explanation.attention import attention_model
from kzoo.saved.exported import DESCRIPTION


def write_saved_model(model, path):
    """Writes a SavedModel with a signature for each thing that one asks a model for.

    Args:
        model: A `TrainedModel`.
        path: Folder to write.

    Signatures, each from raw input: `serve`, which is also `serving_default`, to the outputs
    of the task; `features`, to what the layer of that name gives; `attention`, to the scores
    of each attention layer. The last two are left out where a model has none.

    How the model is built stands in a file beside the graph, for `ExportedModel.recover`.
    """
    archive = keras.export.ExportArchive()
    archive.track(model.preprocessing)  # for its tables of strings
    raw = model.preprocessing.raw_input()
    with meanwhile(model.core, use_cudnn=False):
        for name, function in _signatures(model).items():
            archive.add_endpoint(name, function, [raw])
        for name in ("variables", "trainable_variables", "non_trainable_variables"):
            # TensorFlow's own: beside Keras' variables, every weight would be written twice
            archive.add_variable_collection(name, [v.value for v in getattr(model, name)])
        archive.write_out(path, verbose=False)
    file = Path(path) / DESCRIPTION
    file.parent.mkdir(exist_ok=True)
    description = keras.saving.serialize_keras_object(model)
    file.write_text(json.dumps(description, ensure_ascii=False), encoding="utf-8")


def _signatures(model):
    """Returns a dict from each name to a function of the raw input."""
    core = model.core
    signatures = {"serve": lambda raw: model(raw, training=False)}
    if any(layer.name == "features" for layer in core.layers):
        outputs = {"features": core.get_layer("features").output}
        signatures["features"] = _from_raw(keras.Model(core.inputs, outputs), model)
    if attention := attention_model(core):
        signatures["attention"] = _from_raw(attention, model)
    return signatures


def _from_raw(part, model):
    return lambda raw: part(model.preprocessing(raw), training=False)


@contextlib.contextmanager
def meanwhile(core, **attributes):
    """Lets layers that have such attributes have these values, and then their own again.

    With `use_cudnn=False`, recurrent layers are traced as ops that run on every device.
    """
    layers = core._flatten_layers()  # those inside other layers too
    own = [(layer, name) for layer in layers for name in attributes if hasattr(layer, name)]
    own = [(layer, name, getattr(layer, name)) for layer, name in own]
    try:
        for layer, name, _ in own:
            setattr(layer, name, attributes[name])
        yield
    finally:
        for layer, name, value in own:
            setattr(layer, name, value)
