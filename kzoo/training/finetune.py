"""Goes on from a trained model: on other data, to other classes or another task."""

import dataclasses
import fnmatch
from collections.abc import Sequence

import keras

from kzoo.config import ConfigError
from kzoo.messages import listed, nearest
from kzoo.saved.exported import ExportedModel
from kzoo.saved.load import load
from kzoo.saved.shipped import LoadError
from kzoo.saved.trained_model import TrainedModel


def starting_point(*, from_: str, trainable: Sequence[str] = ("*",)):
    """Loads a trained model, and freezes what is to stay as it is.

    Args:
        from_: In a config, `from`: the name of a shipped model, a run folder, a `.keras` file, or
            a SavedModel folder that kzoo has exported.
        trainable: Names of the layers that are trained, or patterns of them, as in `"conv_*"`.
            The others keep their weights, and normalization its statistics.

    Returns:
        `TrainedModel`.

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
    if not isinstance(model, TrainedModel):
        raise ConfigError(f"finetune.from takes a model of kzoo. Received: {from_}")
    _freeze(model.core, trainable, from_)
    return model


def adapt(model, dataset):
    """Gives a trained model what the data asks for.

    Args:
        model: `TrainedModel` that `starting_point` returned.
        dataset: `Dataset`, read with the pre-processing of the model.

    Returns:
        The `Dataset` with a line for its report, and a core with the weights of the model. Where
        the task is another one it has a new head, which is trained in any case.
    """
    core = type(model.core).from_config(model.core.get_config())  # dropout by the seed of the run
    core.set_weights(model.core.get_weights())
    for layer, old in zip(core.layers, model.core.layers, strict=True):
        _set_trainable(layer, old.trainable)
    task, head = model.task, "its head is kept"
    if dataset.task != model.task:
        task, head = dataset.task, f"a new head, for other {dataset.task.kind}"
        core = _with_new_head(core, task.num_outputs)
    trained = sum(layer.trainable for layer in _with_weights(core))
    note = f"from {model.name}: {trained} of {len(_with_weights(core))} layers are trained; {head}"
    return dataclasses.replace(dataset, task=task, notes=(*dataset.notes, note)), core


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


def _with_new_head(core, num_outputs):
    old = core.get_layer("logits")
    config = {**old.get_config(), "units": num_outputs, "trainable": True}
    return keras.Model(
        core.input, keras.layers.Dense.from_config(config)(old.input), name=core.name
    )
