import math

import keras
import numpy as np
import pytest

from kzoo.training.optimizers import OPTIMIZERS, SCHEDULES, create_optimizer

STEPS = 100


def rates(schedule, steps, learning_rate=0.5):
    """The learning rate at each of `steps`, in a training of `STEPS`."""
    optimizer = create_optimizer({"name": "sgd", "learning_rate": learning_rate}, schedule, STEPS)
    found = []
    for step in steps:
        optimizer.iterations.assign(step)
        found.append(float(optimizer.learning_rate))
    return found


def cosine(fraction):
    """Half a cosine from 1 down to 0."""
    return (1 + math.cos(math.pi * fraction)) / 2


@pytest.mark.parametrize(
    "schedule, steps, expected",
    [
        ({"name": "constant"}, [0, 1, 50, 99], [0.5] * 4),
        (
            {"name": "constant", "warmup": 0.2},
            [0, 1, 10, 20, 21, 99],
            [0.0, 0.5 / 20, 0.25, 0.5, 0.5, 0.5],
        ),
        (
            {"name": "cosine"},
            [0, 25, 50, 99, 100],
            [0.5, 0.5 * cosine(0.25), 0.25, 0.5 * cosine(0.99), 0.0],
        ),
        (
            {"name": "cosine", "warmup": 0.2, "final": 0.1},
            [0, 10, 20, 60, 99, 100],
            [0.0, 0.25, 0.5, 0.55 / 2, 0.05 + 0.45 * cosine(79 / 80), 0.05],
        ),
        (
            {"name": "one_cycle"},
            [0, 15, 30, 65, 100],
            [0.02, (0.02 + 0.5) / 2, 0.5, 0.25, 0.0],
        ),
        (
            {"name": "one_cycle", "warmup": 0.5, "initial": 0.2},
            [0, 25, 50, 75, 99],
            [0.1, 0.3, 0.5, 0.25, 0.5 * cosine(49 / 50)],
        ),
        (  # no warm-up: nowhere to start below the highest
            {"name": "one_cycle", "warmup": 0.0},
            [0, 50],
            [0.5, 0.25],
        ),
    ],
)
def test_schedule(schedule, steps, expected):
    np.testing.assert_allclose(rates(schedule, steps), expected, rtol=1e-5, atol=1e-8)


def test_every_schedule_is_tested_above():
    assert set(SCHEDULES) == {"constant", "cosine", "one_cycle"}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_training_of_one_step(name):
    optimizer = create_optimizer({"name": "sgd", "learning_rate": 0.5}, {"name": name}, 1)
    assert 0 <= float(optimizer.learning_rate) <= 0.5


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_takes_a_step(name):
    """A matrix and a vector move, and stay finite."""
    optimizer = create_optimizer({"name": name, "learning_rate": 0.1}, {"name": "constant"}, 7)
    variables = [keras.Variable(np.ones(shape, "float32")) for shape in [(3, 5), (2,)]]
    optimizer.build(variables)
    for _ in range(2):
        optimizer.apply([np.full((3, 5), 0.5, "float32"), np.full(2, 0.5, "float32")])
    for variable in variables:
        value = np.array(variable)
        assert np.isfinite(value).all() and (value < 1).all()


def test_optimizers_are_those_of_keras():
    assert {"adam", "adamw", "sgd", "rmsprop", "lion", "muon", "adagrad"} <= set(OPTIMIZERS)
    assert not {"optimizer", "lossscaleoptimizer", "multioptimizer"} & set(OPTIMIZERS)
    assert OPTIMIZERS["adamw"].load() is keras.optimizers.AdamW


def test_arguments_reach_the_optimizer():
    arguments = {"learning_rate": 0.5, "momentum": 0.25, "nesterov": True, "clipnorm": 2.0}
    optimizer = create_optimizer({"name": "sgd", **arguments}, {"name": "constant"}, 7)
    assert isinstance(optimizer, keras.optimizers.SGD)
    assert (optimizer.momentum, optimizer.nesterov, optimizer.clipnorm) == (0.25, True, 2.0)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"learning_rate": 0}, "`learning_rate` must be a positive number. Received: 0"),
        ({"clipnorm": -1.0}, "`clipnorm` must be a positive number. Received: -1.0"),
        ({"clipvalue": "x"}, "`clipvalue` must be a positive number. Received: 'x'"),
        ({"global_clipnorm": True}, "`global_clipnorm` must be a positive number. Received: True"),
        ({"weight_decay": -0.1}, "`weight_decay` must be a number from 0 up. Received: -0.1"),
        ({"beta_1": 1.0}, "`beta_1` must be at least 0 and less than 1. Received: 1.0"),
        ({"clipnorm": 1.0, "clipvalue": 2.0}, "Only one of `clipnorm`, `clipvalue`"),
    ],
)
def test_wrong_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_optimizer({"name": "adam", **arguments}, {"name": "constant"}, 7)


def test_the_given_section_is_left_as_it_is():
    section = {"name": "adam", "learning_rate": 0.5}
    create_optimizer(section, {"name": "cosine", "final": 0.5}, 7)
    assert section == {"name": "adam", "learning_rate": 0.5}
