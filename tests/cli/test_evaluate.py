import json
import shutil

import numpy as np
import pytest

import kzoo
from kzoo.config import dump
from kzoo.data import DATASETS
from kzoo.preprocessing.text import TextPreprocessing
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification
from kzoo.training import train
from kzoo.training.evaluate import evaluate
from tests.data.tables import write_csv
from tests.data.text_files import write_texts

text_folder = DATASETS["text_folder"]


def test_it_repeats_the_figures_of_the_run(kzoo_command, digits_run):
    outcome = kzoo_command("evaluate", digits_run.folder, "--json")
    assert outcome.code == 0 and outcome.err == ""
    metrics = json.loads(outcome.out)
    for name in ("accuracy", "balanced_accuracy", "loss", "calibration_error"):
        assert metrics[f"test_{name}"] == pytest.approx(
            digits_run.metrics[f"test_{name}"], abs=1e-5
        )
    assert metrics["test_classes"] == digits_run.metrics["test_classes"]
    assert metrics["test_confusion_matrix"] == digits_run.metrics["test_confusion_matrix"]
    assert {key for key in digits_run.metrics if key.startswith("test_")} == metrics.keys()


def test_the_saved_model_gives_the_same(digits_run):
    metrics = evaluate(digits_run.folder / "saved_model")
    assert metrics["test_loss"] == pytest.approx(digits_run.metrics["test_loss"], abs=1e-5)
    assert metrics["test_confusion_matrix"] == digits_run.metrics["test_confusion_matrix"]


def test_it_prints_the_figures_of_each_class(kzoo_command, digits_run):
    outcome = kzoo_command("evaluate", digits_run.folder)
    lines = [line.split() for line in outcome.out.splitlines()]
    assert ["test", "accuracy", f"{digits_run.metrics['test_accuracy']:.4f}"] in lines
    recall = digits_run.metrics["test_classes"]["7"]["recall"]
    assert [line[2] for line in lines if line[:1] == ["7"]] == [f"{recall:.4f}"]
    assert "Test split, 360 examples" in outcome.out


@pytest.fixture(scope="module")
def table_run(tmp_path_factory):
    """A run on a CSV file."""
    folder = tmp_path_factory.mktemp("table")
    path = write_csv(folder / "train.csv", rows=100)
    config = {
        "name": "table",
        "data": {"name": "csv", "path": path, "target": "answer"},
        "model": {"name": "dense_attention_fusion", "units": 3},
        "training": {"epochs": 1},
        "export": {"formats": ["keras", "saved_model"]},
    }
    (folder / "table.yaml").write_text(dump(config), encoding="utf-8")
    return train(folder / "table.yaml", run_dir=folder / "run")


@pytest.mark.slow
@pytest.mark.parametrize("artefact", ["model.keras", "saved_model"])
def test_other_data_is_read_with_the_preprocessing_of_the_model(table_run, tmp_path, artefact):
    """Ten times the age changes what a newly learnt mean would hide."""
    path = write_csv(tmp_path / "train.csv", rows=100)
    same = evaluate(table_run.folder / artefact, overrides={"data.path": path})
    assert same["test_loss"] == pytest.approx(table_run.metrics["test_loss"], abs=1e-5)
    text = (tmp_path / "train.csv").read_text(encoding="utf-8")
    first, *lines = text.splitlines()
    lines = [line.replace(".", "", 1) for line in lines]  # 38.1 becomes 381
    (tmp_path / "train.csv").write_text("\n".join([first, *lines]), encoding="utf-8")
    other = evaluate(table_run.folder / artefact, overrides={"data.path": path})
    assert abs(other["test_loss"] - same["test_loss"]) > 1e-3


def test_texts_are_read_with_the_vocabulary_of_the_model(tmp_path):
    path = str(write_texts(tmp_path / "texts"))
    (tmp_path / "config.yaml").write_text(dump({"data": {"name": "text_folder", "path": path}}))
    layer = TextPreprocessing(["pobre"], sequence_length=3)
    options = {"embedding_dim": 2, "units": 3, "attention_units": 5}
    core = kzoo.create_model("lstm_attention", (None,), 2, vocabulary_size=3, **options)
    model = TrainedModel(core, layer, Classification(["bad", "good"]))
    model.save(tmp_path / "model.keras")
    test = text_folder(path=path).test
    probabilities = model.predict(test.inputs, verbose=0)["probabilities"]
    expected = -np.log(probabilities[np.arange(len(test)), test.labels]).mean()
    assert evaluate(tmp_path)["test_loss"] == pytest.approx(expected, abs=1e-6)


def test_a_config_with_nothing_but_data(kzoo_command, digits_run, tmp_path):
    (tmp_path / "half.yaml").write_text("data: {name: digits, split_seed: 5}\n")
    outcome = kzoo_command("evaluate", digits_run.folder, "--config", "half.yaml", "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["test_loss"] != digits_run.metrics["test_loss"]


WRONG = {
    "other classes": (
        ["--set", "data={name: arrays, path: two.npz}"],
        "error: The classes of the data are not those of run.\n"
        "       The data has: 0, 1. The model has: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.\n",
    ),
    "another kind of data": (
        ["--set", "data.name=synthetic"],
        "error: The model reads images. The data holds sequences.\n",
    ),
    "an unknown key": (
        ["--set", "data.batchsize=3"],
        "error: run/config.yaml: data.batchsize is not an argument of digits. Did you mean data.ba",
    ),
    "a section that it does not read": (
        ["--set", "model.num_heads=3"],
        "error: run/config.yaml: model is not an argument of a config.\n",
    ),
    "no such config": (["--config", "x.yaml"], "error: There is no file x.yaml.\n"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_it_refuses(kzoo_command, digits_run, tmp_path, case):
    arguments, message = WRONG[case]
    shutil.copytree(digits_run.folder, tmp_path / "run")
    np.savez(tmp_path / "two.npz", x=np.zeros((60, 8, 8), "uint8"), y=np.arange(60) % 2)
    if case == "another kind of data":  # of ten classes, like the digits
        (tmp_path / "run" / "config.yaml").write_text("data: {name: digits}\n")
    outcome = kzoo_command("evaluate", "run", *arguments)
    assert outcome.code == 2 and outcome.out == ""
    assert outcome.err.startswith(message)


def test_a_model_without_its_config(kzoo_command, digits_run, tmp_path):
    shutil.copy(digits_run.folder / "model.keras", tmp_path)
    outcome = kzoo_command("evaluate", "model.keras")
    assert outcome.code == 2
    assert outcome.err == "error: There is no config.yaml: name a config with --config.\n"


def test_colour_for_a_grey_model(kzoo_command, digits_run, tmp_path):
    x = np.zeros((60, 8, 8, 3), "uint8")
    np.savez(tmp_path / "colour.npz", x=x, y=np.arange(60) % 10)
    (tmp_path / "colour.yaml").write_text("data: {name: arrays, path: colour.npz}\n")
    outcome = kzoo_command("evaluate", digits_run.folder, "--config", "colour.yaml")
    assert outcome.code == 2 and "Traceback" not in outcome.err
    assert "Images must have the shape (batch, height, width, 1)" in outcome.err
