"""Fixtures; what needs TensorFlow is imported inside them: tests/layers run without it too."""

import io
import os
import signal
import sys
from typing import NamedTuple

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes on the processor


class Outcome(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Every test draws the same weights, whatever ran before it."""
    import keras

    keras.utils.set_random_seed(0)


@pytest.fixture
def default_signals():
    """What signals do in a program of its own; in the background, tests inherit others."""
    defaults = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    if hasattr(signal, "SIGHUP"):
        defaults[signal.SIGHUP] = signal.SIG_DFL
    before = {number: signal.signal(number, handler) for number, handler in defaults.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def no_new_process(monkeypatch):
    """Reads a file in this process: a new one takes long."""
    import numpy as np

    import kzoo

    def read_and_run(format, path, output, inputs, folder):
        return kzoo.load(path).predict(np.asarray(inputs), verbose=0)[output]

    monkeypatch.setattr("kzoo.export.writing.read_and_run", read_and_run)


@pytest.fixture
def command(run_command):
    """Runs the command line of train.py in this process and in an empty folder."""
    from kzoo.cli.app import train_main

    return lambda *arguments: run_command(train_main, ["train.py", *arguments])


@pytest.fixture
def kzoo_command(run_command, monkeypatch):
    """Runs the command line of `kzoo`, with a text piped in, in the same way."""
    from kzoo.cli.app import main

    def run(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        return run_command(main, ["kzoo", *arguments])

    return run


@pytest.fixture
def run_command(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(main, arguments):
        monkeypatch.setattr(sys, "argv", list(map(str, arguments)))
        with pytest.raises(SystemExit) as end:
            main()
        return Outcome(end.value.code or 0, *capsys.readouterr())

    return run


@pytest.fixture
def tiny_config(monkeypatch, tmp_path):
    """A recipe of two epochs on the tiny data set, which needs no file and no network."""
    from kzoo.config import dump
    from kzoo.data import DATASETS
    from tests import tiny

    monkeypatch.setitem(DATASETS, "tiny", tiny.tiny)
    path = tmp_path / "tiny.yaml"
    training = {"epochs": 2, "optimizer": {"name": "adam", "learning_rate": 0.01}}
    config = {"name": "tiny_run", "data": "tiny", "model": tiny.MODEL, "training": training}
    path.write_text(dump(config), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def digits_config(tmp_path_factory):
    """A recipe of two epochs with convolutions, BatchNormalization, Dropout and attention."""
    from kzoo.config import dump
    from tests import tiny

    path = tmp_path_factory.mktemp("recipe") / "digits.yaml"
    model = {**tiny.MODEL, "filters": [5, 7], "num_heads": 7, "units": 11, "dropout": 0.3}
    optimizer = {"name": "adamw", "learning_rate": 0.01}
    training = {"epochs": 2, "optimizer": optimizer, "label_smoothing": 0.05}
    config = {"name": "two_epochs", "seed": 3, "data": "digits", "model": model}
    path.write_text(dump({**config, "training": training}), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def digits_run(digits_config, tmp_path_factory):
    """The finished `Run` of that recipe; do not change its model or its folder."""
    from kzoo.training import train

    return train(digits_config, run_dir=tmp_path_factory.mktemp("runs") / "digits")


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were written, as matplotlib objects."""
    import matplotlib.figure

    figures, savefig = [], matplotlib.figure.Figure.savefig

    def keep(figure, *args, **kwargs):
        figures.append(figure)
        savefig(figure, *args, **kwargs)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", keep)
    return figures
