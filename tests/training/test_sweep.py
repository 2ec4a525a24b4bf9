"""Many values of some keys: validation decides, the chosen one is tested, nothing twice."""

import json

import numpy as np
import pytest

import kzoo
from kzoo.config import ConfigError, dump
from kzoo.training import sweep
from kzoo.training.sweep import Range, SweepError, parse_choices, run_sweep

pytestmark = pytest.mark.usefixtures("no_new_process")
RECIPE = {
    "name": "small",
    "data": "digits",
    "model": {"name": "cnn", "filters": [4], "units": 4},
    "training": {"epochs": 1, "optimizer": {"name": "adam", "learning_rate": 0.003}},
}


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.yaml"
    path.write_text(dump(RECIPE))
    return path


@pytest.fixture
def in_process(monkeypatch):
    """Runs in this process, counted."""
    import contextlib
    from concurrent.futures import Future

    calls = []

    @contextlib.contextmanager
    def workers(jobs):
        def submit(function, *arguments):
            calls.append((function.__name__, arguments[-1].name))
            future = Future()
            future.set_result(function(*arguments))
            return future

        yield submit

    monkeypatch.setattr(sweep, "_workers", workers)
    monkeypatch.setattr(sweep, "_output_into", lambda path: contextlib.nullcontext())
    return calls


def test_choices():
    texts = ["model.num_heads=1, 2,4", "a.rate=1e-4..1e-2", "a.filters=[8,8],[16]", "a.b=x"]
    assert parse_choices(texts) == {
        "model.num_heads": [1, 2, 4],
        "a.rate": Range(1e-4, 1e-2),
        "a.filters": [[8, 8], [16]],
        "a.b": ["x"],
    }


@pytest.mark.parametrize("text", ["a", "a=", "=1", "a=2..1", "a=x..y", "a=1..true"])
def test_wrong_choices(text):
    with pytest.raises(ConfigError, match="--set"):
        parse_choices([text])


def test_validation_decides_and_the_chosen_one_is_tested_once(recipe, in_process, tmp_path):
    choices = {"training.optimizer.learning_rate": [1e-9, 0.01], "model.units": [4]}
    found = run_sweep(recipe, choices, seeds=2, run_dir="sweep")
    assert found.chosen == {"training.optimizer.learning_rate": 0.01, "model.units": 4}
    assert [row[:2] for row in found.table.rows] == [
        ["training.optimizer.learning_rate=0.01", 2],
        ["training.optimizer.learning_rate=1e-09", 2],
    ]
    names = [name for name, _ in in_process]
    assert names == ["_train"] * 4 + ["_test"] * 2
    tested = [folder for name, folder in in_process if name == "_test"]
    written = json.loads((tmp_path / "sweep" / "sweep.json").read_text())
    assert written["runs"] == tested and written["chosen"] == found.chosen
    values = [kzoo.evaluate(tmp_path / "sweep" / name)["test_accuracy"] for name in tested]
    assert written["test"]["test_accuracy"]["values"] == values
    assert written["test"]["test_accuracy"]["mean"] == pytest.approx(np.mean(values))
    seeds = [json.loads((tmp_path / "sweep" / n / "metrics.json").read_text()) for n in tested]
    assert [numbers["seed"] for numbers in seeds] == [0, 1]
    assert not [key for numbers in seeds for key in numbers if key.startswith("test_")]
    assert len(sweep._loaded) == 1  # prepared once
    # again: nothing is trained or tested twice, and another value is added
    in_process.clear()
    choices["training.optimizer.learning_rate"].append(1e-8)
    before = {p: p.stat().st_mtime for p in (tmp_path / "sweep").glob("*/metrics.json")}
    again = run_sweep(recipe, choices, seeds=2, run_dir="sweep", resume=True)
    assert again.test == found.test and len(again.table.rows) == 3
    assert [name for name, _ in in_process] == ["_train"] * 6
    assert {p: p.stat().st_mtime for p in before} == before
    assert (tmp_path / "sweep" / "table.csv").read_text().startswith("run,seeds,validation")


def test_a_candidate_that_fails_is_left_out(recipe, in_process, capsys):
    choices = {"training.optimizer.learning_rate": [1e38, 0.01]}
    found = run_sweep(recipe, choices, run_dir="sweep")
    assert found.chosen == {"training.optimizer.learning_rate": 0.01}
    assert "learning_rate=1e+38: The loss became nan" in capsys.readouterr().out
    with pytest.raises(SweepError, match="No candidate came to its end; other has the log"):
        run_sweep(recipe, {"training.optimizer.learning_rate": [1e38]}, run_dir="other")


@pytest.mark.parametrize(
    "choices, message",
    [
        ({"model.unit": [1, 2]}, "model.unit is not an argument of cnn"),
        ({"model.units": [1, "x"]}, "model.units must be a valid integer. Received: 'x'"),
        ({"model.units": Range(1, 8)}, "model.units: a range is drawn from: add --trials."),
    ],
)
def test_a_wrong_candidate_is_refused_before_the_first_is_trained(
    recipe, in_process, tmp_path, choices, message
):
    with pytest.raises(ConfigError, match=message):
        run_sweep(recipe, choices, run_dir="sweep")
    assert not in_process and not (tmp_path / "sweep").exists()


def test_trials(recipe, in_process, tmp_path):
    pytest.importorskip("optuna", reason="optuna is not installed")
    choices = {"training.optimizer.learning_rate": Range(1e-5, 1e-1), "model.units": [4, 8]}
    found = run_sweep(recipe, choices, trials=3, run_dir="sweep")
    rates = [found.chosen["training.optimizer.learning_rate"]]
    assert 1e-5 <= rates[0] <= 1e-1 and found.chosen["model.units"] in (4, 8)
    assert len([name for name, _ in in_process if name == "_train"]) == 3
    in_process.clear()
    again = run_sweep(recipe, choices, trials=4, run_dir="sweep", resume=True)
    trained = len(list((tmp_path / "sweep").glob("*/metrics.json")))
    assert trained == 4 and len(again.table.rows) == 4


@pytest.mark.slow
def test_the_command_line_in_processes_of_their_own(recipe, tmp_path):
    import subprocess
    import sys

    command = [sys.executable, "-m", "kzoo", "sweep", "--config", "small.yaml", "--jobs", "2"]
    options = ["--set", "model.units=4,8", "--seeds", "2"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Chosen on validation: model.units=" in done.stdout and done.stderr == ""
    assert len(list((tmp_path / "runs" / "small-sweep").glob("*/log.txt"))) == 4
    subprocess.run([*command, *options, "--resume"], check=True, cwd=tmp_path)
    assert not (tmp_path / "runs" / "small-sweep-2").exists()
