"""A training that is stopped and gone on with comes to what the same one comes to in one go."""

import dataclasses
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import kzoo
from kzoo.config import ConfigError, dump, parse
from kzoo.data.dataset import Dataset, Examples, Stream
from kzoo.models import create_model
from kzoo.preprocessing.text import TextPreprocessing
from kzoo.training import train
from kzoo.training.checkpoints import CheckpointError, Checkpoints
from kzoo.training.fit import TrainingStopped, fit
from kzoo.training.resume import digest, find_unfinished
from kzoo.training.run import RunError
from kzoo.training.run_folder import RunFolderError
from tests import tiny

pytestmark = pytest.mark.usefixtures("no_new_process")
ADAM = {"name": "adam", "learning_rate": 0.02}
AUGMENTATION = {"translate": 0.2, "horizontal_flip": True, "erasing": 0.5, "mixup": 0.2}
STOPS = (2, 10, 13)  # the steps, of 15 in three epochs, after which the training is stopped


class StopAt:
    """The `check` of a training that a signal asks to stop after so many executions."""

    def __init__(self, executions):
        self.left = executions

    def __call__(self):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def image_core():
    options = {key: value for key, value in tiny.MODEL.items() if key != "name"}
    shape = (tiny.HEIGHT, tiny.WIDTH, 1)
    return create_model("cnn_attention", shape, tiny.CLASSES, **options, dropout=0.3)


def text_core():
    return create_model(
        "lstm_attention", (None,), 3, vocabulary_size=22, embedding_dim=4, units=3, dropout=0.3
    )


def stream():
    """The tiny set, read anew in each epoch."""
    import tensorflow as tf

    dataset = tiny.tiny()
    pairs = dataset.train.inputs, dataset.train.labels
    train = Stream(lambda: tf.data.Dataset.from_tensor_slices(pairs), dataset.train.labels)
    return dataclasses.replace(dataset, train=train)


def texts():
    """Texts of 1 to 9 words, the first of which tells the class; five steps."""
    random = np.random.default_rng(0)
    words = [f"w{i}" for i in range(20)]
    labels = np.arange(35, dtype="int32") % 3
    rows = [[words[y], *random.choice(words[3:], random.integers(0, 9))] for y in labels]
    examples = Examples(np.array([" ".join(row) for row in rows], dtype=object), labels)
    task = tiny.tiny().task
    return Dataset(examples, examples, examples, task, TextPreprocessing(words, 9), 7)


CASES = {
    "augmentation, one cycle": (
        image_core,
        lambda: tiny.tiny(augmentation=AUGMENTATION),
        {"optimizer": {**ADAM, "name": "adamw"}, "schedule": {"name": "one_cycle"}},
    ),
    "averages of the weights": (
        image_core,
        tiny.tiny,
        {"optimizer": {**ADAM, "use_ema": True, "ema_momentum": 0.9}},
    ),
    "accumulated gradients, class weights": (
        image_core,
        tiny.tiny,
        {
            "optimizer": {**ADAM, "gradient_accumulation_steps": 3, "clipnorm": 0.5},
            "class_weight": "balanced",
        },
    ),
    "early stopping": (
        image_core,
        tiny.tiny,
        {"optimizer": {**ADAM, "learning_rate": 0.2}, "early_stopping": 1, "epochs": 9},
    ),
    "several steps in one call": (image_core, tiny.tiny, {"steps_per_execution": 5}),
    "a stream": (image_core, stream, {"label_smoothing": 0.1}),
    "texts by length": (text_core, texts, {}),
}


SLOW = ("accumulated gradients, class weights", "several steps in one call", "a stream")


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=pytest.mark.slow if c in SLOW else ()) for c in CASES]
)
def test_it_comes_to_the_same(case, tmp_path):
    build, data, options = CASES[case]
    options = {"epochs": 3, "optimizer": ADAM, "schedule": {"name": "cosine"}, **options}
    whole = build()
    state = fit(whole, data(), 5, tmp_path / "whole", **options)
    (tmp_path / "parts").mkdir()
    keras.utils.set_random_seed(0)  # as at the beginning of this test
    core, done = build(), 0
    asked_every = options.get("steps_per_execution", 1)
    for step in STOPS:
        check = StopAt((step - done) // asked_every)
        if 0 < check.left and step < state.step:
            with pytest.raises(TrainingStopped, match="Ctrl-C"):
                fit(core, data(), 5, tmp_path / "parts", check, **options)
            done = Checkpoints(tmp_path / "parts").load_last_step()[0]["step"]
            keras.utils.set_random_seed(99)  # the next one begins with other weights
            core = build()
    resumed = fit(core, data(), 5, tmp_path / "parts", **options)
    assert done > 0 and resumed.step == state.step and resumed.stopped == state.stopped
    assert resumed.best.facts() == state.best.facts()
    assert resumed.stopped == ("early_stopping" in options)
    for a, b in zip(core.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    histories = [(tmp_path / name / "history.csv").read_text() for name in ("whole", "parts")]
    assert histories[0] == histories[1] and len(histories[0].splitlines()) == state.best.epochs + 1


def test_what_a_callback_sees_in_a_resumed_epoch(tmp_path):
    """The loss of an epoch is the mean of all its steps, those before the stop among them."""
    options = {"epochs": 1, "optimizer": {"name": "sgd", "learning_rate": 1e-9}}
    with pytest.raises(TrainingStopped):
        fit(image_core(), tiny.tiny(), 0, tmp_path, StopAt(3), **options)
    facts, arrays, _ = Checkpoints(tmp_path).load_last_step()
    total, count = arrays["metrics/0"], arrays["metrics/1"]
    assert facts["step"] == 3 and count == 3 * tiny.BATCH and total > 0


@pytest.fixture
def states(tmp_path):
    """Two states of a training, the second after one step more."""
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save_step(10, {"step": 10}, {"w": np.arange(1000.0)})
    checkpoints.save_step(11, {"step": 11}, {"w": np.arange(1000.0) + 1})
    return checkpoints


def last(checkpoints):
    return checkpoints.folder / "step-000000011"


def flip(path):
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)


DAMAGES = {
    "a bit of an array": lambda folder: flip(folder / "arrays.npz"),
    "a bit of a fact": lambda folder: flip(folder / "facts.json"),
    "a bit of a checksum": lambda folder: flip(folder / "SHA256SUMS"),
    "half an array": lambda folder: (folder / "arrays.npz").write_bytes(
        (folder / "arrays.npz").read_bytes()[:2000]
    ),
    "no array": lambda folder: (folder / "arrays.npz").unlink(),
    "nothing": lambda folder: [path.unlink() for path in folder.iterdir()],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state_is_found_and_the_one_before_is_taken(states, damage):
    DAMAGES[damage](last(states))
    facts, arrays, problems = states.load_last_step()
    assert facts == {"step": 10} and arrays["w"][3] == 3
    assert len(problems) == 1 and str(last(states)) in problems[0]


def test_all_states_damaged(states):
    for folder in states.folder.iterdir():
        DAMAGES["half an array"](folder)
    with pytest.raises(CheckpointError, match="is damaged: arrays.npz .* No other state is left."):
        states.load_last_step()


def test_a_half_written_state_does_not_count(states, monkeypatch):
    shutil.copytree(last(states), states.folder / "step-000000012.unfinished")
    assert states.load_last_step()[0] == {"step": 11}
    states.save_step(12, {"step": 12}, {"w": np.ones(2)})
    assert sorted(path.name for path in states.folder.iterdir()) == [
        "step-000000011",
        "step-000000012",
    ]


@pytest.mark.parametrize("writes", range(4))
def test_a_state_that_cannot_be_written_leaves_the_others(states, monkeypatch, writes):
    """The disk is full after so many flushes."""
    left = [writes]

    def fsync(descriptor):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("kzoo.training.checkpoints.os.fsync", fsync)
    if writes < 3:
        with pytest.raises(OSError, match="No space left"):
            states.save_step(12, {"step": 12}, {"w": np.ones(2)})
        assert states.load_last_step()[0] == {"step": 11}
        assert not list(states.folder.glob("*.unfinished"))
    else:  # the names of files that are there can wait
        states.save_step(12, {"step": 12}, {"w": np.ones(2)})


def test_a_full_disk_does_not_end_a_training(tmp_path, monkeypatch, capsys):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kzoo.training.checkpoints.Checkpoints.save", full)
    fit(image_core(), tiny.tiny(), 0, tmp_path, epochs=2, optimizer=ADAM)
    told = [line for line in capsys.readouterr().out.splitlines() if "state" in line]
    assert set(told) == {"The state of the training was not written: No space left on device."}
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 3


@pytest.fixture
def recipe(tiny_config):
    """The tiny recipe, with a model and results that take no time."""
    config = parse(tiny_config.read_text(), "")
    config["model"] = {"name": "cnn", "filters": [2], "padding": "same", "units": 5}
    config |= {"export": {"formats": []}, "baseline": False}
    tiny_config.write_text(dump(config))
    return tiny_config


def stopped(recipe, folder, step, monkeypatch, **overrides):
    """Begins a run in a folder and stops it after a step."""
    with monkeypatch.context() as patch:
        patch.setattr("kzoo.training.run.fit", lambda *args, **o: fit(*args[:4], *at, **o))
        at = [StopAt(step)]
        with pytest.raises(RunError, match="Stopped by Ctrl-C"):
            train(recipe, overrides, run_dir=folder)


FORMATS = {"export.formats": ["keras"]}


def test_a_run_goes_on(tiny_config, tmp_path, monkeypatch, command, capsys):
    whole = train(tiny_config, FORMATS, run_dir=tmp_path / "whole")
    stopped(tiny_config, tmp_path / "run", 7, monkeypatch, **FORMATS)
    assert find_unfinished("tiny_run", tmp_path / "run") == tmp_path / "run"
    capsys.readouterr()
    outcome = command("--resume", "run")
    assert outcome.code == 0, outcome.err
    assert "epoch 1/" not in outcome.out and "epoch 2/2" in outcome.out
    names = [sorted(path.name for path in f.iterdir()) for f in (tmp_path / "run", whole.folder)]
    assert names[0] == names[1] and "checkpoints" not in names[0]
    for a, b in zip(
        kzoo.load(tmp_path / "run").get_weights(), whole.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    same = [key for key in metrics if key.startswith(("test_", "validation_", "best", "epochs"))]
    assert {key: metrics[key] for key in same} == {key: whole.metrics[key] for key in same}
    again = command("--resume", "run")
    assert again.code == 1
    assert again.err == "error: There is nothing to go on with: the run in run is complete.\n"


STAGES = {
    "export": "kzoo.training.stages.export_run",
    "test": "kzoo.training.stages.test_model",
    "baseline": "kzoo.training.stages.baseline",
    "figures": "kzoo.training.stages.draw_curves",
    "end": "kzoo.training.run_folder.RunFolder.complete",
}


@pytest.mark.parametrize("stage", STAGES)
def test_what_was_complete_is_not_done_again(tiny_config, tmp_path, monkeypatch, stage):
    calls = []

    def counted(name):
        function = _resolve(STAGES[name])

        def call(*args, **kwargs):
            calls.append(name)
            if name == stage and calls.count(name) == 1:
                raise KeyboardInterrupt
            return function(*args, **kwargs)

        monkeypatch.setattr(STAGES[name], call)

    for name in STAGES:
        counted(name)
    with pytest.raises(RunError, match="Stopped by Ctrl-C"):
        train(tiny_config, FORMATS, run_dir=tmp_path / "run")
    before = (tmp_path / "run" / "history.csv").read_text()
    train(tiny_config, FORMATS, run_dir=tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "history.csv").read_text() == before
    for name in list(STAGES)[: list(STAGES).index(stage)]:
        assert calls.count(name) == (2 if name == "figures" else 1)
    assert calls.count(stage) == 2


def _resolve(dotted):
    from importlib import import_module

    parts = dotted.split(".")
    for i in range(len(parts) - 1, 0, -1):
        try:
            found = import_module(".".join(parts[:i]))
        except ImportError:
            continue
        for part in parts[i:]:
            found = getattr(found, part)
        return found


def test_another_recipe_is_refused(recipe, tmp_path, monkeypatch):
    stopped(recipe, tmp_path / "run", 7, monkeypatch)
    changed = {"model.units": 6, "training.optimizer.learning_rate": 0.02}
    with pytest.raises(ConfigError) as error:
        train(recipe, changed, run_dir=tmp_path / "run", resume=True)
    assert str(error.value) == (
        f"{tmp_path}/run cannot go on with another recipe: model.units was 5, now 6; "
        "training.optimizer.learning_rate was 0.01, now 0.02. Take the old values, or start a new "
        "run without --resume."
    )


@pytest.mark.parametrize(
    "change, schedule, accepted",
    [
        ({"training.epochs": 3}, "constant", True),
        ({"training.epochs": 3}, "cosine", False),
        ({"training.epochs": 1}, "constant", False),
        ({"export.formats": ["keras"]}, "cosine", True),
        ({"training.keep_checkpoints": True}, "cosine", True),
    ],
)
def test_what_may_change(recipe, tmp_path, monkeypatch, change, schedule, accepted):
    options = {"training.schedule": schedule}
    stopped(recipe, tmp_path / "run", 7, monkeypatch, **options)
    arguments = (recipe, {**options, **change})
    if not accepted:
        with pytest.raises(ConfigError, match="training.epochs was 2, now"):
            train(*arguments, run_dir=tmp_path / "run", resume=True)
        return
    run = train(*arguments, run_dir=tmp_path / "run", resume=True)
    assert run.metrics["epochs"] == change.get("training.epochs", 2)
    assert (run.folder / "checkpoints").exists() == ("training.keep_checkpoints" in change)


def test_other_data_is_refused(recipe, tmp_path, monkeypatch):
    from kzoo.data import DATASETS

    stopped(recipe, tmp_path / "run", 7, monkeypatch)

    def changed(*args, **options):
        dataset = tiny.tiny(*args, **options)
        dataset.train.inputs[3, 0, 0] += 1
        return dataset

    changed.__signature__ = __import__("inspect").signature(tiny.tiny)
    monkeypatch.setitem(DATASETS, "tiny", changed)
    with pytest.raises(CheckpointError, match="cannot go on: its data has changed since it began"):
        train(recipe, run_dir=tmp_path / "run", resume=True)


def test_the_digest_tells_data_apart():
    def of(**changes):
        return digest(dataclasses.replace(texts(), **changes))

    examples = texts().train
    other = Examples(np.array([*examples.inputs[:-1], "w0"], dtype=object), examples.labels)
    labels = Examples(examples.inputs, np.roll(examples.labels, 1))
    found = [of(), of(train=other), of(test=other), of(train=labels)]
    assert len({*found, of(preprocessing=TextPreprocessing(["w0"], 9))}) == 5
    assert of() == found[0]


def test_it_is_begun_where_there_is_none(recipe, tmp_path, monkeypatch, command):
    """So that a job that is queued again can always say --resume."""
    outcome = command("--config", recipe, "--resume")
    assert outcome.code == 0 and (tmp_path / "runs" / "tiny_run" / "metrics.json").is_file()


def test_the_newest_unfinished_run_is_taken(recipe, tmp_path, monkeypatch, command):
    for name in ("tiny_run", "tiny_run-2", "another"):
        stopped(recipe, tmp_path / "runs" / name, 3, monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert find_unfinished("tiny_run").name == "tiny_run-2"
    assert find_unfinished().name == "another"
    outcome = command("--config", recipe, "--resume")
    assert outcome.code == 0 and (tmp_path / "runs" / "tiny_run-2" / "metrics.json").is_file()
    assert not (tmp_path / "runs" / "tiny_run-3").exists()


def test_the_results_of_a_resumed_run_replace_the_old_ones(recipe, tmp_path, monkeypatch):
    train(recipe, run_dir=tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr("kzoo.training.run.fit", lambda *args, **o: fit(*args[:4], stop, **o))
        stop = StopAt(7)
        with pytest.raises(RunError):
            train(recipe, {"seed": 1}, run_dir=tmp_path / "run", overwrite=True)
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["seed"] == 0
    run = train(recipe, {"seed": 1}, tmp_path / "run-unfinished", resume=True)
    assert run.folder == tmp_path / "run" and not (tmp_path / "run-unfinished").exists()
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["seed"] == 1


def test_a_renamed_folder_goes_on_under_its_new_name(recipe, tmp_path, monkeypatch):
    stopped(recipe, tmp_path / "run", 7, monkeypatch)
    (tmp_path / "run").rename(tmp_path / "other")
    run = train(recipe, run_dir=tmp_path / "other", resume=True)
    assert run.folder == tmp_path / "other" and not (tmp_path / "run").exists()


def test_a_folder_that_is_removed_while_training_is_made_anew(recipe, tmp_path, capsys):
    from kzoo.training.callbacks import KeepBest

    class Remove(KeepBest):
        def on_epoch_begin(self, epoch, logs=None):
            super().on_epoch_begin(epoch, logs)
            if epoch == 1:
                shutil.rmtree(tmp_path / "run")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kzoo.training.fit.KeepBest", Remove)
        train(recipe, run_dir=tmp_path / "run")
    assert "run was removed or renamed meanwhile. It is made anew." in capsys.readouterr().out
    found = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"config.yaml", "data.txt", "history.csv", "metrics.json", "figures"} <= found
    assert len((tmp_path / "run" / "history.csv").read_text().splitlines()) == 3


def test_two_runs_never_share_a_state(recipe, tmp_path, monkeypatch):
    from kzoo.training.run_folder import resumed_folder

    stopped(recipe, tmp_path / "run", 7, monkeypatch)
    with (
        resumed_folder(tmp_path / "run", tmp_path / "run"),
        pytest.raises(RunFolderError, match="Another run is writing"),
    ):
        train(recipe, run_dir=tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--resume", "nothing"], "There is no run to go on with in nothing: no config.yaml"),
        (["--resume"], "There is no unfinished run in the folder runs."),
        (["run"], "A recipe is given with --config. Received: run"),
        ([], "--config is missing"),
        (["--config", "digits_cnn", "--resume", "--overwrite"], "leave one out"),
        (["--config", "digits_cnn", "--resume", "--folds", "3"], "--folds writes to a new folder"),
        (["--resume", "run", "--run-dir", "other"], "leave --run-dir other out"),
    ],
)
def test_wrong_options(command, arguments, message):
    outcome = command(*arguments)
    assert outcome.code == 2 and message in outcome.err


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path, monkeypatch):
    """SIGKILL, from the import to the report: three kills of benchmarks/kills.py."""
    import importlib

    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    kills = importlib.import_module("kills")
    rows = list(kills.measure(tmp_path, kills=3, seed=1))
    assert [row["outcome"] for row in rows] == ["the same"] * 3
    assert any("unfinished" in row["found"] for row in rows)


@pytest.mark.slow
def test_a_signal_in_a_process_of_its_own(digits_config, tmp_path):
    """As a scheduler sends it: the state is written, and the run goes on to the same."""
    command = [sys.executable, "-m", "kzoo", "train"]
    options = ["--set", "training.epochs=8", "--set", "export.formats=[keras]"]
    begin = [*command, "--config", digits_config, *options, "--run-dir"]
    subprocess.run([*begin, "whole"], cwd=tmp_path, check=True)
    with subprocess.Popen(
        [*begin, "run"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not process.stdout.readline().startswith("epoch 2/8"):
            pass
        process.terminate()
        told = process.stderr.read()
    assert process.returncode == 128 + signal.SIGTERM
    assert told.splitlines()[-3].startswith("error: Stopped by SIGTERM.")
    assert told.splitlines()[-1].strip() == "kzoo train --resume run goes on with it."
    subprocess.run([*command, "--resume", "run"], cwd=tmp_path, check=True)
    files = [(tmp_path / folder / "history.csv").read_text() for folder in ("whole", "run")]
    assert files[0] == files[1]
    whole, run = (kzoo.load(tmp_path / folder).get_weights() for folder in ("whole", "run"))
    for a, b in zip(whole, run, strict=True):
        np.testing.assert_array_equal(a, b)
