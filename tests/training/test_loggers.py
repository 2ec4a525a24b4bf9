"""Callbacks that a recipe names: run for real, offline."""

import csv
import importlib.util

import keras
import pytest

from kzoo.config import ConfigError, dump, parse
from kzoo.training import train
from kzoo.training.recipe import load_config

QUIET = {"export.formats": [], "baseline": False}


class CountsSteps(keras.callbacks.Callback):
    """A callback of one's own."""

    counted = []

    def __init__(self, by: int = 1):
        super().__init__()
        self.by = by

    def on_train_batch_end(self, batch, logs=None):
        self.counted.append(self.by)


@pytest.fixture
def recipe(tiny_config):
    config = parse(tiny_config.read_text(), "")
    config["model"] = {"name": "cnn", "filters": [2], "padding": "same", "units": 5}
    tiny_config.write_text(dump(config))
    return tiny_config


def run(recipe, folder, *callbacks):
    return train(recipe, {**QUIET, "training.callbacks": list(callbacks)}, run_dir=folder)


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_csv_and_one_of_your_own(recipe, tmp_path):
    own = {"name": f"{__name__}.CountsSteps", "by": 3}
    CountsSteps.counted.clear()
    run(recipe, tmp_path / "run", "csv", own)
    assert CountsSteps.counted == [3] * 10
    logged, history = (rows(tmp_path / "run" / name) for name in ("log.csv", "history.csv"))
    assert [row["loss"] for row in logged] == [row["loss"] for row in history]
    written = parse((tmp_path / "run" / "config.yaml").read_text(), "")["training"]["callbacks"]
    assert written == [{"name": "csv", "file": "log.csv", "separator": ","}, own]


@pytest.mark.slow
def test_tensorboard(recipe, tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    run(recipe, tmp_path / "run", {"name": "tensorboard"})
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard" / "validation"))
    events.Reload()
    logged = [float(make_ndarray(event.tensor_proto)) for event in events.Tensors("epoch_loss")]
    expected = [float(row["val_loss"]) for row in rows(tmp_path / "run" / "history.csv")]
    assert logged == pytest.approx(expected)


def test_mlflow(recipe, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason="mlflow is not installed")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run(recipe, tmp_path / "run", {"name": "mlflow", "experiment": "tiny"})
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/run/mlflow.db")
    [found] = client.search_runs([client.get_experiment_by_name("tiny").experiment_id])
    assert found.info.status == "FINISHED" and found.info.run_name == "run"
    assert found.data.params["model.filters"] == "[2]"
    logged = [metric.value for metric in client.get_metric_history(found.info.run_id, "val_loss")]
    expected = [float(row["val_loss"]) for row in rows(tmp_path / "run" / "history.csv")]
    assert logged == pytest.approx(expected)


@pytest.mark.parametrize(
    "callbacks, message",
    [
        (["cvs"], "training.callbacks.0.name cannot be 'cvs'. Did you mean csv?"),
        ([{"name": "csv", "files": "a"}], "training.callbacks.0.files is not an argument of csv."),
        (["csv", {"name": "csv", "file": 3}], "training.callbacks.1.file must be a valid string"),
        ([{"name": f"{__name__}.CountsSteps", "to": 3}], "0.to is not an argument of"),
        ([{"name": f"{__name__}.CountsSteps", "by": "x"}], "0.by must be a valid integer"),
        (["no.such.Thing"], "no.such.Thing cannot be imported: No module named 'no'."),
        (["kzoo.config.ConfigError"], "kzoo.config.ConfigError is no keras.callbacks.Callback."),
        ("csv", "training.callbacks must be a list. Received: 'csv'"),
        ([3], "training.callbacks.0 must be a mapping"),
    ],
)
def test_what_is_refused(recipe, callbacks, message):
    with pytest.raises(ConfigError) as error:
        load_config(recipe, {"training.callbacks": callbacks})
    assert message in str(error.value)


def test_a_missing_package_is_one_sentence(recipe, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="wandb needs the package wandb: pip install wandb"):
        load_config(recipe, {"training.callbacks": ["wandb"]})
