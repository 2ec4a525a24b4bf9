import functools
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from kzoo.config import parse
from kzoo.data import DATASETS
from kzoo.training.recipe import load_config
from tests import tiny
from tests.cli.test_wrong_config import CONFIG, recipe, words

ROOT = Path(__file__).parents[2]


def test_the_config_is_checked_before_data_is_read(command, tiny_config, monkeypatch):
    def no_data(*, batch_size: int = 7, augmentation=None):
        raise AssertionError("data was read")

    monkeypatch.setitem(DATASETS, "tiny", no_data)
    outcome = command("--config", tiny_config, "--set", "training.optimizer.momentun=0.5")
    assert outcome.code == 2


@pytest.fixture
def no_network(monkeypatch):
    def unreachable(*args, **kwargs):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)


def test_a_set_that_is_not_on_disk_without_network(command, tmp_path, no_network):
    data = f"{{name: tfds, dataset: mnist, data_dir: {tmp_path / 'tfds'}}}"
    (tmp_path / "recipe.yaml").write_text(recipe(data=data))
    outcome = command(*CONFIG)
    assert outcome.code == 1 and outcome.out == ""
    [sentence] = outcome.err.splitlines()
    assert sentence == (
        f"error: mnist is not in {tmp_path}/tfds/mnist/3.0.1 and cannot be downloaded without a "
        "network (Name or service not known); `data: {name: digits}` needs none."
    )
    assert not (tmp_path / "runs").exists()


def test_too_few_examples_to_train_on(command, tmp_path):
    (tmp_path / "recipe.yaml").write_text(recipe(data="{name: digits, validation: 0.999}"))
    outcome = command(*CONFIG)
    assert outcome.code == 1 and len(outcome.err.splitlines()) == 1
    assert outcome.err.startswith("error: 1437 examples of 10 classes cannot be split into ")


@pytest.mark.parametrize(
    "data, message",
    [
        ("{name: csv, path: none.csv, target: y}", "There is no file none.csv."),
        ("{name: csv, path: rows.csv, target: z}", "rows.csv has no column 'z'. It has: x, y."),
        ("{name: image_folder, path: scans}", "There is no folder scans."),
    ],
)
def test_data_that_a_config_names_and_that_is_not_there(command, tmp_path, data, message):
    (tmp_path / "rows.csv").write_text("x,y\n1,a\n2,b\n")
    (tmp_path / "recipe.yaml").write_text(recipe(data=data))
    outcome = command(*CONFIG)
    assert outcome.code == 2 and outcome.err.startswith(f"error: {message}")


def test_a_run_folder_that_holds_results(command, tiny_config, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "metrics.json").write_text("{}")
    outcome = command("--config", tiny_config, "--run-dir", "out")
    assert outcome.code == 1 and outcome.out == ""
    assert outcome.err == (
        "error: out holds the results of another run. Choose another folder, or pass --overwrite "
        "to replace them.\n"
    )
    assert (tmp_path / "out" / "metrics.json").read_text() == "{}"


@pytest.mark.parametrize(
    "run_dir, message",
    [
        ("file", "error: file is a file, not a folder.\n"),
        ("file/below", "error: file/below cannot be written to: Not a directory.\n"),
    ],
)
def test_a_run_folder_that_cannot_be(command, tiny_config, tmp_path, run_dir, message):
    (tmp_path / "file").write_text("kept")
    outcome = command("--config", tiny_config, "--run-dir", run_dir)
    assert (outcome.code, outcome.err) == (1, message)
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_run_folder_that_is_read_only(command, tiny_config, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    outcome = command("--config", tiny_config, "--run-dir", "locked")
    assert outcome.code == 1 and len(outcome.err.splitlines()) == 1
    assert "Traceback" not in outcome.err and "Permission denied" in outcome.err


def test_help(command):
    outcome = command("--help")
    assert outcome.code == 0 and outcome.err == ""
    for option in ["--config", "--set", "--run-dir", "--overwrite", "--dry-run", "--print-config"]:
        assert option in outcome.out
    assert "python train.py --config configs/digits_cnn_attention.yaml" in words(outcome.out)


def test_print_config(command, tiny_config, tmp_path):
    outcome = command("--config", tiny_config, "--print-config", "--set", "model.units=11")
    assert outcome.code == 0 and outcome.err == ""
    printed = parse(outcome.out, "printed")
    assert printed == load_config(tiny_config, {"model.units": 11})
    assert printed["model"]["units"] == 11 and printed["seed"] == 0
    assert not (tmp_path / "runs").exists()


def test_what_is_printed_is_a_config_again(command, tiny_config, tmp_path):
    first = command("--config", tiny_config, "--print-config").out
    (tmp_path / "again.yaml").write_text(first)
    assert command("--config", "again.yaml", "--print-config").out == first


def test_dry_run_builds_the_model_and_writes_nothing(command, tiny_config, tmp_path):
    outcome = command("--config", tiny_config, "--dry-run", "--run-dir", "out")
    assert outcome.code == 0
    assert "glimpses" in outcome.out and "Total params" in outcome.out
    assert "epoch 1/" not in outcome.out
    assert [path.name for path in tmp_path.iterdir()] == [tiny_config.name]


def test_set_repeats_and_the_last_one_wins(command, tiny_config):
    sets = ["model.units=11", "model.units=13", "training.optimizer=sgd", "seed=5"]
    arguments = [argument for text in sets for argument in ("--set", text)]
    printed = parse(command("--config", tiny_config, "--print-config", *arguments).out, "printed")
    assert printed["model"]["units"] == 13 and printed["seed"] == 5
    assert printed["training"]["optimizer"]["name"] == "sgd"
    assert printed["training"]["optimizer"]["learning_rate"] == 0.01  # Keras' default for it


@pytest.mark.slow
def test_runs_do_not_share_a_folder(command, tiny_config, tmp_path):
    results = {
        "README.md",
        "config.yaml",
        "data.txt",
        "figures",
        "history.csv",
        "metrics.json",
        "model.keras",
        "saved_model",
    }
    first = command("--config", tiny_config)
    assert first.code == 0, first.err
    assert re.search(
        r"^test accuracy \d\.\d{4}, loss \d+\.\d{4} \(epoch [12], the best of 2", first.out, re.M
    )
    assert f"runs/tiny_run: {', '.join(sorted(results))}" in first.out
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*")}

    second = command("--config", tiny_config, "--set", "export.formats=[keras]")
    assert second.code == 0 and "runs/tiny_run-2: " in second.out
    assert {path.name for path in (tmp_path / "runs" / "tiny_run-2").iterdir()} == results - {
        "saved_model"
    }
    assert all(path.stat().st_mtime_ns == time for path, time in before.items() if path.is_file())

    arguments = ["--run-dir", "runs/tiny_run", "--overwrite", "--set", "export.formats=[keras]"]
    third = command("--config", tiny_config, *arguments)
    assert third.code == 0, third.err
    assert {path.name for path in (tmp_path / "runs" / "tiny_run").iterdir()} == results - {
        "saved_model"  # of the first run, which this one replaces
    }
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [
        "tiny_run",
        "tiny_run-2",
    ]


def train_py(*arguments, cwd):
    return subprocess.run(
        [sys.executable, ROOT / "train.py", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_process_that_refuses_a_config(tmp_path):
    (tmp_path / "recipe.yaml").write_text(recipe(model="{name: cnn_attention, num_head: 4}"))
    process = train_py(*CONFIG, cwd=tmp_path)
    assert process.returncode == 2 and process.stdout == ""
    assert "model.num_head is not an argument of cnn_attention." in process.stderr
    assert "Traceback" not in process.stderr


@pytest.mark.slow
def test_process_that_trains(tiny_config, tmp_path):
    """The whole command, its output going to a file: plain lines."""
    (tmp_path / "recipe.yaml").write_text(
        recipe(
            model="{name: cnn_attention, filters: [2, 3], num_heads: 3, num_glimpses: 2}",
            data="{name: digits, batch_size: 211}",
            training="{epochs: 2}",
            export="{formats: [keras]}",
        )
    )
    process = train_py(*CONFIG, "--run-dir", "out", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "Traceback" not in process.stderr
    assert "\r" not in process.stdout and "\b" not in process.stdout
    lines = [line for line in process.stdout.splitlines() if line.strip()]
    assert lines[0].split() == ["train", "validation", "test"]
    lines = lines[-5:]
    assert [line[:9] for line in lines[:2]] == ["epoch 1/2", "epoch 2/2"]
    assert lines[-3].startswith("test accuracy ")
    assert lines[-2].startswith("logistic regression of the same features: test accuracy ")
    assert lines[-1].startswith("out: README.md, conf")
    assert (tmp_path / "out" / "model.keras").is_file()


@pytest.mark.slow
def test_process_that_is_interrupted(tmp_path):
    """Ctrl-C in the middle of a training: the best model is kept, and nothing else is said."""
    (tmp_path / "recipe.yaml").write_text(recipe(training="{epochs: 500}"))
    command = [sys.executable, "-u", ROOT / "train.py", *CONFIG, "--run-dir", "out"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # a job in the background inherits that Ctrl-C is ignored
    listen = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, cwd=tmp_path, preexec_fn=listen, **pipes) as process:
        for line in process.stdout:
            if line.startswith("epoch 3/"):
                break
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130 and "Traceback" not in err
    assert "Stopped by Ctrl-C." in err and "Kept in out: the model of epoch " in err
    assert (tmp_path / "out" / "model.keras").is_file()
    assert not (tmp_path / "out" / "metrics.json").exists()


def test_tiny_recipe_is_good(tiny_config):
    """What the tests above change one thing in is right without that change."""
    assert load_config(tiny_config)["model"]["filters"] == tiny.MODEL["filters"]
