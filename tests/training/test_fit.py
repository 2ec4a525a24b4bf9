import csv
import re

import keras
import numpy as np
import pytest

from kzoo.models import create_model
from kzoo.training.fit import TrainingStopped, fit
from tests import tiny

SGD = {"name": "sgd", "learning_rate": 0.05}
CONSTANT = {"name": "constant"}


class Interrupt(keras.callbacks.Callback):
    """Ctrl-C in an epoch, at its beginning."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch + 1 == self.epoch:
            raise KeyboardInterrupt


class Record(keras.callbacks.Callback):
    """Keeps the weights at the end of each epoch and the ones that were validated."""

    def __init__(self):
        super().__init__()
        self.weights, self.validated, self.iterations = [], [], []

    def on_test_begin(self, logs=None):
        self.validated.append(self.model.get_weights())

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(self.model.get_weights())
        self.iterations.append(int(self.model.optimizer.iterations))


@pytest.fixture
def core():
    options = {key: value for key, value in tiny.MODEL.items() if key != "name"}
    options["dropout"] = 0.0
    return create_model("cnn_attention", (tiny.HEIGHT, tiny.WIDTH, 1), tiny.CLASSES, **options)


@pytest.fixture
def poison(monkeypatch):
    """Makes the inputs of one step NaN, or rotates the labels from one step on."""
    import tensorflow as tf

    from kzoo.data import batches

    def poison_step(nan_at=None, wrong_from=None):
        def training_batches(*args):
            def change(step, batch):
                inputs, targets = batch
                if nan_at is not None:
                    inputs = tf.where(step + 1 == nan_at, np.float32("nan"), inputs)
                if wrong_from is not None:
                    targets = tf.where(step + 1 >= wrong_from, tf.roll(targets, 1, 1), targets)
                return inputs, targets

            return batches.training_batches(*args).enumerate().map(change)

        monkeypatch.setattr("kzoo.training.fit.training_batches", training_batches)

    return poison_step


def equal(weights, others):
    return all(np.array_equal(a, b) for a, b in zip(weights, others, strict=True))


def history(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_learns(core, tmp_path):
    """The place of the bright rows is learned, and the history says so."""
    state = fit(
        core,
        tiny.tiny(),
        0,
        tmp_path,
        epochs=12,
        optimizer={"name": "adam", "learning_rate": 0.02},
        schedule=CONSTANT,
    )
    rows = history(tmp_path / "history.csv")
    assert [row["epoch"] for row in rows] == [str(i) for i in range(12)]
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(rows[0])
    losses = [float(row["val_loss"]) for row in rows]
    assert min(losses) < 0.6 * losses[0]
    assert state.best.best_epoch == np.argmin(losses) + 1
    assert state.best.best_logs["loss"] == pytest.approx(min(losses))


def test_steps_are_those_of_the_schedule(core, tmp_path):
    record = Record()
    arguments = {"epochs": 2, "optimizer": SGD, "schedule": {"name": "cosine"}}
    fit(core, tiny.tiny(), 0, tmp_path, callbacks=[record], **arguments)
    assert record.iterations == [tiny.STEPS, 2 * tiny.STEPS]
    assert float(record.model.optimizer.learning_rate) == 0.0  # the cosine has come to its end


@pytest.mark.parametrize("together", [5, 2])  # 2 does not divide 5: lowered to 1
def test_steps_per_execution_changes_no_number(core, tmp_path, together):
    start = core.get_weights()
    arguments = {"epochs": 2, "optimizer": SGD, "schedule": CONSTANT}
    records = []
    for steps in [1, together]:
        records.append(Record())
        core.set_weights(start)
        arguments["steps_per_execution"] = steps
        folder = tmp_path / str(steps)
        fit(core, tiny.tiny(), 0, folder, callbacks=records[-1:], **arguments)
    assert records[1].iterations == records[0].iterations == [5, 10]
    for several, one in zip(records[1].validated, records[0].validated, strict=True):
        for a, b in zip(several, one, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_label_smoothing_by_hand(tmp_path):
    """A model that always answers (2, 0, 0): the loss of the true class 0 and of the others."""
    inputs = keras.Input((tiny.HEIGHT, tiny.WIDTH, 1))
    flat = keras.layers.Flatten()(inputs)
    core = keras.Model(inputs, keras.layers.Dense(3, kernel_initializer="zeros")(flat))
    core.layers[-1].bias.assign([2.0, 0.0, 0.0])
    smallest = {"name": "sgd", "learning_rate": 1e-12}
    dataset = tiny.tiny()
    for smoothing in [0.0, 0.3]:
        state = fit(
            core,
            dataset,
            0,
            tmp_path / str(smoothing),
            epochs=1,
            optimizer=smallest,
            schedule=CONSTANT,
            label_smoothing=smoothing,
        )
        negative_log = np.log(np.exp(2) + 2) - np.array([2.0, 0.0, 0.0])
        targets = np.eye(3)[dataset.validation.labels] * (1 - smoothing) + smoothing / 3
        expected = (targets @ negative_log).mean()
        assert state.best.best_logs["loss"] == pytest.approx(expected, rel=1e-5)


def test_holds_the_best_epoch_at_the_end(core, tmp_path, poison):
    """From epoch 3 on the labels are wrong: the model must come back to an earlier epoch."""
    poison(wrong_from=2 * tiny.STEPS + 1)
    record = Record()
    state = fit(
        core,
        tiny.tiny(),
        0,
        tmp_path,
        callbacks=[record],
        epochs=5,
        optimizer={"name": "adam", "learning_rate": 0.05},
        schedule=CONSTANT,
    )
    losses = [float(row["val_loss"]) for row in history(tmp_path / "history.csv")]
    assert state.best.best_epoch == np.argmin(losses) + 1 <= 3
    assert losses[-1] > 1.5 * min(losses)
    assert equal(core.get_weights(), record.weights[state.best.best_epoch - 1])
    assert not equal(core.get_weights(), record.weights[-1])


def test_early_stopping(core, tmp_path, poison):
    poison(wrong_from=1)
    state = fit(
        core,
        tiny.tiny(),
        0,
        tmp_path,
        epochs=29,
        optimizer={"name": "adam", "learning_rate": 0.05},
        schedule=CONSTANT,
        early_stopping=2,
    )
    epochs = len(history(tmp_path / "history.csv"))
    assert epochs == state.best.best_epoch + 2 < 29


def test_averaged_weights_are_kept_as_they_were_validated(core, tmp_path):
    """With use_ema, what is kept is the average, not what the last step left."""
    record = Record()
    state = fit(
        core,
        tiny.tiny(),
        0,
        tmp_path,
        callbacks=[record],
        epochs=3,
        optimizer={**SGD, "use_ema": True, "ema_momentum": 0.9},
        schedule=CONSTANT,
    )
    kept = core.get_weights()
    assert equal(kept, record.validated[state.best.best_epoch - 1])
    assert not equal(kept, record.weights[state.best.best_epoch - 1])
    dataset = tiny.tiny()
    logits = core.predict(dataset.validation.inputs / 255, verbose=0).astype("float64")
    log_sums = np.log(np.exp(logits).sum(axis=1))
    loss = (log_sums - logits[np.arange(tiny.VALIDATION), dataset.validation.labels]).mean()
    assert state.best.best_logs["loss"] == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize(
    "step, together, message",
    [
        (tiny.STEPS + 2, 1, "The loss became nan at step 7, epoch 2."),
        (2 * tiny.STEPS, 1, "The loss became nan at step 10, epoch 2."),
        (tiny.STEPS + 4, 5, "The loss became nan at one of the steps 6 to 10, epoch 2."),
    ],
)
def test_nan_stops_and_keeps_the_best(core, tmp_path, poison, step, together, message):
    poison(nan_at=step)
    record = Record()
    with pytest.raises(TrainingStopped) as stop:
        fit(
            core,
            tiny.tiny(),
            0,
            tmp_path,
            callbacks=[record],
            epochs=3,
            optimizer=SGD,
            schedule=CONSTANT,
            steps_per_execution=together,
        )
    assert str(stop.value) == message
    assert stop.value.best_epoch == 1 and "learning_rate" in stop.value.advice
    assert equal(core.get_weights(), record.weights[0])
    assert len(history(tmp_path / "history.csv")) == 1


def test_nan_before_an_epoch_ended(core, tmp_path, poison):
    poison(nan_at=3)
    with pytest.raises(TrainingStopped, match="The loss became nan at step 3, epoch 1.") as stop:
        fit(core, tiny.tiny(), 0, tmp_path, epochs=3, optimizer=SGD, schedule=CONSTANT)
    assert stop.value.best_epoch is None


def test_weights_that_became_nan_in_the_last_step(core, tmp_path):
    """No training loss is NaN, only the validation of the one epoch there is."""
    dataset = tiny.tiny(batch_size=tiny.TRAIN)  # one step
    optimizer = {"name": "sgd", "learning_rate": 1e38}
    with pytest.raises(TrainingStopped) as stop:
        fit(core, dataset, 0, tmp_path, epochs=1, optimizer=optimizer, schedule=CONSTANT)
    assert stop.value.best_epoch is None


@pytest.mark.parametrize("epoch, best", [(1, None), (3, {1, 2})])
def test_ctrl_c(core, tmp_path, epoch, best):
    record = Record()
    with pytest.raises(TrainingStopped, match="Stopped by Ctrl-C.") as stop:
        fit(
            core,
            tiny.tiny(),
            0,
            tmp_path,
            callbacks=[record, Interrupt(epoch)],
            epochs=5,
            optimizer=SGD,
            schedule=CONSTANT,
        )
    if best is None:
        assert stop.value.best_epoch is None
    else:
        assert stop.value.best_epoch in best
        assert equal(core.get_weights(), record.weights[stop.value.best_epoch - 1])


def test_the_core_stays_uncompiled(core, tmp_path):
    """So it is saved without the optimizer's state."""
    fit(core, tiny.tiny(), 0, tmp_path, epochs=1, optimizer=SGD, schedule=CONSTANT)
    assert not core.compiled and getattr(core, "optimizer", None) is None


def test_plain_lines_where_no_one_watches(core, tmp_path, capsys):
    fit(core, tiny.tiny(), 0, tmp_path, epochs=2, optimizer=SGD, schedule=CONSTANT)
    out = capsys.readouterr().out
    assert "\r" not in out and "\b" not in out and "\x1b" not in out
    lines = out.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(
        r"epoch 2/2: .*loss \d\.\d{4}.*val_loss \d\.\d{4}.* \(\d+\.\d s\)", lines[1]
    )


def test_a_bar_on_a_terminal(core, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    fit(core, tiny.tiny(), 0, tmp_path, epochs=1, optimizer=SGD, schedule=CONSTANT)
    assert "━" in capsys.readouterr().out
