"""Goes on from a trained model: on other data, to other classes."""

import dataclasses
import fnmatch
from collections.abc import Sequence

import keras

from kzoo.config import ConfigError
from kzoo.data.dataset import read_with
from kzoo.messages import listed, nearest
from kzoo.saved.classifier import Classifier
from kzoo.saved.exported import ExportedModel
from kzoo.saved.load import load
from kzoo.saved.shipped import LoadError


def starting_point(*, from_: str, trainable: Sequence[str] = ("*",)):
    """Loads a trained model, and freezes what is to stay as it is.

    Args:
        from_: In a config, `from`: the name of a shipped model, a run folder, a `.keras` file, or
            a SavedModel folder that kzoo has exported.
        trainable: Names of the layers that are trained, or patterns of them, as in `"conv_*"`.
            The others keep their weights, and normalization its statistics.

    Returns:
        `Classifier`.

    Raises:
        NoModelError: If there is no such model.
        LoadError: If it cannot be loaded.
        ConfigError: If it is none of kzoo, or a pattern fits no layer with weights.
    """
    model = load(from_)
    try:
        model = model.recover() if isinstance(model, ExportedModel) else model
    except LoadError as error:
        raise ConfigError(f"finetune.from: {error}") from None
    if not isinstance(model, Classifier):
        raise ConfigError(f"finetune.from takes a model of kzoo. Received: {from_}")
    _freeze(model.core, trainable, from_)
    return model


def adapt(model, dataset):
    """Makes data and model fit each other.

    Args:
        model: `Classifier` that `starting_point` returned.
        dataset: `Dataset`.

    Returns:
        The `Dataset`, read with the pre-processing of the model, and a core with the weights of
        the model. Where the classes are others it has a new head, which is trained in any case.

    Raises:
        ConfigError: If the model cannot read the data.
    """
    try:
        dataset = read_with(dataset, model.preprocessing)
    except ValueError as error:
        raise ConfigError(f"finetune: {error}") from None
    core = type(model.core).from_config(model.core.get_config())  # dropout by the seed of the run
    core.set_weights(model.core.get_weights())
    for layer, old in zip(core.layers, model.core.layers, strict=True):
        _set_trainable(layer, old.trainable)
    head = "its head is kept"
    if dataset.class_names != model.class_names:
        core = _with_new_head(core, dataset.num_classes)
        head = "a new head, for other classes"
    trained = sum(layer.trainable for layer in _with_weights(core))
    note = f"from {model.name}: {trained} of {len(_with_weights(core))} layers are trained; {head}"
    return dataclasses.replace(dataset, notes=(*dataset.notes, note)), core


def _freeze(core, trainable, source):
    layers = _with_weights(core)
    names = [layer.name for layer in layers]
    for pattern in trainable:
        if not fnmatch.filter(names, pattern):
            raise ConfigError(
                f"finetune.trainable: {source} has no layer {pattern!r} with weights."
                f"{nearest(pattern, names)}\nIt has: {listed(names)}."
            )
    for layer in layers:
        _set_trainable(layer, any(fnmatch.fnmatchcase(layer.name, p) for p in trainable))


def _set_trainable(layer, value):
    """Freezes or thaws a layer with all that is inside it.

    From its config, a layer comes frozen with thawed layers inside, and Keras on TensorFlow skips
    an attribute that has the value already.
    """
    layer.trainable = not value
    layer.trainable = value


def _with_weights(core):
    return [layer for layer in core.layers if layer.weights]


def _with_new_head(core, num_classes):
    old = core.get_layer("logits")
    config = {**old.get_config(), "units": num_classes, "trainable": True}
    return keras.Model(
        core.input, keras.layers.Dense.from_config(config)(old.input), name=core.name
    )
