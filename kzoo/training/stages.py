"""The stages of a run that follow its training; one that fails keeps no other from running."""

import dataclasses
import json

from kzoo.data.batches import evaluation_batches
from kzoo.data.examples import validation_inputs
from kzoo.data.split import read_examples
from kzoo.explanation.attention import attention_model
from kzoo.explanation.explain import SHOWN, explain
from kzoo.export import ExportError, export
from kzoo.messages import sentence
from kzoo.report.card import card
from kzoo.report.figures import draw_curves
from kzoo.training.baseline import baseline
from kzoo.training.checkpoints import Checkpoints
from kzoo.training.run_folder import write


def save_weights(model, folder):
    """Writes `model.keras`, whatever the formats: what was trained is on disk then.

    Raises:
        ExportError: If it cannot be written.
    """
    export(model, folder, formats=["keras"])


def keep_best(stop, model, folder, config, failures):
    """Saves the best model of a training that stopped, and notes what a user has to know.

    Args:
        stop: `TrainingStopped`.
        model: `TrainedModel`, with the best weights.
        folder: `Path` to write to.
        config: The resolved config.
        failures: `Failures`.
    """
    failures.note(stop)
    failures.final = stop.diverged
    if stop.__cause__ and sentence(stop.__cause__) is None:
        failures.unforeseen = stop.__cause__
    if not stop.best_epoch:
        failures.kept = f"No epoch had ended, so no model is kept. {stop.advice}".rstrip()
        return
    formats = [name for name in ("keras", "saved_model") if name in config["export"]["formats"]]
    try:  # not compared: whatever stopped it may stop that too
        export(model, folder, formats=formats if "keras" in formats else ["keras", *formats])
    except ExportError as error:
        failures.note(error)
        if not error.written:
            return
    kept = f"the model of epoch {stop.best_epoch}, the best so far. {stop.advice}"
    failures.kept = f"Kept in {folder}: {kept}".rstrip()


def choose(model, dataset):
    """Lets the task choose what it chooses on validation, such as thresholds.

    Args:
        model: `TrainedModel`, which has the new task afterwards.
        dataset: `Dataset`.

    Returns:
        The `Dataset` with the new task.
    """
    if model.task.chosen is None:
        return dataset
    logits = model.core.predict(evaluation_batches(dataset, dataset.validation), verbose=0)
    model.task = model.task.chosen(logits, dataset.validation.labels)
    return dataclasses.replace(dataset, task=model.task)


def export_run(model, dataset, folder, config, failures):
    """Writes the formats of a run.

    Args:
        model: `TrainedModel`.
        dataset: `Dataset`, on whose validation split they are compared with the model.
        folder: `Path` to write to.
        config: The resolved config.
        failures: `Failures`.

    Returns:
        Dict from the name of each file to what the card tells of it.
    """
    try:
        written = export(model, folder, validation_inputs(dataset), **config["export"])
    except ExportError as error:
        failures.note(error)
        written = error.written
    except Exception as error:  # the inputs cannot be read, or the model cannot run on them
        failures.note(error, f"{folder}: nothing was exported")
        written = []
    if (folder / "failed" / "model.keras").is_file():  # it gives other predictions
        (folder / "model.keras").unlink(missing_ok=True)
    return {
        file.path.name: {
            "bytes": file.size,
            "difference": file.difference,
            "agreement": file.agreement,
            "note": file.note,
        }
        for file in written
    }


def export_once(model, dataset, folder, config, step, failures):
    """Does as `export_run`, unless this was done before an interruption.

    Args:
        model: `TrainedModel`.
        dataset: `Dataset`.
        folder: `Path` to write to.
        config: The resolved config.
        step: Number of steps of the training.
        failures: `Failures`.
    """
    checkpoints, of = Checkpoints(folder), [step, config["export"]]
    kept = checkpoints.load_if("export", of)
    if kept and all((folder / name).exists() for name in kept[0]):
        return kept[0]
    count = len(failures.lines)
    files = export_run(model, dataset, folder, config, failures)
    if len(failures.lines) == count:
        checkpoints.keep("export", of, files)
    return files


def test_model(core, dataset):
    """Returns logits and numbers of the test split, which is read here and nowhere else."""
    logits = core.predict(evaluation_batches(dataset, dataset.test), verbose=0)
    metrics = dataset.task.evaluate(logits, dataset.test.labels)
    return logits, {f"test_{name}": value for name, value in metrics.items()}


def test_once(core, dataset, folder, config, step, failures):
    """Does as `test_model`, with the baseline, unless this was done before an interruption.

    Args:
        core: The trained core.
        dataset: `Dataset`.
        folder: `Path` of the run.
        config: The resolved config.
        step: Number of steps of the training.
        failures: `Failures`.
    """
    checkpoints, of = Checkpoints(folder), [step]
    if kept := checkpoints.load_if("test", of):
        metrics, logits = kept[0], kept[1]["logits"]
    else:
        logits, metrics = test_model(core, dataset)
        checkpoints.keep("test", of, metrics, {"logits": logits})
    if not config["baseline"]:
        return logits, metrics
    if kept := checkpoints.load_if("baseline", of):
        return logits, {**metrics, "baseline": kept[0]}
    alternative = failures.attempt("The baseline failed", baseline, dataset)
    checkpoints.keep("baseline", of, alternative)
    return logits, {**metrics, "baseline": alternative}


def write_report(model, dataset, logits, metrics, folder, config, failures):
    """Writes the numbers, the figures and the card of a run.

    Args:
        model: `TrainedModel`.
        dataset: `Dataset`.
        logits: What the core gives for the test split, or None where it was not tested.
        metrics: Dict for `metrics.json`.
        folder: `Path` to write to.
        config: The resolved config.
        failures: `Failures`.
    """
    path, figures, page = folder / "metrics.json", folder / "figures", folder / "README.md"
    failures.attempt(f"{path} was not written", write, path, json.dumps(metrics, indent=2))
    figures.mkdir(exist_ok=True)
    for name, draw in _figures(model, dataset, logits, folder):
        failures.attempt(f"{figures / name} was not drawn", _draw, draw, figures / name)
    if logits is not None:
        drawn = [path.relative_to(folder) for path in sorted(figures.glob("*.png"))]
        failures.attempt(
            f"{page} was not written",
            lambda: write(page, card(config, metrics, drawn, dataset.task, **config["card"])),
        )


def _figures(model, dataset, logits, folder):
    """Yields the name of each figure that this run has, and a function that draws it to a path."""
    yield "curves.png", lambda path: draw_curves(folder / "history.csv", path)
    if logits is not None:
        yield from dataset.task.figures(logits, dataset.test.labels)
    if attention_model(model.core):
        split = dataset.validation if logits is None else dataset.test
        yield "attention.png", lambda path: _draw_attention(model, split, path)


def _draw_attention(model, split, path):
    shown = read_examples(split, range(min(SHOWN, len(split))))
    explain(model, shown.inputs, shown.labels).figure().savefig(path, dpi=150)


def _draw(draw, path):
    """Draws a figure that is there as a whole or not at all."""
    try:
        draw(path)
    except Exception:
        path.unlink(missing_ok=True)
        raise
