"""Optimizers and learning-rate schedules by name."""

import math

from kzoo.lazy import classes_of
from kzoo.types import Fraction

# the base class, and what is made of other optimizers
NOT_ALONE = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"}

POSITIVE = {
    "learning_rate",
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "loss_scale_factor",
    "gradient_accumulation_steps",
    "ema_overwrite_frequency",
}
DECAY_RATES = {"beta_1", "beta_2", "rho", "momentum", "ema_momentum"}

OPTIMIZERS = {
    name.lower(): cls
    for name, cls in classes_of("keras.optimizers").items()
    if name not in NOT_ALONE
}


def constant(learning_rate, steps, *, warmup: Fraction = 0.0):
    """The same learning rate after a linear warm-up.

    Args:
        learning_rate: The optimizer's.
        steps: Number of training steps.
        warmup: Fraction of the steps in which it rises from 0.
    """
    return _warmup_then_cosine(learning_rate, steps, warmup, first=0.0, last=1.0)


def cosine(learning_rate, steps, *, warmup: Fraction = 0.0, final: Fraction = 0.0):
    """Linear warm-up, then half a cosine down.

    Args:
        learning_rate: The highest, the optimizer's.
        steps: Number of training steps.
        warmup: Fraction of the steps in which it rises from 0.
        final: The last learning rate, as a fraction of the highest.

    References:
        Loshchilov and Hutter, 2017, SGDR, eq. 5, without restarts.
    """
    return _warmup_then_cosine(learning_rate, steps, warmup, first=0.0, last=final)


def one_cycle(learning_rate, steps, *, warmup: Fraction = 0.3, initial: Fraction = 0.04):
    """Up from a fraction of the highest learning rate, then half a cosine down to 0.

    The momentum stays as it is.

    Args:
        learning_rate: The highest, the optimizer's.
        steps: Number of training steps.
        warmup: Fraction of the steps in which it rises.
        initial: The first learning rate, as a fraction of the highest.

    References:
        Smith and Topin, 2018, Super-Convergence, section 3.
    """
    return _warmup_then_cosine(learning_rate, steps, warmup, first=initial, last=0.0)


SCHEDULES = {"constant": constant, "cosine": cosine, "one_cycle": one_cycle}


def create_optimizer(optimizer, schedule, steps):
    """Builds an optimizer that follows a schedule.

    Args:
        optimizer: Dict with the `name` of one of `OPTIMIZERS` and its arguments.
        schedule: Dict with the `name` of one of `SCHEDULES` and its arguments.
        steps: Number of training steps.

    Returns:
        A `keras.optimizers.Optimizer`.

    Raises:
        ValueError: If an argument is out of range.
    """
    name, arguments = _split_name(optimizer)
    _check_ranges(arguments)
    learning_rate = arguments.get("learning_rate", 1.0)
    schedule_name, schedule_arguments = _split_name(schedule)
    arguments["learning_rate"] = SCHEDULES[schedule_name](
        learning_rate, steps, **schedule_arguments
    )
    return OPTIMIZERS[name](**arguments)


def _check_ranges(arguments):
    """Refuses numbers that Keras' optimizers take and then fail on, or diverge with."""
    for name, value in arguments.items():
        if value is None:
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in POSITIVE and not (number and 0 < value < math.inf):
            raise ValueError(f"`{name}` must be a positive number. Received: {value!r}")
        if name == "weight_decay" and not (number and 0 <= value < math.inf):
            raise ValueError(f"`{name}` must be a number from 0 up. Received: {value!r}")
        if name in DECAY_RATES and not (number and 0 <= value < 1):
            raise ValueError(f"`{name}` must be at least 0 and less than 1. Received: {value!r}")


def _split_name(section):
    return section["name"], {key: value for key, value in section.items() if key != "name"}


def _warmup_then_cosine(learning_rate, steps, warmup, first, last):
    """Keras' schedule, `first` and `last` being fractions of `learning_rate`."""
    import keras

    warmup_steps = round(warmup * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=learning_rate * (first if warmup_steps else 1.0),
        warmup_target=learning_rate if warmup_steps else None,
        warmup_steps=warmup_steps,
        decay_steps=max(1, steps - warmup_steps),
        alpha=last,
    )
