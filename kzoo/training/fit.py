"""Trains a core with Keras' `fit`."""

import errno
import math
import sys
from typing import Any, Literal

import keras

from kzoo.data.batches import evaluation_batches, steps_per_epoch, training_batches
from kzoo.messages import NO_MEMORY, UserError, reason, sentence
from kzoo.training.callbacks import KeepBest, NonFiniteLoss, StopAtNonFiniteLoss
from kzoo.training.optimizers import create_optimizer
from kzoo.training.signals import stopped_by
from kzoo.types import Fraction, PositiveFloat, PositiveInt

SMALLER_BATCH = "A smaller data.batch_size may help."
NOT_TESTED = "Its test split was not read."
OPTIMIZER = {"name": "adamw", "learning_rate": 2e-3, "weight_decay": 0.02}
SCHEDULE = {"name": "cosine", "warmup": 0.1}
STEPS = 2000  # of a training of few examples
FEWEST_EPOCHS, MOST_EPOCHS = 10, 200
PATIENCE = 4  # parts of the epochs, one of which may pass without a better one
LOWER_RATE = "A lower training.optimizer.learning_rate or a clipnorm may help."


class TrainingStopped(UserError):
    """A training that did not come to its end; the core holds the best weights so far.

    Attributes:
        best_epoch: The epoch they are from, counted from 1; None if none had ended.
        advice: How to go on, a sentence; or `""`.
        exit_code: That of a program which ends so.
    """

    def __init__(self, reason, best_epoch, advice, exit_code=1):
        super().__init__(reason)
        self.best_epoch = best_epoch
        self.advice = advice
        self.exit_code = exit_code


def fit(
    core,
    dataset,
    seed,
    history_file,
    callbacks=(),
    *,
    epochs: PositiveInt | None = None,
    optimizer=OPTIMIZER,
    schedule=SCHEDULE,
    label_smoothing: Fraction = 0.0,
    class_weight: Literal["balanced"] | dict[Any, PositiveFloat] | None = None,
    monitor: Literal["val_loss", "val_accuracy", "val_auc", "val_r2"] = "val_loss",
    early_stopping: PositiveInt | None = None,
    steps_per_execution: PositiveInt = 1,
):
    """Trains `core`, which then holds the weights of the epoch that was best on validation.

    Args:
        core: Functional model from pre-processed tensors to logits. It is not compiled itself,
            so that it is saved without the optimizer's state.
        dataset: `Dataset`.
        seed: Decides the order of the examples and their augmentation.
        history_file: CSV file that gets a line for each epoch.
        callbacks: Further Keras callbacks.
        epochs: Number of epochs. None follows the number of examples: about 2,000 steps, 10 to 200
            epochs.
        optimizer: Dict with the `name` of one of `OPTIMIZERS` and its arguments.
        schedule: Dict with the `name` of one of `SCHEDULES` and its arguments.
        label_smoothing: Fraction of the target that is shared among all classes.
        class_weight: How much an example counts in training, by its class: `"balanced"`, a dict
            from class name to weight, or None.
        monitor: What makes an epoch the best one: the loss, or the metric of the task.
        early_stopping: Epochs without a better one after which training stops. None never stops
            or, where `epochs` is None too, takes a quarter of the epochs, 10 at least.
        steps_per_execution: Steps run in one call of the graph; lowered to the next number that
            divides the steps of an epoch, so that no call runs into the next epoch.

    Returns:
        The `KeepBest` of this training, with `best_epoch` and `best_logs`.

    Raises:
        TrainingStopped: If the loss became NaN or infinite, on Ctrl-C or another signal, and on
            whatever else went wrong, which is then its cause.
    """
    steps = steps_per_epoch(dataset)
    weights = dataset.task.class_weights(class_weight, dataset.train.labels)
    steps_per_execution = max(n for n in range(1, steps_per_execution + 1) if steps % n == 0)
    optimizer = create_optimizer(optimizer, schedule, steps * epochs)
    trained = keras.Model(core.inputs, core.outputs, name=core.name)
    trained.compile(
        optimizer,
        loss=dataset.task.loss(label_smoothing),
        metrics=dataset.task.training_metrics(),
        steps_per_execution=steps_per_execution,
    )
    best = KeepBest(monitor, early_stopping)
    try:
        trained.fit(
            training_batches(dataset, seed, epochs, weights),
            epochs=epochs,
            steps_per_epoch=steps,
            shuffle=False,  # the batches are in their order
            validation_data=evaluation_batches(dataset, dataset.validation),
            callbacks=[
                StopAtNonFiniteLoss(steps, steps_per_execution),
                best,
                *([keras.callbacks.SwapEMAWeights()] if optimizer.use_ema else []),
                keras.callbacks.CSVLogger(history_file),
                *callbacks,
            ],
            verbose=1 if sys.stdout.isatty() else 2,  # a bar on a terminal, lines in a file
        )
    except NonFiniteLoss as error:
        raise TrainingStopped(str(error), best.best_epoch, LOWER_RATE) from None
    except KeyboardInterrupt as error:
        name, code = stopped_by(error)
        raise TrainingStopped(f"Stopped by {name}.", best.best_epoch, NOT_TESTED, code) from None
    except Exception as error:  # no memory, a full disk: the best weights are worth keeping
        raise _stopped(error, best.best_epoch, history_file) from error
    finally:
        best.restore()
    if not best.best_epoch:
        raise TrainingStopped("The validation loss was NaN or infinite.", None, LOWER_RATE)
    return best


def follow_data(training, dataset):
    """Returns a section `training` with numbers of epochs that follow the number of examples.

    Args:
        training: Dict, keyword arguments of `fit`.
        dataset: `Dataset`.
    """
    if training["epochs"] is not None:
        return training
    epochs = math.ceil(STEPS / steps_per_epoch(dataset))
    epochs = min(MOST_EPOCHS, max(FEWEST_EPOCHS, epochs))
    patience = training["early_stopping"] or max(FEWEST_EPOCHS, epochs // PATIENCE)
    return {**training, "epochs": epochs, "early_stopping": patience}


def _stopped(error, best_epoch, history_file):
    """Returns the `TrainingStopped` that an error of another kind leads to."""
    if getattr(error, "errno", None) == errno.ENOSPC:  # no other file is written meanwhile
        error.filename = error.filename or history_file
    said = sentence(error) or f"{type(error).__name__}: {reason(error)}"
    advice = SMALLER_BATCH if said.startswith(NO_MEMORY) else ""
    return TrainingStopped(said, best_epoch, advice)
