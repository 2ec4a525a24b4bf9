"""What watches a training."""

import math

import keras


class KeepBest(keras.callbacks.Callback):
    """Keeps the weights of the epoch that is best on the validation data.

    With an exponential moving average of the weights, put it before `SwapEMAWeights`: it then
    keeps the average that was validated.

    Args:
        monitor: `"val_loss"`, or a metric that is better the higher it is, as `"val_accuracy"`
            (among equals, the lower loss).
        patience: Epochs without a better one after which training stops; None never stops.
    """

    def __init__(self, monitor="val_loss", patience=None):
        super().__init__()
        self.monitor = monitor
        self.patience = patience
        self.best_epoch = None  # counted from 1
        self.best_logs = None
        self.weights = None
        self.epochs = 0  # that were begun
        self._best_score = None

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs = epoch + 1

    def on_test_end(self, logs=None):
        score = [-logs["loss"]]
        if self.monitor != "val_loss":
            score = [logs[self.monitor.removeprefix("val_")], *score]
        if not math.isfinite(logs["loss"]):
            return
        if self._best_score is None or score > self._best_score:
            self.best_epoch, self.best_logs, self._best_score = self.epochs, dict(logs), score
            self.weights = self.model.get_weights()
        elif self.patience and self.epochs - self.best_epoch >= self.patience:
            self.model.stop_training = True

    def facts(self):
        """Returns what it knows beside the weights, a dict that JSON can hold."""
        return {
            "epoch": self.best_epoch,
            "logs": self.best_logs,
            "score": self._best_score,
            "epochs": self.epochs,
        }

    def put(self, facts, weights):
        """Goes on from what another one knew.

        Args:
            facts: Dict, as `facts` returns it.
            weights: List of arrays, or None.
        """
        self.best_epoch, self.best_logs = facts["epoch"], facts["logs"]
        self._best_score, self.epochs = facts["score"], facts["epochs"]
        self.weights = weights

    def restore(self, model):
        """Puts the best weights into a model, where an epoch has ended."""
        if self.weights is not None:
            model.set_weights(self.weights)


class NonFiniteLoss(ArithmeticError):
    """The loss became NaN or infinite; the message says at which step."""


class StopAtNonFiniteLoss(keras.callbacks.Callback):
    """Ends a training whose loss is not a number any more, and says at which step.

    Args:
        steps_per_epoch: Steps in an epoch.
        steps_per_execution: Steps between two looks at the loss.
        first: Step of the first epoch that is begun with, where some were done before.

    Raises:
        NonFiniteLoss: At the end of the execution in which it happened.
    """

    def __init__(self, steps_per_epoch, steps_per_execution=1, first=0):
        super().__init__()
        self.steps_per_epoch = steps_per_epoch
        self.steps_per_execution = steps_per_execution
        self.first = first
        self._epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if math.isfinite(logs["loss"]):
            return
        last = self._epoch * self.steps_per_epoch + self.first + batch + 1
        first = last - batch % self.steps_per_execution
        steps = f"step {last}" if first == last else f"one of the steps {first} to {last}"
        raise NonFiniteLoss(f"The loss became {logs['loss']} at {steps}, epoch {self._epoch + 1}.")
