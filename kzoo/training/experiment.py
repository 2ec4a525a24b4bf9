"""The story of one run: from a config to a folder with a trained model."""

import dataclasses
import json
import time
from pathlib import Path

import keras

from kzoo.config import ConfigError, check, dump, override, read
from kzoo.data import DATASETS, load_data
from kzoo.data.augmentation import augment
from kzoo.data.batches import evaluation_batches, steps_per_epoch
from kzoo.data.report import report
from kzoo.data.split import read_examples
from kzoo.data.text_preprocessing import learn_text_preprocessing
from kzoo.evaluation import classification_metrics
from kzoo.explain import SHOWN, explain
from kzoo.export import ExportError, check_packages, export, reason
from kzoo.models import MODELS, attention_model
from kzoo.saving import Classifier, with_preprocessing
from kzoo.training.card import card
from kzoo.training.class_weights import class_weights
from kzoo.training.environment import environment, peak_memory_bytes
from kzoo.training.examples import validation_inputs
from kzoo.training.finetune import adapt, starting_point
from kzoo.training.fit import TrainingStopped, fit
from kzoo.training.optimizers import OPTIMIZERS, SCHEDULES, create_optimizer
from kzoo.training.run_folder import check_run_folder, create_run_folder
from kzoo.visualization import draw_confusion_matrix, draw_curves

REGISTRIES = {
    "data": DATASETS,
    "data.augmentation": augment,
    "data.text": learn_text_preprocessing,
    "model": MODELS,
    "finetune": starting_point,
    "training": fit,
    "training.optimizer": OPTIMIZERS,
    "training.schedule": SCHEDULES,
    "export": export,
    "card": card,
}
ARGUMENT = {"from": "from_"}  # a word that Python keeps for itself
FEW_STEPS = 50  # in which hardly a network learns anything
# in data: how a trained model reads
OF_THE_MODEL = ("text", "image_size", "channels", "background")


class RunError(Exception):
    """A run that failed; the message says what happened, what is kept and how to go on."""


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run leaves.

    Attributes:
        folder: `Path` of its folder.
        model: The trained `Classifier`.
        metrics: Dict, what `metrics.json` holds.
    """

    folder: Path
    model: Classifier
    metrics: dict = dataclasses.field(repr=False)


def load_config(path, overrides=None):
    """Reads a recipe and checks all of it, before any data is read.

    Args:
        path: YAML file.
        overrides: Dict from dotted key to value, as in `{"training.epochs": 2}`.

    Returns:
        Nested dict with every default written out.

    Raises:
        ConfigError: With a line or two for every key that is wrong.
    """
    config = override(read(path), overrides or {}, source=str(path))
    config = check(*_with_one_model(config, path), source=str(path))
    if "finetune" in config:
        config["data"] = _without_what_the_model_decides(config["data"])
    training = config["training"]
    try:
        create_optimizer(training["optimizer"], training["schedule"], steps=1)
    except ValueError as error:
        raise ConfigError(f"{path}: training.optimizer: {reason(error)}") from None
    try:
        check_packages(config["export"]["formats"])
    except ExportError as error:
        raise ConfigError(f"{path}: export.formats: {error}") from None
    return config


def load_data_and_core(config):
    """Returns the `Dataset` of a config and, built for it, the core.

    Raises:
        ConfigError: If the model cannot read such data, or a class weight is for no class of it.
        DataError: If the data cannot be had.
        LoadError: If there is no such model to go on from, or it cannot be loaded.
    """
    keras.utils.set_random_seed(config["seed"])
    start = None
    if "finetune" in config:  # before the data, which may take its time
        start = starting_point(**{ARGUMENT.get(k, k): v for k, v in config["finetune"].items()})
    dataset = load_data(config["data"], start and start.preprocessing)
    try:
        class_weight = config["training"]["class_weight"]
        class_weights(class_weight, dataset.train.labels, dataset.class_names)
    except ValueError as error:
        raise ConfigError(f"training.class_weight: the data {error}") from None
    if start:
        return adapt(start, dataset)
    decided = [dataset.input_shape, dataset.num_classes]
    if dataset.vocabulary_size:
        decided.append(dataset.vocabulary_size)
    try:
        options = {key: value for key, value in config["model"].items() if key != "name"}
        core = MODELS[config["model"]["name"]](*decided, **options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"model {config['model']['name']}: {reason(error)}") from None
    return dataset, core


def describe_data(dataset, config):
    """Returns the report on the data, and whether there are enough steps to learn from it."""
    steps = steps_per_epoch(dataset) * config["training"]["epochs"]
    if steps >= FEW_STEPS:
        return report(dataset)
    return (
        f"{report(dataset)}{steps} training steps in all are few: lower data.batch_size or raise "
        "training.epochs\n"
    )


def run_experiment(config, run_dir=None, overwrite=False):
    """Trains the model of a config, tests it once and writes the folder of the run.

    Args:
        config: Nested dict from `load_config`.
        run_dir: Folder for the results; None takes the next free `runs/<name>`.
        overwrite: Whether results in that folder are replaced.

    Returns:
        `Run`.

    Raises:
        ConfigError: If the model cannot read such data.
        DataError: If the data cannot be had.
        RunFolderError: If the results have no place to go.
        RunError: If training failed; the best model so far is kept.
        ExportError: If a format could not be written; all the other results are.
    """
    check_run_folder(run_dir, overwrite)
    dataset, core = load_data_and_core(config)
    described = describe_data(dataset, config)
    print(described)
    model = with_preprocessing(core, dataset.preprocessing, dataset.class_names, config["name"])
    folder = create_run_folder(config["name"], run_dir, overwrite)
    (folder / "config.yaml").write_text(dump(config), encoding="utf-8")
    (folder / "data.txt").write_text(described, encoding="utf-8")
    if hasattr(dataset.preprocessing, "write_assets"):
        dataset.preprocessing.write_assets(folder)

    start = time.perf_counter()
    try:
        best = fit(core, dataset, config["seed"], folder / "history.csv", **config["training"])
    except TrainingStopped as stop:
        raise RunError(_keep_what_there_is(stop, model, folder, config)) from stop.__cause__
    train_seconds = time.perf_counter() - start

    files, failure = _export(model, dataset, folder, config)
    metrics = {
        **_test(core, dataset),
        "validation_accuracy": best.best_logs["accuracy"],
        "validation_loss": best.best_logs["loss"],
        "best_epoch": best.best_epoch,
        "epochs": best.epochs,
        "parameters": core.count_params(),
        "train_seconds": train_seconds,
        "peak_memory_bytes": peak_memory_bytes(),
        "seed": config["seed"],
        **environment(),
        "files": files,
    }
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=2), encoding="utf-8")
    figures = _draw(model, dataset, metrics, folder)
    (folder / "README.md").write_text(
        card(config, metrics, figures, **config["card"]), encoding="utf-8"
    )
    if failure:
        raise failure
    return Run(folder, model, metrics)


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
        if given := [key for key in OF_THE_MODEL if data.get(key) is not None]:
            raise ConfigError(
                f"{path}: data.{given[0]} is decided by the model of finetune.from, which has "
                "learnt to read as it does. Remove it."
            )
        config["data"] = _without_what_the_model_decides(data)
    return config, {**REGISTRIES, "model": None}


def _without_what_the_model_decides(data):
    return {key: value for key, value in data.items() if key not in OF_THE_MODEL}


def _keep_what_there_is(stop, model, folder, config):
    """Saves the best model of a training that stopped; returns what to tell the user."""
    if not stop.best_epoch:
        return f"{stop}\nNo epoch had ended, so no model is kept. {stop.advice}"
    formats = [name for name in config["export"]["formats"] if name in ("keras", "saved_model")]
    export(model, folder, formats=formats)  # not compared: whatever stopped it may stop that too
    return (
        f"{stop}\nKept in {folder}: the model of epoch {stop.best_epoch}, the best so far. "
        f"{stop.advice}"
    )


def _export(model, dataset, folder, config):
    """Writes the formats; returns what the card tells of each file, and the error or None."""
    failure = None
    try:
        written = export(model, folder, validation_inputs(dataset), **config["export"])
    except ExportError as error:
        written, failure = error.written, error
    files = {
        file.path.name: {
            "bytes": file.size,
            "difference": file.difference,
            "same_class": file.same_class,
            "note": file.note,
        }
        for file in written
    }
    return files, failure


def _test(core, dataset):
    """Reads the test split, the only time that it is read."""
    logits = core.predict(evaluation_batches(dataset, dataset.test), verbose=0)
    metrics = classification_metrics(logits, dataset.test.labels, dataset.class_names)
    return {f"test_{name}": value for name, value in metrics.items()}


def _draw(model, dataset, metrics, folder):
    """Draws the figures; returns their paths, relative to the folder."""
    figures = folder / "figures"
    figures.mkdir(exist_ok=True)
    draw_curves(folder / "history.csv", figures / "curves.png")
    draw_confusion_matrix(
        metrics["test_confusion_matrix"], dataset.class_names, figures / "confusion_matrix.png"
    )
    if attention_model(model.core):
        shown = read_examples(dataset.test, range(min(SHOWN, len(dataset.test))))
        figure = explain(model, shown.inputs, shown.labels).figure()
        figure.savefig(figures / "attention.png", dpi=150)
    return [path.relative_to(folder) for path in sorted(figures.glob("*.png"))]
