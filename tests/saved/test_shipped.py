"""The trained models that are shipped."""

import functools
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

import kzoo
from kzoo.config import read
from kzoo.saved.shipped import find_model, sha256, shipped_folder
from kzoo.training.recipe import load_config

ROOT = Path(__file__).parents[2]
NOT_BUILT = (".git", ".venv*", "runs", "build", "*.egg-info", "__pycache__")
FOLDER = shipped_folder()
NAMES = kzoo.list_saved_models()
EXPECTED = {
    "breast_cancer_fusion",
    "digits_cnn",
    "digits_cnn_attention",
    "imdb_lstm",
    "imdb_lstm_attention",
    "imdb_lstm_small",
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


LOAD = """
import sys, kzoo
print(kzoo.__file__, *kzoo.list_saved_models())
model = kzoo.load("digits_cnn_attention")
print(model.predict(__import__("numpy").zeros((1, 8, 8), "uint8"), verbose=0)["logits"].shape)
sys.argv = ["kzoo", "train", "--config", "digits_cnn", "--print-config"]
from kzoo.cli.app import main
main()
"""
BUILD = "import setuptools.build_meta as build; print(build.build_sdist(r'{}'))"


@pytest.mark.slow
def test_the_wheel_of_the_sdist_carries_them_and_the_recipes(tmp_path):
    pytest.importorskip("setuptools")  # no network is needed where it is installed
    ignore = shutil.ignore_patterns(*NOT_BUILT)
    shutil.copytree(ROOT, tmp_path / "clone", ignore=ignore)
    run = functools.partial(subprocess.run, check=True, capture_output=True, text=True)
    run([sys.executable, "-c", BUILD.format(tmp_path)], cwd=tmp_path / "clone")
    [sdist] = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = run(["git", "ls-files"], cwd=ROOT).stdout.splitlines()
    assert {name for name in tracked if not name.startswith(".")} <= names
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    run([*pip, "--wheel-dir", tmp_path, sdist])
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    process = run(
        [sys.executable, "-c", LOAD],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
    )
    place, *names = process.stdout.splitlines()[0].split()
    assert Path(place).is_relative_to(tmp_path / "site") and set(names) == EXPECTED
    assert process.stdout.splitlines()[1] == "(1, 10)"
    assert "name: digits_cnn" in process.stdout
