"""How far a training is."""

import sys
import time

import keras
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class ShowProgress(keras.callbacks.Callback):
    """Prints a line for each epoch and, on a terminal, a bar with the time left for all of them.

    Args:
        epochs: Number of epochs.
        steps: Steps of an epoch.
        step: Number of steps that were done before.
    """

    def __init__(self, epochs, steps, step=0):
        super().__init__()
        self.epochs = epochs
        self.steps = steps
        self._done = self._first = step
        self._bar = None

    def on_train_begin(self, logs=None):
        if self._bar is None and sys.stdout.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, TextColumn("left"), transient=True)
            self._task = self._bar.add_task(
                "", total=self.epochs * self.steps, completed=self._done
            )
            self._bar.start()

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.monotonic()
        self._first = self._done

    def on_train_batch_end(self, batch, logs=None):
        self._done = self._first + batch + 1
        if self._bar:
            epoch, step = divmod(self._done - 1, self.steps)
            where = f"epoch {epoch + 1}/{self.epochs}, step {step + 1}/{self.steps}"
            described = f"{where}, loss {logs['loss']:.4f}"
            self._bar.update(self._task, completed=self._done, description=described)

    def on_epoch_end(self, epoch, logs=None):
        numbers = ", ".join(f"{name} {value:.4f}" for name, value in logs.items())
        seconds = time.monotonic() - self._began
        line = f"epoch {epoch + 1}/{self.epochs}: {numbers} ({seconds:.1f} s)"
        if self._bar:
            self._bar.console.print(line, highlight=False)
        else:
            print(line, flush=True)

    def close(self):
        """Takes the bar away."""
        if self._bar:
            self._bar.stop()
