"""Runs that something goes wrong in: what is told, and what is kept."""

import json
import os
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

import kzoo
from kzoo.config import dump, parse
from kzoo.messages import UserError
from kzoo.training import train
from kzoo.training.run import RunError

pytestmark = pytest.mark.usefixtures("no_new_process")
FORMATS = {"export.formats": ["keras"]}
SET = ("--set", "export.formats=[keras]")
WITHOUT_MODEL = ["checkpoints", "config.yaml", "data.txt", "history.csv"]
GOES_ON = "kzoo train --resume run goes on with it."


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def listed_files(folder):
    return ", ".join(name for name in names(folder) if name != "checkpoints")


def full_disk(*args, **kwargs):
    raise OSError(28, "No space left on device")


def broken(*args, **kwargs):
    raise ZeroDivisionError("a mistake of ours")


@pytest.fixture
def recipe(tiny_config, monkeypatch):
    """A recipe without attention whose training takes no time."""

    def fit(core, dataset, seed, folder, check, **options):
        history = "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.5,1,0.5,1\n"
        (folder / "history.csv").write_text(history)
        logs = {"accuracy": 0.5, "loss": 1.0}
        best = SimpleNamespace(best_logs=logs, best_epoch=1, epochs=1)
        return SimpleNamespace(best=best, step=5, seconds=0.1)

    monkeypatch.setattr("kzoo.training.run.fit", fit)
    config = parse(tiny_config.read_text(), "")
    config["model"] = {"name": "cnn", "filters": [2], "padding": "same", "units": 3}
    tiny_config.write_text(dump(config))
    return tiny_config


# a function, and what the message says if it fails; the stages in their order
STAGES = {
    "export": ("kzoo.export.writing.read_and_run", "run/model.keras: keras failed: "),
    "test": ("kzoo.tasks.classification.classification_metrics", "The test failed: "),
    "figure": ("kzoo.training.stages.draw_curves", "run/figures/curves.png was not drawn: "),
    "card": ("kzoo.training.stages.card", "run/README.md was not written: "),
}
LEFT = {  # what is missing then
    "export": set(),
    "test": {"README.md"},
    "figure": set(),
    "card": {"README.md"},
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_fails_costs_no_other(recipe, tmp_path, monkeypatch, stage):
    function, message = STAGES[stage]
    monkeypatch.setattr(function, broken)
    with pytest.raises(RunError) as error:
        train(recipe, FORMATS, run_dir=tmp_path / "run")
    failure, kept, goes_on = str(error.value).splitlines()
    assert message in failure and failure.endswith("a mistake of ours")
    there = {*WITHOUT_MODEL, "README.md", "figures", "metrics.json", "model.keras"} - LEFT[stage]
    assert names(tmp_path / "run") == sorted(there)
    assert kept == (
        f"Kept in {tmp_path}/run: {', '.join(sorted(there - {'checkpoints'}))}. "
        "kzoo evaluate and kzoo export go on from model.keras."
    )
    assert goes_on == f"kzoo train --resume {tmp_path}/run goes on with it."
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["best_epoch"] == 1 and ("test_accuracy" in metrics) == (stage != "test")
    assert kzoo.load(tmp_path / "run").class_names == ["top", "middle", "bottom"]


def test_all_failures_are_told_the_first_one_first(command, recipe, monkeypatch):
    for function, _ in STAGES.values():
        monkeypatch.setattr(function, broken)
    outcome = command("--config", recipe, "--run-dir", "run", *SET)
    assert outcome.code == 1
    told = outcome.err[outcome.err.index("error: ") :].splitlines()
    assert [line[7:] for line in told[:-2]] == [
        "run/model.keras: keras failed: a mistake of ours",
        "The test failed: a mistake of ours",
        "run/figures/curves.png was not drawn: a mistake of ours",
    ]  # without a test, there is no card to write
    assert "Traceback" in outcome.err and "ZeroDivisionError" in outcome.err


def test_a_full_disk_is_no_mistake_of_ours(command, recipe, tmp_path, monkeypatch):
    monkeypatch.setattr("keras.Model.save", full_disk)
    monkeypatch.setattr("kzoo.training.stages.draw_curves", full_disk)
    outcome = command("--config", recipe, "--run-dir", "run", *SET)
    assert outcome.code == 1
    assert outcome.err == (
        "error: run/model.keras: keras failed: No space left on device\n"
        "       run/figures/curves.png was not drawn: No space left on device\n"
        "       Kept in run: README.md, config.yaml, data.txt, figures, history.csv, "
        "metrics.json. There is no model.\n"
        f"       {GOES_ON}\n"
    )


@pytest.mark.parametrize("function", [stage[0] for stage in STAGES.values()])
def test_ctrl_c_after_the_training_loses_nothing(command, recipe, tmp_path, monkeypatch, function):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(function, interrupted)
    outcome = command("--config", recipe, "--run-dir", "run", *SET)
    assert outcome.code == 130
    first, kept, goes_on = outcome.err.splitlines()
    assert first == "error: Stopped by Ctrl-C." and goes_on.strip() == GOES_ON
    assert kept.startswith(f"       Kept in run: {listed_files(tmp_path / 'run')}. ")
    assert kzoo.load(tmp_path / "run").class_names == ["top", "middle", "bottom"]


def test_a_signal_keeps_the_best_model(
    command, tiny_config, tmp_path, monkeypatch, default_signals
):
    """Sent twice, as `timeout` does, at the beginning of the third epoch."""
    from kzoo.training.callbacks import StopAtNonFiniteLoss

    def send(self, epoch, logs=None):
        if epoch == 2:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(StopAtNonFiniteLoss, "on_epoch_begin", send)
    formats = ("--set", "training.epochs=5", "--set", "export.formats=[]")
    outcome = command("--config", tiny_config, "--run-dir", "run", *formats)
    assert outcome.code == 143
    first, second, third = outcome.err.splitlines()
    assert first == "error: Stopped by SIGTERM." and third.strip() == GOES_ON
    assert second.startswith("       Kept in run: the model of epoch ")
    assert names(tmp_path / "run") == [*WITHOUT_MODEL, "model.keras"]
    assert kzoo.load(tmp_path / "run").class_names == ["top", "middle", "bottom"]
    history = (tmp_path / "run" / "history.csv").read_text().splitlines()
    assert len(history) == 3  # the names of the columns and two epochs


def test_a_signal_while_the_weights_are_written_waits(
    command, recipe, tmp_path, monkeypatch, default_signals
):
    from kzoo.training import stages

    def save(model, folder):
        os.kill(os.getpid(), signal.SIGTERM)
        write(model, folder)

    write = stages.save_weights
    monkeypatch.setattr("kzoo.training.run.save_weights", save)
    outcome = command("--config", recipe, "--run-dir", "run", *SET)
    assert outcome.code == 143 and outcome.err.startswith("error: Stopped by SIGTERM.\n")
    assert names(tmp_path / "run") == [*WITHOUT_MODEL, "model.keras"]


def test_a_stopped_training_whose_model_cannot_be_saved_tells_both(
    command, tiny_config, monkeypatch
):
    import tensorflow as tf

    def out_of_memory(self, epoch, logs=None):
        if epoch == 1:
            message = "Graph execution error:\n\nOOM when allocating tensor with shape[9]"
            raise tf.errors.ResourceExhaustedError(None, None, message)

    monkeypatch.setattr("kzoo.training.callbacks.StopAtNonFiniteLoss.on_epoch_begin", out_of_memory)
    monkeypatch.setattr("keras.Model.save", full_disk)
    outcome = command("--config", tiny_config, "--run-dir", "run", *SET)
    assert outcome.code == 1
    assert outcome.err.splitlines() == [
        "error: There is not enough memory: OOM when allocating tensor with shape[9].",
        "       run/model.keras: keras failed: No space left on device",
        "       Kept in run: config.yaml, data.txt, history.csv. There is no model.",
        f"       {GOES_ON}",
    ]


def test_without_the_format_keras_the_weights_go_at_the_end(recipe, tmp_path, monkeypatch):
    saved = []

    def test(*args):
        saved.append((tmp_path / "run" / "model.keras").is_file())
        return None

    monkeypatch.setattr("kzoo.training.run.test_once", test)
    train(recipe, {**FORMATS, "export.formats": []}, run_dir=tmp_path / "run")
    assert saved == [True] and "model.keras" not in names(tmp_path / "run")


def test_a_failed_run_leaves_the_old_results(command, recipe, tmp_path, monkeypatch):
    good = command("--config", recipe, "--run-dir", "run", *SET)
    assert good.code == 0, good.err
    files = {p: p.read_bytes() for p in (tmp_path / "run").rglob("*") if p.is_file()}
    monkeypatch.setattr("kzoo.training.stages.draw_curves", broken)
    outcome = command("--config", recipe, "--run-dir", "run", "--overwrite", *SET)
    assert outcome.code == 1
    assert outcome.err.splitlines()[-2:] == [
        "       What this run has is in run-unfinished; the results in run are as they were.",
        "       kzoo train --resume run-unfinished goes on with it.",
    ]
    assert {p: p.read_bytes() for p in (tmp_path / "run").rglob("*") if p.is_file()} == files
    assert kzoo.load(tmp_path / "run-unfinished")


class Spoil(keras.callbacks.Callback):
    """Spoils the images of a folder after the second epoch, once."""

    def __init__(self, folder: str, how: str):
        super().__init__()
        self.folder = Path(folder)
        self.how = how

    def on_epoch_end(self, epoch, logs=None):
        spoilt = self.folder.parent / "spoilt"
        if epoch != 1 or spoilt.exists():
            return
        spoilt.touch()
        for file in self.folder.glob("*/*.png"):
            if self.how == "removed":
                file.unlink()
            elif self.how == "truncated":
                file.write_bytes(file.read_bytes()[:60])
            else:
                Image.new("RGB", (9, 9)).save(file)


@pytest.mark.parametrize(
    "how, message",
    [
        ("removed", "changed since the training began: No such file or directory"),
        ("truncated", "changed since the training began: damaged: "),
        ("changed", "changed since the training began"),
    ],
)
def test_images_that_are_spoilt_while_they_are_streamed(tmp_path, monkeypatch, how, message):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    random = np.random.default_rng(0)
    for i in range(24):
        path = tmp_path / "images" / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (6, 6, 3), dtype="uint8")).save(path)
    shutil.copytree(tmp_path / "images", tmp_path / "copy")
    spoil = {"name": f"{__name__}.Spoil", "folder": str(tmp_path / "images"), "how": how}
    config = {
        "name": "spoilt",
        "data": {
            "name": "image_folder",
            "path": str(tmp_path / "images"),
            "memory_limit": 1e-9,
            "validation": 0.2,
        },
        "model": {"name": "cnn", "filters": [2], "padding": "same"},
        "training": {"epochs": 6, "callbacks": [spoil]},
        "export": {"formats": []},
        "baseline": False,
    }
    (tmp_path / "r.yaml").write_text(dump(config))
    with pytest.raises(RunError) as error:
        train(tmp_path / "r.yaml", run_dir=tmp_path / "run")
    told, kept, _ = str(error.value).splitlines()
    assert told.startswith(f"{tmp_path}/images/") and message in told
    assert kept.startswith(f"Kept in {tmp_path}/run: the model of epoch ")
    assert error.value.unforeseen is None and (tmp_path / "run" / "model.keras").exists()
    with pytest.raises(UserError):  # the data is not what it was
        train(tmp_path / "r.yaml", run_dir=tmp_path / "run", resume=True)
    shutil.rmtree(tmp_path / "images")
    shutil.copytree(tmp_path / "copy", tmp_path / "images")
    run = train(tmp_path / "r.yaml", run_dir=tmp_path / "run", resume=True)
    assert run.metrics["epochs"] == 6
