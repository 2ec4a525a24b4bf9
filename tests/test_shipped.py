"""The trained models that are shipped."""

import json

import numpy as np
import pytest

import kzoo
from kzoo.config import read
from kzoo.saving import find_model, sha256, shipped_folder
from kzoo.training import load_config

FOLDER = shipped_folder()
NAMES = kzoo.list_saved_models()
EXPECTED = {
    "breast_cancer_fusion",
    "digits_cnn_attention",
    "imdb_lstm",
    "imdb_lstm_attention",
    "imdb_segment_attention_lstm",
    "mnist_cnn",
    "mnist_cnn_attention",
    "mnist_lstm",
    "mnist_lstm_attention",
}


def example(name):
    """What was stored when the model was shipped: inputs and probabilities."""
    with np.load(FOLDER / name / "example.npz") as file:
        inputs = {key.removeprefix("inputs_"): file[key] for key in file if key[0] == "i"}
        return (inputs[""] if "" in inputs else inputs), file["probabilities"]


def check_outputs(name, path):
    inputs, expected = example(name)
    model = kzoo.load(path)
    raw = kzoo.load(name).preprocessing.as_raw(inputs)
    found = model.predict(raw, verbose=0)["probabilities"]
    assert np.ptp(expected) > 0.5  # the model says something
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_which_there_are():
    assert set(NAMES) == EXPECTED


@pytest.mark.parametrize("name", NAMES)
def test_it_gives_what_it_gave(name):
    check_outputs(name, find_model(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_its_saved_model_gives_the_same(name):
    if "saved_model" not in read(FOLDER / name / "config.yaml")["export"]["formats"]:
        pytest.skip("a baseline that is shipped as .keras alone")
    check_outputs(name, FOLDER / name / "saved_model")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_finished_run_with_a_card(name):
    folder = FOLDER / name
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["seed"] == 0 and not metrics["commit"].endswith("-dirty")
    assert all(file["difference"] < 1e-5 for file in metrics["files"].values())
    card = (folder / "README.md").read_text(encoding="utf-8")
    for part in ("over ", "**Data.**", "**Intended use.**", "**Limitations.**", "seed | 0"):
        assert part in card
    assert load_config(folder / "config.yaml")["name"] == name  # the run can be repeated


def test_the_checksums_are_those_of_all_files():
    files = {
        path.relative_to(FOLDER).as_posix(): path
        for path in FOLDER.rglob("*")
        if path.is_file() and path.parent != FOLDER
    }
    checksums = json.loads((FOLDER / "checksums.json").read_text(encoding="utf-8"))
    assert checksums == {name: sha256(path) for name, path in files.items()}


def test_they_are_small():
    sizes = [path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()]
    assert max(sizes) <= 20e6 and sum(sizes) <= 60e6
