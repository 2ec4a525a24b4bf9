"""Tests a trained model on the test split of its data, or of other data with its targets."""

import dataclasses

import keras
import numpy as np

from kzoo.config import ConfigError, check, override, read
from kzoo.data import load_data
from kzoo.data.batches import evaluation_batches
from kzoo.data.dataset import Stream, differ_in_shape
from kzoo.messages import DataConfigError, DataError, listed, reason
from kzoo.saved.load import load
from kzoo.saved.shipped import find_model, find_recipe
from kzoo.saved.signature import kind_of, show_specs, signature_of
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification
from kzoo.training.recipe import REGISTRIES


def evaluate(model, config=None, overrides=None):
    """Tests a trained model on the test split of its data, with its own pre-processing.

    Args:
        model: As `kzoo.load` takes it: the name of a shipped model, a run folder, or a path.
        config: YAML file, or the name of a recipe, of which the section `data` is read; None
            takes the one in the run folder of the model.
        overrides: Dict from dotted key to value, as in `{"data.path": "new.csv"}`.

    Returns:
        Dict with the keys `test_...` that `metrics.json` has too.

    Raises:
        ConfigError: If the config is wrong, or names data that the model is not for.
        DataError: If the data cannot be had.
        LoadError: If the model cannot be loaded.
    """
    path = find_model(model)
    loaded = load(path)
    dataset = load_run_data(model, path, loaded, config, overrides)
    logits = predict_test_split(model, loaded, dataset)
    metrics = dataset.task.evaluate(logits, dataset.test.labels)
    return {f"test_{key}": value for key, value in metrics.items()}


def load_run_data(source, path, model, config=None, overrides=None):
    """Loads the data of the run that a model is from, or other data with its targets.

    Args:
        source: What a message calls the model.
        path: `Path` of the model.
        model: What `kzoo.load` made of it.
        config: As of `evaluate`, like `overrides`.
        overrides: Dict from dotted key to value.

    Returns:
        `Dataset`.

    Raises:
        ConfigError: If the config is wrong, or names data that the model is not for.
        DataError: If the data cannot be had.
    """
    section = _data_section(config or _config_of_run(path), overrides or {})
    preprocessing, task = getattr(model, "preprocessing", None), task_of(model)
    reads = kind_of(model)
    asked = {"name": task.name, **task.options}
    try:
        dataset = load_data(section, preprocessing, asked)
    except DataConfigError:
        raise
    except DataError as error:
        if config or overrides:
            raise
        raise DataError(f"{error}\nOther data with its targets will do: --config.") from None
    holds = dataset.preprocessing.kind
    if task != dataset.task:
        raise ConfigError(
            f"The {task.kind} of the data are not those of {source}.\n"
            f"The data has: {listed(dataset.task.names)}. The model has: {listed(task.names)}."
        )
    if reads != holds:
        raise ConfigError(f"{source} reads {reads}s. The data holds {holds}s.")
    return dataclasses.replace(dataset, task=task)


def task_of(model):
    """Returns the task of a model; of one that is not of kzoo, numbers are the names of classes.

    Raises:
        ConfigError: If the model gives no probabilities.
    """
    if task := getattr(model, "task", None):
        return task
    outputs = signature_of(model).outputs
    if not isinstance(outputs, dict) or not {"logits", "probabilities"} <= outputs.keys():
        raise ConfigError(
            "The model must give logits and probabilities, as those of kzoo do. "
            f"This one gives {show_specs(outputs)}."
        )
    return Classification([str(i) for i in range(outputs["probabilities"].shape[-1])])


def predict_test_split(source, model, dataset):
    """Returns the logits of the test split, with the pre-processing that the model holds.

    Raises:
        ConfigError: If the model cannot read the data.
    """
    try:
        if isinstance(model, TrainedModel):
            return model.core.predict(evaluation_batches(dataset, dataset.test), verbose=0)
        known = {"decoded": True} if hasattr(model, "preprocessing") else {}
        batches = _raw_batches(dataset.test, dataset.batch_size)
        outputs = [model.predict(batch, **known) for batch in batches]
        return np.concatenate([task_of(model).logits(batch) for batch in outputs])
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{source} cannot read the data: {reason(error)}") from None


def _config_of_run(path):
    config = path.parent / "config.yaml"
    if not config.is_file():
        raise ConfigError(f"There is no {config}: name a config with --config.")
    return config


def _data_section(path, overrides):
    """Returns the checked section `data` of a config; the others need not be there."""
    path = find_recipe(path)
    config = {key: value for key, value in read(path).items() if key in ("name", "data")}
    registries = {key: value for key, value in REGISTRIES.items() if key.split(".")[0] == "data"}
    config = override({"name": "evaluation", **config}, overrides, source=str(path))
    return check(config, registries, source=str(path))["data"]


def _raw_batches(examples, batch_size):
    if isinstance(examples, Stream):
        return (image[None] for image, _ in examples.open().as_numpy_iterator())
    if differ_in_shape(examples.inputs):
        return (image[None] for image in examples.inputs)
    return (
        keras.tree.map_structure(lambda array, i=i: array[i : i + batch_size], examples.inputs)
        for i in range(0, len(examples), batch_size)
    )
