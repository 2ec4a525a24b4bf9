import csv
import dataclasses
import json
import re

import numpy as np
import pytest

import kzoo
from kzoo.config import ConfigError, parse
from kzoo.data import DATASETS
from kzoo.data.split import read_examples
from kzoo.training import train
from kzoo.training.recipe import load_config
from kzoo.training.run import RunError, run
from kzoo.training.run_folder import RunFolderError
from tests import tiny

KEYS = {
    "test_accuracy",
    "test_loss",
    "test_balanced_accuracy",
    "test_calibration_error",
    "test_classes",
    "test_confusion_matrix",
    "validation_accuracy",
    "validation_loss",
    "best_epoch",
    "epochs",
    "parameters",
    "train_seconds",
    "peak_memory_bytes",
    "seed",
    "versions",
    "machine",
    "commit",
}


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def bad_data(**changes):
    """A function for `DATASETS` that gives the tiny set with some of its parts changed."""

    def bad(preprocessing=None, task=None, *, batch_size: int = tiny.BATCH, augmentation=None):
        dataset = tiny.tiny(batch_size=batch_size, augmentation=augmentation)
        return dataclasses.replace(dataset, **{k: f(dataset) for k, f in changes.items()})

    return bad


def without_a_number(dataset):
    """The training images with one NaN; the first step that reads it is the one that fails."""
    inputs = dataset.train.inputs.astype("float32")
    inputs[3, 2, 1, 0] = np.nan
    return dataclasses.replace(dataset.train, inputs=inputs)


def test_run_folder(digits_run, digits_config):
    folder = digits_run.folder
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "config.yaml",
        "data.txt",
        "figures",
        "history.csv",
        "metrics.json",
        "model.keras",
        "saved_model",
    ]
    figures = sorted(path.name for path in (folder / "figures").iterdir())
    assert figures == ["attention.png", "confusion_matrix.png", "curves.png"]
    config = parse((folder / "config.yaml").read_text(), "config.yaml")
    given = load_config(digits_config)
    assert config == {
        **given,
        "data": {**given["data"], "batch_size": 64},
    }  # which follows the data
    assert load_config(folder / "config.yaml") == config  # the run can be repeated from it
    with open(folder / "history.csv", newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0", "1"]


def test_few_steps_are_told(tiny_config, capsys):
    """A training that cannot learn anything looks like one that did not."""
    for epochs, told in [(1, "5 training steps in all are few"), (10, "")]:
        train(tiny_config, {"training.epochs": epochs, "export.formats": []})
        out = capsys.readouterr().out
        assert told in out and ("are few" in out) == bool(told)


def test_metrics(digits_run):
    metrics = json.loads((digits_run.folder / "metrics.json").read_text())
    assert metrics == digits_run.metrics
    assert set(metrics) >= KEYS
    assert metrics["seed"] == 3 and metrics["epochs"] == 2
    assert metrics["parameters"] == digits_run.model.core.count_params()
    assert metrics["train_seconds"] > 0 and metrics["peak_memory_bytes"] > 2**20
    assert {"python", "keras", "tensorflow", "numpy"} <= set(metrics["versions"])
    assert list(metrics["test_classes"]) == list("0123456789")
    assert list(metrics["files"]) == ["model.keras", "saved_model"]
    for file in metrics["files"].values():
        assert file["difference"] < 1e-5 and file["agreement"] == 1 and file["bytes"] > 10_000
    assert np.sum(metrics["test_confusion_matrix"]) == 360  # 20 % of 1,797, rounded up


def test_metrics_are_those_of_the_saved_model(digits_run):
    """Raw test images into the reloaded file give the numbers in metrics.json."""
    dataset = DATASETS["digits"]()
    outputs = kzoo.load(digits_run.folder).predict(dataset.test.inputs, verbose=0)
    labels = dataset.test.labels
    right = outputs["probabilities"].argmax(axis=1) == labels
    assert digits_run.metrics["test_accuracy"] == pytest.approx(right.mean())
    loss = -np.log(outputs["probabilities"][np.arange(len(labels)), labels]).mean()
    assert digits_run.metrics["test_loss"] == pytest.approx(loss, rel=1e-4)


def test_validation_metrics_are_those_of_the_best_epoch(digits_run):
    with open(digits_run.folder / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    losses = [float(row["val_loss"]) for row in rows]
    metrics = digits_run.metrics
    assert metrics["best_epoch"] == np.argmin(losses) + 1
    assert metrics["validation_loss"] == pytest.approx(min(losses))
    best = float(rows[metrics["best_epoch"] - 1]["val_accuracy"])
    assert metrics["validation_accuracy"] == pytest.approx(best)


def test_card(digits_run):
    card = (digits_run.folder / "README.md").read_text()
    assert card.startswith("# two_epochs\n")
    assert f"| test accuracy | {digits_run.metrics['test_accuracy']:.4f} |" in card
    assert "of 360 test examples right" in card and "![curves](figures/curves.png)" in card
    assert re.search(r"\| `saved_model` \| 0\.\d\d MiB \| \d\.\de[-+]\d\d \| 100\.00% \|", card)
    assert "kzoo.load(" in card and "{" not in card.replace("{name", "")


@pytest.mark.slow
def test_the_seed_decides_everything(tiny_config, tmp_path):
    """Two runs are equal bit for bit, with dropout and augmentation; another seed is another."""
    overrides = {
        "training.epochs": 1,
        "export.formats": [],
        "data.augmentation": {"translate": 0.2, "rotate": 20, "zoom": 0.1},
        "model.dropout": 0.3,
    }
    runs = [
        train(tiny_config, {**overrides, "seed": seed}, run_dir=tmp_path / f"run{i}")
        for i, seed in enumerate([5, 5, 7])
    ]
    first, second, other = (run.model.core.get_weights() for run in runs)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    histories = [(run.folder / "history.csv").read_text() for run in runs]
    assert histories[0] == histories[1] != histories[2]
    for name in ["test_loss", "test_accuracy", "best_epoch", "validation_loss"]:
        assert runs[0].metrics[name] == runs[1].metrics[name]


def test_a_model_without_attention_has_no_such_figure(tiny_config, tmp_path):
    model = {"name": "cnn", "filters": [2, 3], "padding": "same", "units": 5}
    run = train(tiny_config, {"model": model, "export.formats": []}, run_dir=tmp_path / "run")
    assert names(run.folder / "figures") == ["confusion_matrix.png", "curves.png"]
    assert not (run.folder / "model.keras").exists()


def test_a_caller_may_leave_the_test_out(tiny_config, tmp_path, monkeypatch):
    def no_test(*_):
        raise AssertionError("the test split was read")

    monkeypatch.setattr("kzoo.training.stages.read_examples", only_validation)
    monkeypatch.setattr("kzoo.training.run.test_once", no_test)
    config = load_config(tiny_config, {"training.epochs": 1, "export.formats": ["keras"]})
    found = run(config, tmp_path / "run", test=False)
    assert not [key for key in found.metrics if key.startswith("test_")]
    assert 0 <= found.metrics["validation_accuracy"] <= 1
    assert names(found.folder / "figures") == ["attention.png", "curves.png"]
    assert not (found.folder / "README.md").exists()  # a card tells what the test came to


def only_validation(split, indices):
    """`read_examples`, but not of the test split."""
    assert len(split) == tiny.VALIDATION != tiny.TEST
    return read_examples(split, indices)


def test_nan_in_the_first_epoch(tiny_config, tmp_path, monkeypatch):
    monkeypatch.setitem(DATASETS, "tiny", bad_data(train=without_a_number))
    with pytest.raises(RunError) as error:
        train(tiny_config, run_dir=tmp_path / "run")
    happened, kept = str(error.value).splitlines()  # it would be so again: no word of --resume
    assert happened.startswith("The loss became nan at step ") and "epoch 1" in happened
    assert kept.startswith("No epoch had ended, so no model is kept. A lower training.optimizer.")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "checkpoints",
        "config.yaml",
        "data.txt",
    }


def test_nan_later_keeps_the_best_model(tiny_config, tmp_path, monkeypatch):
    """The batch that holds a NaN comes in epoch 2: what epoch 1 left is saved."""
    import tensorflow as tf

    from kzoo.data import batches

    def poisoned(*args):
        return (
            batches.training_batches(*args)
            .enumerate()
            .map(lambda step, batch: (tf.where(step == 7, np.float32("nan"), batch[0]), batch[1]))
        )

    monkeypatch.setattr("kzoo.training.fit.training_batches", poisoned)
    with pytest.raises(RunError) as error:
        train(
            tiny_config,
            {"training.epochs": 3, "export.formats": ["keras"]},
            run_dir=tmp_path / "run",
        )
    assert str(error.value) == (
        "The loss became nan at step 8, epoch 2.\n"
        f"Kept in {tmp_path}/run: the model of epoch 1, the best so far. "
        "A lower training.optimizer.learning_rate or a clipnorm may help."
    )
    found = {path.name for path in (tmp_path / "run").iterdir()}
    assert found == {"checkpoints", "config.yaml", "data.txt", "history.csv", "model.keras"}
    weights = kzoo.load(tmp_path / "run").get_weights()
    assert all(np.isfinite(w).all() for w in weights)


def test_ctrl_c_keeps_the_best_model(command, tiny_config, tmp_path, monkeypatch):
    """Raised inside, at the beginning of epoch 3."""
    from kzoo.training.callbacks import StopAtNonFiniteLoss

    def interrupt(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(StopAtNonFiniteLoss, "on_epoch_begin", interrupt)
    outcome = command(
        "--config",
        tiny_config,
        "--run-dir",
        "out",
        "--set",
        "training.epochs=5",
        "--set",
        "export.formats=[keras]",
    )
    assert outcome.code == 130 and "Traceback" not in outcome.err
    first, second, third = outcome.err.splitlines()
    assert first == "error: Stopped by Ctrl-C."
    assert third.strip() == "kzoo train --resume out goes on with it."
    assert second.startswith("       Kept in out: the model of epoch ")
    assert kzoo.load(tmp_path / "out").class_names == ["top", "middle", "bottom"]


def test_ctrl_c_before_the_training(command, tiny_config, tmp_path, monkeypatch):
    def interrupted(preprocessing=None, task=None, *, batch_size: int = 7, augmentation=None):
        raise KeyboardInterrupt

    monkeypatch.setitem(DATASETS, "tiny", interrupted)
    outcome = command("--config", tiny_config)
    assert (outcome.code, outcome.err) == (130, "error: Stopped by Ctrl-C.\n")
    assert [path.name for path in tmp_path.iterdir()] == [tiny_config.name]


def test_a_refused_folder_costs_no_data(tiny_config, tmp_path, monkeypatch):
    def no_data(preprocessing=None, task=None, *, batch_size: int = 7, augmentation=None):
        raise AssertionError("data was read")

    monkeypatch.setitem(DATASETS, "tiny", no_data)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "history.csv").write_text("")
    with pytest.raises(RunFolderError):
        train(tiny_config, run_dir=tmp_path / "run")


def test_a_model_that_cannot_read_the_data_leaves_no_folder(tiny_config, tmp_path):
    config = load_config(tiny_config, {"model": {"name": "cnn_attention", "filters": [2] * 5}})
    with pytest.raises(ConfigError, match="model cnn_attention: Images of 7x5 pixels are too sm"):
        run(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_train_checks_overrides(tiny_config):
    with pytest.raises(ConfigError, match="Did you mean training.epochs?"):
        train(tiny_config, {"training.epoch": 3})
