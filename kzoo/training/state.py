"""All that a training is at one moment: written while it goes on, and gone on from."""

import csv
import io
import time

import keras
import numpy as np

from kzoo.messages import reason
from kzoo.training.run_folder import write

OFTEN = 1.0  # seconds between two states at least


class KeepState(keras.callbacks.Callback):
    """Writes the state of a training at the end of each epoch and every so many seconds.

    The state is the weights with the seeds of dropout, what the optimizer and the metrics hold,
    the best weights and the history. Put it after the callbacks whose part of it it writes.

    Args:
        checkpoints: `Checkpoints` to write to.
        history_file: `Path` of a CSV file that gets a line for each epoch.
        best: `KeepBest` of the training.
        steps: Steps of an epoch.
        every: Seconds between two states at most.
        check: Function that raises the exception to end with, where a signal asks for it, as
            `signals_wait` gives it; or None. It is asked after a step and after the validation.

    Attributes:
        step: Number of steps done.
        stopped: Whether it was stopped early.
        seconds: How long the training has taken, interruptions left out.
        last: The last state, as `take` returns it.
    """

    def __init__(self, checkpoints, history_file, best, steps, every, check):
        super().__init__()
        self.checkpoints = checkpoints
        self.history_file = history_file
        self.best = best
        self.steps = steps
        self.every = every
        self.check = check
        self.step = 0
        self.stopped = False
        self.seconds = 0.0
        self.last = None
        self._history = []
        self._metrics = None
        self._began = self._written = time.monotonic()

    def restore(self, trained):
        """Brings a training to the last state that was written, where there is one.

        Args:
            trained: Compiled model, its optimizer built.

        Returns:
            List of sentences on states that are damaged.

        Raises:
            CheckpointError: If all are.
        """
        facts, arrays, problems = self.checkpoints.load_last_step()
        if facts is not None:
            self.put(trained, facts, arrays)
            if self._history:
                self._write_history()
        return problems

    def on_epoch_begin(self, epoch, logs=None):
        if self._metrics:  # of the part of the epoch that is done
            _assign(self.model.metrics_variables, self._metrics)
        self._first, self._metrics = self.step, None

    def on_train_batch_end(self, batch, logs=None):
        self.step = self._first + batch + 1
        if self.step % self.steps == 0:
            return  # the validation belongs to the epoch
        self._check()
        if time.monotonic() > self._written + self.every:
            self.write()

    def on_epoch_end(self, epoch, logs=None):
        self._history.append({"epoch": epoch, **logs})
        self._write_history()
        self.stopped = self.model.stop_training
        last = self.stopped or epoch + 1 == self.params["epochs"]
        if last or time.monotonic() > self._written + min(OFTEN, self.every):
            self.write()
        self._check()

    def write(self):
        """Writes the state; where it cannot be written, the training goes on."""
        self.last = self.take()
        self._written = time.monotonic()
        try:
            self.checkpoints.save_step(self.step, *self.last)
        except OSError as error:
            print(f"The state of the training was not written: {reason(error)}.", flush=True)

    def _check(self):
        """Ends the training where a signal asks for it, once its state is written."""
        try:
            if self.check:
                self.check()
        except KeyboardInterrupt:
            self.write()
            raise

    def take(self):
        """Returns the state as a dict of facts and a dict of arrays."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()
        now = time.monotonic()
        self.seconds, self._began = self.seconds + now - self._began, now
        arrays = {
            **_numbered("variables", self.model.variables),
            **_numbered("optimizer", self.model.optimizer.variables),
            **_numbered("metrics", self.model.metrics_variables),
            **_numbered("best", self.best.weights or []),
        }
        facts = {
            "step": self.step,
            "stopped": self.stopped,
            "seconds": self.seconds,
            "history": self._history,
            "best": self.best.facts(),
        }
        return facts, arrays

    def put(self, trained, facts, arrays):
        """Brings a training to a state.

        Args:
            trained: Compiled model.
            facts: Dict, as `take` returns it.
            arrays: The same.
        """
        _assign(trained.variables, _of("variables", arrays))
        _assign(trained.optimizer.variables, _of("optimizer", arrays))
        self._metrics = _of("metrics", arrays) if facts["step"] % self.steps else None
        self.best.put(facts["best"], _of("best", arrays) or None)
        self.step, self.stopped = facts["step"], facts["stopped"]
        self.seconds, self._history = facts["seconds"], facts["history"]
        self._began = self._written = time.monotonic()

    def _write_history(self):
        text = io.StringIO()
        lines = csv.DictWriter(text, ["epoch", *sorted({*self._history[0]} - {"epoch"})])
        lines.writeheader()
        lines.writerows(self._history)
        self.history_file.parent.mkdir(parents=True, exist_ok=True)  # somebody may have removed it
        write(self.history_file, text.getvalue())


def _numbered(group, values):
    return {f"{group}/{i}": np.asarray(value) for i, value in enumerate(values)}


def _of(group, arrays):
    count = sum(name.startswith(f"{group}/") for name in arrays)
    return [arrays[f"{group}/{i}"] for i in range(count)]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
