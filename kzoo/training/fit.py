"""Trains a core with Keras' `fit`."""

import errno
import math
from typing import Any, Literal

import keras

from kzoo.data.batches import evaluation_batches, steps_per_epoch, training_batches
from kzoo.messages import NO_MEMORY, UserError, reason, sentence
from kzoo.training.callbacks import KeepBest, NonFiniteLoss, StopAtNonFiniteLoss
from kzoo.training.checkpoints import Checkpoints
from kzoo.training.loggers import create_callback
from kzoo.training.optimizers import create_optimizer
from kzoo.training.precision import in_precision
from kzoo.training.progress import ShowProgress
from kzoo.training.signals import stopped_by
from kzoo.training.state import KeepState
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
        advice: What may help, a sentence; or `""`.
        exit_code: That of a program which ends so.
        diverged: Whether the loss was no number any more.
    """

    def __init__(self, reason, best_epoch, advice, exit_code=1):
        super().__init__(reason)
        self.best_epoch = best_epoch
        self.advice = advice
        self.exit_code = exit_code
        self.diverged = advice == LOWER_RATE


def fit(
    core,
    dataset,
    seed,
    folder,
    check=None,
    *,
    epochs: PositiveInt | None = None,
    optimizer=OPTIMIZER,
    schedule=SCHEDULE,
    label_smoothing: Fraction = 0.0,
    class_weight: Literal["balanced"] | dict[Any, PositiveFloat] | None = None,
    monitor: Literal["val_loss", "val_accuracy", "val_auc", "val_r2"] = "val_loss",
    early_stopping: PositiveInt | None = None,
    steps_per_execution: PositiveInt = 1,
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32",
    jit_compile: bool | None = None,
    callbacks=(),
    checkpoint_every: PositiveFloat = 60.0,
    keep_checkpoints: bool = False,
):
    """Trains `core`, which then holds the weights of the epoch that was best on validation.

    Where the folder has the state of such a training, it goes on from there, and comes to the same
    weights and history as without the interruption.

    Args:
        core: Functional model from pre-processed tensors to logits. It is not compiled itself,
            so that it is saved without the optimizer's state.
        dataset: `Dataset`.
        seed: Decides the order of the examples and their augmentation.
        folder: `Path` of the folder that gets `history.csv`, a line for each epoch, and while it
            trains `checkpoints`.
        check: Function that raises the exception to end with, where a signal asks for it; or None.
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
        precision: What the layers compute in while they are trained; weights, sums of the softmax
            and logits are float32, and so is the model that comes out.
        jit_compile: Whether XLA compiles the step; None leaves it to Keras.
        callbacks: List of dicts with the `name` of one of `CALLBACKS`, or the import path of a
            `keras.callbacks.Callback`, and its arguments; or of callbacks.
        checkpoint_every: Seconds after which the state of the training is written, as it is at the
            end of an epoch too; so much is lost at most where it is killed.
        keep_checkpoints: Whether the last states stay in the folder of a run that is complete.

    Returns:
        The `KeepState` of this training, with its `best`, `step` and `seconds`.

    Raises:
        TrainingStopped: If the loss became NaN or infinite, on Ctrl-C or another signal, and on
            whatever else went wrong, which is then its cause.
        CheckpointError: If there are states, and all of them are damaged.
    """
    steps = steps_per_epoch(dataset)
    weights = dataset.task.class_weights(class_weight, dataset.train.labels)
    steps_per_execution = max(n for n in range(1, steps_per_execution + 1) if steps % n == 0)
    optimizer = create_optimizer(optimizer, schedule, steps * epochs)
    averages = [keras.callbacks.SwapEMAWeights()] if optimizer.use_ema else []
    trained = in_precision(core, precision)
    if precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    trained.compile(
        optimizer,
        loss=dataset.task.loss(label_smoothing),
        metrics=dataset.task.training_metrics(),
        steps_per_execution=steps_per_execution,
        jit_compile="auto" if jit_compile is None else jit_compile,
    )
    trained.optimizer.build(trained.trainable_variables)  # its variables are in one order then
    callbacks = [create_callback(callback, folder) for callback in callbacks]
    best = KeepBest(monitor, early_stopping)
    history = folder / "history.csv"
    state = KeepState(Checkpoints(folder), history, best, steps, checkpoint_every, check)
    for problem in state.restore(trained):
        print(f"{problem} The state before it is taken.")
    validation = evaluation_batches(dataset, dataset.validation)
    if state.step % steps:  # the metrics of the epoch so far need their variables
        trained.evaluate(validation.take(1), verbose=0)
    progress = ShowProgress(epochs, steps, state.step)
    try:
        while state.step < steps * epochs and not state.stopped:
            epoch, first = divmod(state.step, steps)
            trained.fit(
                training_batches(dataset, seed, epochs, weights, state.step),
                initial_epoch=epoch,
                epochs=epoch + 1 if first else epochs,  # the rest of an epoch on its own
                steps_per_epoch=steps - first,
                shuffle=False,  # the batches are in their order
                validation_data=validation,
                callbacks=[
                    StopAtNonFiniteLoss(steps, steps_per_execution, first),
                    best,
                    *averages,
                    *callbacks,
                    progress,
                    state,
                ],
                verbose=0,
            )
            if first:  # Keras ends a training with the averages of the weights
                state.put(trained, *state.last)
    except NonFiniteLoss as error:
        raise TrainingStopped(str(error), best.best_epoch, LOWER_RATE) from None
    except KeyboardInterrupt as error:
        name, code = stopped_by(error)
        raise TrainingStopped(f"Stopped by {name}.", best.best_epoch, NOT_TESTED, code) from None
    except Exception as error:  # no memory, a full disk: the best weights are worth keeping
        raise _stopped(error, best.best_epoch, history) from error
    finally:
        progress.close()
        best.restore(core)
    if not best.best_epoch:
        raise TrainingStopped("The validation loss was NaN or infinite.", None, LOWER_RATE)
    return state


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
