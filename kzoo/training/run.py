"""The story of a run: from a config to a folder with a trained model."""

import dataclasses
from pathlib import Path

import keras

from kzoo.config import ConfigError, dump
from kzoo.data import load_data
from kzoo.data.batches import steps_per_epoch
from kzoo.data.report import report
from kzoo.messages import listed, reason
from kzoo.models import MODELS, SEVERAL_INPUTS
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks import TASKS
from kzoo.training.checkpoints import Checkpoints
from kzoo.training.class_weights import by_class_name
from kzoo.training.environment import environment, peak_memory_bytes
from kzoo.training.failures import Failures, RunError
from kzoo.training.finetune import adapt, starting_point
from kzoo.training.fit import TrainingStopped, fit, follow_data
from kzoo.training.optimizers import create_optimizer
from kzoo.training.resume import check_same, find_unfinished, save_run, target_of
from kzoo.training.run_folder import check_run_folder, resumed_folder, run_folder, write
from kzoo.training.signals import signals_wait
from kzoo.training.stages import (
    choose,
    export_once,
    keep_best,
    save_weights,
    test_once,
    write_report,
)

__all__ = ["Run", "RunError", "read_data_and_build", "run"]

FEW_STEPS = 50  # in which hardly a network learns anything
ARGUMENT = {"from": "from_"}  # a word that Python keeps for itself


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run leaves.

    Attributes:
        folder: `Path` of its folder.
        model: The `TrainedModel`.
        metrics: Dict, what `metrics.json` holds.
    """

    folder: Path
    model: TrainedModel
    metrics: dict = dataclasses.field(repr=False)


def run(
    config, run_dir=None, overwrite=False, dry_run=False, test=True, resume=False, load=load_data
):
    """Trains the model of a config, tests it once and writes the folder of the run.

    Args:
        config: Nested dict from `load_config`.
        run_dir: Folder for the results; None takes the next free `runs/<name>`.
        overwrite: Whether results in that folder are replaced, once the new ones are complete.
        dry_run: Whether to stop once the data is read and the model built, after their
            description.
        test: Whether the test split is read, once, at the end.
        resume: Whether to go on with the unfinished run in that folder or, without one, with the
            newest of this name. Where there is none, a new one begins.
        load: Function that reads the data, as `load_data`.

    Returns:
        `Run`; None of a dry run.

    Raises:
        ConfigError: If the model cannot read such data, or an unfinished run has another recipe.
        CheckpointError: If there is nothing to go on with in the folder, or its data has changed.
        DataError: If the data cannot be had.
        RunFolderError: If the results have no place to go.
        RunError: If the run was stopped, or anything after the data failed.
    """
    unfinished = find_unfinished(config["name"], run_dir) if resume else None
    if not dry_run and not unfinished:
        check_run_folder(run_dir, overwrite)
    dataset, core = read_data_and_build(config, load)
    config = _following(dataset, config)
    weights = by_class_name(config["training"]["class_weight"], dataset.task.names)
    training = {**config["training"], "class_weight": weights}
    described = _describe(dataset, config)
    print(described)
    if dry_run:
        return core.summary()
    if unfinished:
        check_same(Checkpoints(unfinished), dump(config), dataset)
        place = resumed_folder(unfinished, target_of(unfinished))
    else:
        place = run_folder(config["name"], run_dir, overwrite)
    model = TrainedModel(core, dataset.preprocessing, dataset.task, config["name"])
    with place as folder, Failures(folder) as failures:
        _begin(folder, dataset, config, described)
        state = _train(model, dataset, folder.path, config, training, failures)
        if not (folder.path / "config.yaml").exists():
            print(f"{folder.path} was removed or renamed meanwhile. It is made anew.")
            _begin(folder, dataset, config, described)
        dataset = failures.attempt("Nothing was chosen", choose, model, dataset) or dataset
        files = export_once(model, dataset, folder.path, config, state.step, failures)
        logits, tested = None, {}
        if test:
            attempted = (test_once, core, dataset, folder.path, config, state.step, failures)
            logits, tested = failures.attempt("The test failed", *attempted) or (None, {})
        facts = _facts(state, core, dataset.task, config)
        metrics = {**tested, **facts, "files": files}
        write_report(model, dataset, logits, metrics, folder.path, config, failures)
        failures.check()
        if "keras" not in config["export"]["formats"]:
            (folder.path / "model.keras").unlink()
        folder.complete()
        Checkpoints(folder.target).close(config["training"]["keep_checkpoints"])
    return Run(folder.target, model, metrics)


def _begin(folder, dataset, config, described):
    """Writes what is known before the training."""
    write(folder.path / "config.yaml", dump(config))
    write(folder.path / "data.txt", described)
    dataset.preprocessing.write_assets(folder.path)
    save_run(folder, dump(config), dataset)


def _train(model, dataset, folder, config, training, failures):
    """Trains the core of a model, and writes its best weights whatever happens.

    Returns:
        `KeepState`.

    Raises:
        RunError: If the training was stopped.
    """
    stop = None
    with signals_wait() as check:  # until the weights are on disk, or the end of a step
        try:
            state = fit(model.core, dataset, config["seed"], folder, check, **training)
        except TrainingStopped as error:
            stop = error  # and after this block: a failure to save is no consequence of it
        if stop:
            keep_best(stop, model, folder, config, failures)
            raise failures.error(stop.exit_code) from failures.unforeseen
        failures.attempt("", save_weights, model, folder)
    return state


def read_data_and_build(config, load=load_data):
    """Returns the `Dataset` of a config and, built for it, the core.

    Args:
        config: The resolved config.
        load: Function that reads the data, as `load_data`.

    Raises:
        ConfigError: If the model cannot read such data, or the training does not suit the task.
        DataError: If the data cannot be had.
        LoadError: If there is no such model to go on from, or it cannot be loaded.
    """
    _check_task(config)
    _check_optimizer(config["training"])
    _check_backend(config["export"]["formats"])
    keras.utils.set_random_seed(config["seed"])
    start = None
    if "finetune" in config:  # before the data, which may take its time
        start = starting_point(**{ARGUMENT.get(k, k): v for k, v in config["finetune"].items()})
    name = config.get("model", {}).get("name")
    preprocessing = start and start.preprocessing
    dataset = load(config["data"], preprocessing, config["task"], name in SEVERAL_INPUTS)
    if start:
        return adapt(start, dataset)
    if isinstance(dataset.preprocessing.example_shape, dict) and name not in SEVERAL_INPUTS:
        raise ConfigError(
            f"model.name must be {listed(SEVERAL_INPUTS)}, which reads texts and images beside "
            f"numbers and categories; or leave those out with data.columns. Received: {name}"
        )
    decided = [dataset.preprocessing.example_shape, dataset.task.num_outputs]
    if dataset.preprocessing.vocabulary_size:
        decided.append(dataset.preprocessing.vocabulary_size)
    try:
        options = {key: value for key, value in config["model"].items() if key != "name"}
        core = MODELS[name](*decided, **options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"model {name}: {reason(error)}") from None
    return dataset, core


def _check_task(config):
    """Refuses a training that does not suit the task."""
    task = TASKS[config["task"]["name"]].load()
    if problems := list(task.misfits(config["training"])):
        raise ConfigError("\n".join(problems))


def _check_optimizer(training):
    """Refuses what Keras refuses, before the data is read."""
    try:
        create_optimizer(training["optimizer"], training["schedule"], steps=1)
    except ValueError as error:
        raise ConfigError(f"training.optimizer: {reason(error)}") from None


def _check_backend(formats):
    """Refuses to train what cannot be exported afterwards."""
    backend = keras.backend.backend()
    others = [name for name in formats if name != "keras"]
    if others and backend != "tensorflow":
        raise ConfigError(
            f"export.formats: {listed(others)} can be written on the TensorFlow backend only. Set "
            f"it to [keras], or KERAS_BACKEND to tensorflow. Received: {backend}"
        )


def _following(dataset, config):
    """Returns a config with what was not given and follows the data."""
    data = {**config["data"], "batch_size": dataset.batch_size}
    return {**config, "data": data, "training": follow_data(config["training"], dataset)}


def _describe(dataset, config):
    """Returns the report on the data, and whether there are enough steps to learn from it."""
    steps = steps_per_epoch(dataset) * config["training"]["epochs"]
    if steps >= FEW_STEPS:
        return report(dataset)
    return (
        f"{report(dataset)}{steps} training steps in all are few: lower data.batch_size or raise "
        "training.epochs\n"
    )


def _facts(state, core, task, config):
    """Returns what `metrics.json` holds beside the numbers of the test."""
    best = state.best
    return {
        f"validation_{task.metric}": best.best_logs[task.metric],
        "validation_loss": best.best_logs["loss"],
        "best_epoch": best.best_epoch,
        "epochs": best.epochs,
        "parameters": core.count_params(),
        "train_seconds": state.seconds,
        "peak_memory_bytes": peak_memory_bytes(),
        "seed": config["seed"],
        **environment(),
    }
