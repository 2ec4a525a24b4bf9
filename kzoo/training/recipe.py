"""A recipe: one YAML file, checked against the functions that its sections are handed to."""

import inspect
from typing import get_args

from kzoo.config import ConfigError, check, override, read
from kzoo.data import DATASETS
from kzoo.export import ExportError, check_packages
from kzoo.lazy import Lazy
from kzoo.models import MODELS
from kzoo.saved.shipped import find_recipe
from kzoo.tasks import DEFAULT, LEARN
from kzoo.training.loggers import CALLBACKS, check_callbacks
from kzoo.training.optimizers import OPTIMIZERS, SCHEDULES, check_ranges
from kzoo.types import LEARNED

REGISTRIES = {
    "task": LEARN,
    "data": DATASETS,
    "data.augmentation": Lazy("kzoo.data.augmentation", "augment"),
    "data.split": Lazy("kzoo.data.sides", "split"),
    "data.text": Lazy("kzoo.preprocessing.text", "TextPreprocessing.learn"),
    "model": MODELS,
    "finetune": Lazy("kzoo.training.finetune", "starting_point"),
    "training": Lazy("kzoo.training.fit"),
    "training.optimizer": OPTIMIZERS,
    "training.schedule": SCHEDULES,
    "training.callbacks": CALLBACKS,
    "export": Lazy("kzoo.export.writing", "export"),
    "card": Lazy("kzoo.report.card"),
}


def load_config(path, overrides=None, start=None):
    """Reads a recipe and checks all of it, before any data is read.

    Args:
        path: YAML file, or the name of a recipe that comes with kzoo.
        overrides: Dict from dotted key to value, as in `{"training.epochs": 2}`.
        start: A trained model to go on from in place of the recipe's own; what that decides is
            left out. None takes the recipe as it is.

    Returns:
        Nested dict with every default written out.

    Raises:
        NoRecipeError: If it is a name, and there is no such recipe.
        ConfigError: With a line or two for every key that is wrong.
    """
    path = find_recipe(path)
    config = {"task": DEFAULT, **read(path)}
    if start is not None:
        config = _going_on_from(config, start)
    config = override(config, overrides or {}, source=str(path))
    config = check(*_with_one_model(config, path), source=str(path))
    if "finetune" in config:
        config["data"] = _without_learned(config["data"])
    try:
        check_ranges(config["training"]["optimizer"])
    except ValueError as error:
        raise ConfigError(f"{path}: training.optimizer: {error}") from None
    check_callbacks(config["training"]["callbacks"])
    try:
        check_packages(config["export"]["formats"])
    except ExportError as error:
        raise ConfigError(f"{path}: export.formats: {error}") from None
    return config


def _going_on_from(config, start):
    """Returns a recipe with another model to go on from."""
    finetune = config.get("finetune")
    finetune = finetune if isinstance(finetune, dict) else {}
    config = {key: value for key, value in config.items() if key != "model"}
    if isinstance(config.get("data"), dict):
        config["data"] = _without_learned(config["data"])
    return {**config, "finetune": {**finetune, "from": start}}


def _with_one_model(config, path):
    """Returns a config and the registries of its sections: `model` or `finetune`, not both."""
    config = {k: v for k, v in config.items() if v is not None or k not in ("model", "finetune")}
    if "finetune" not in config:
        return config, {**REGISTRIES, "finetune": None}
    if "model" in config:
        raise ConfigError(
            f"{path}: the model is the one of finetune.from. Remove the section model, or finetune."
        )
    data = config.get("data")
    if isinstance(data, dict):
        if given := [key for key in _learned(data) if data.get(key) is not None]:
            raise ConfigError(
                f"{path}: data.{given[0]} is decided by the model of finetune.from, which has "
                "learnt to read as it does. Remove it."
            )
        config["data"] = _without_learned(data)
    return config, {**REGISTRIES, "model": None}


def _learned(data):
    """Returns the keys of a section `data` that the pre-processing of a trained model decides."""
    name = data.get("name")
    if not isinstance(name, str) or name not in DATASETS:
        return []  # an error by itself
    parameters = inspect.signature(DATASETS[name]).parameters.items()
    return [key for key, p in parameters if LEARNED in get_args(p.annotation)]


def _without_learned(data):
    learned = _learned(data)
    return {key: value for key, value in data.items() if key not in learned}
