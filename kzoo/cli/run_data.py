"""The data that a trained model is for."""

import keras
import numpy as np

from kzoo.cli.inputs import input_kind
from kzoo.cli.predict import class_names
from kzoo.config import ConfigError, check, override, read
from kzoo.data import load_data
from kzoo.data.batches import evaluation_batches
from kzoo.data.dataset import Stream, differ_in_shape, read_with
from kzoo.messages import DataError, listed, reason
from kzoo.saved.classifier import Classifier
from kzoo.saved.exported import signature_of
from kzoo.saved.shipped import find_recipe, folder_of
from kzoo.training.recipe import REGISTRIES


def load_run_data(source, model, config=None, overrides=None):
    """Loads the data of the run that a model is from, or other data with its classes.

    Args:
        source: As `kzoo.load` takes it.
        model: What `kzoo.load` made of it.
        config: YAML file, of which the section `data` is read; None takes the one in the run
            folder of the model.
        overrides: Dict from dotted key to value, as in `{"data.path": "new.csv"}`.

    Returns:
        `Dataset`.

    Raises:
        ConfigError: If the config is wrong, or names data that the model is not for.
        DataError: If the data cannot be had.
    """
    section = _data_section(config or _config_of_run(source), overrides or {})
    try:
        dataset = load_data(section, getattr(model, "preprocessing", None))
    except DataError as error:
        if config or overrides:
            raise
        raise DataError(f"{error}\nOther data with its classes will do: --config.") from None
    _check_data(source, model, dataset)
    return dataset


def predict_test_split(source, model, dataset):
    """Returns the logits of the test split, with the pre-processing that the model holds.

    Raises:
        ConfigError: If the model cannot read the data.
    """
    try:
        return _logits(model, dataset)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{source} cannot read the data: {reason(error)}") from None


def _config_of_run(source):
    path = folder_of(source) / "config.yaml"
    if not path.is_file():
        raise ConfigError(f"There is no {path}: name a config with --config.")
    return path


def _data_section(path, overrides):
    """Returns the checked section `data` of a config; the others need not be there."""
    path = find_recipe(path)
    config = {key: value for key, value in read(path).items() if key in ("name", "data")}
    registries = {key: value for key, value in REGISTRIES.items() if key.split(".")[0] == "data"}
    config = override({"name": "evaluation", **config}, overrides, source=str(path))
    return check(config, registries, source=str(path))["data"]


def _check_data(source, model, dataset):
    """Refuses data of other classes or of another kind than the model was trained on."""
    names = class_names(model)
    if names != dataset.class_names:
        raise ConfigError(
            f"The classes of the data are not those of {source}.\n"
            f"The data has: {listed(dataset.class_names)}. The model has: {listed(names)}."
        )
    reads = input_kind(signature_of(model).inputs)
    holds = input_kind(dataset.preprocessing.raw_input())
    if reads != holds:
        raise ConfigError(f"{source} reads {reads}s. The data holds {holds}s.")


def _logits(model, dataset):
    """Returns what a model makes of the test split with the pre-processing that it holds."""
    if isinstance(model, Classifier):
        own = read_with(dataset, model.preprocessing)
        return model.core.predict(evaluation_batches(own, own.test), verbose=0)
    batches = _raw_batches(dataset.test, dataset.batch_size)
    known = {"decoded": True} if hasattr(model, "preprocessing") else {}
    return np.concatenate([model.predict(batch, **known)["logits"] for batch in batches])


def _raw_batches(examples, batch_size):
    if isinstance(examples, Stream):
        return (image[None] for image, _ in examples.open().as_numpy_iterator())
    if differ_in_shape(examples.inputs):
        return (image[None] for image in examples.inputs)
    return (
        keras.tree.map_structure(lambda array, i=i: array[i : i + batch_size], examples.inputs)
        for i in range(0, len(examples), batch_size)
    )
