"""A training in 16 bits, and what comes out of it."""

import keras
import numpy as np
import pytest

import kzoo
from kzoo.models import MODELS, create_model
from kzoo.training import train
from kzoo.training.checkpoints import Checkpoints
from kzoo.training.fit import TrainingStopped, fit
from kzoo.training.precision import in_precision
from tests import tiny
from tests.layer_checks import to_numpy
from tests.models.test_models import ROWS, inputs_for
from tests.training.test_resume import StopAt, image_core

PRECISIONS = ["mixed_bfloat16", "mixed_float16"]
ADAM = {"name": "adam", "learning_rate": 0.02}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", MODELS)
def test_a_copy_computes_in_16_bits_and_agrees(name, precision):
    shape, options, *_ = ROWS[name]
    core = create_model(name, shape, 3, **options)
    trained = in_precision(core, precision)
    half = precision.removeprefix("mixed_")
    computed = {layer.compute_dtype for layer in trained.layers if layer.weights}
    assert computed == {half, "float32"} and trained.get_layer("logits").compute_dtype == "float32"
    assert {w.dtype for w in trained.weights} == {"float32"}
    x = inputs_for(core)
    logits, halves = to_numpy(core(x)), to_numpy(trained(x))
    assert halves.dtype == "float32" and 0 < np.abs(halves - logits).max() < 0.05


@pytest.mark.parametrize("precision", PRECISIONS)
def test_it_learns_and_what_is_kept_is_float32(precision, tmp_path):
    core = image_core()
    options = {"epochs": 12, "optimizer": {**ADAM, "use_ema": True, "ema_momentum": 0.5}}
    state = fit(core, tiny.tiny(), 0, tmp_path, precision=precision, **options)
    assert {w.dtype for w in core.weights} == {"float32"}
    assert {layer.compute_dtype for layer in core.layers} == {"float32"}
    for ours, best in zip(core.get_weights(), state.best.weights, strict=True):
        np.testing.assert_array_equal(ours, best)
    dataset = tiny.tiny()
    logits = core.predict(dataset.validation.inputs / 255, verbose=0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss = float(loss(dataset.validation.labels, logits))
    assert state.best.best_logs["loss"] == pytest.approx(loss, abs=0.02)
    assert loss < 1.0


@pytest.mark.parametrize("precision", PRECISIONS)
def test_it_goes_on_to_the_same(precision, tmp_path):
    options = {"epochs": 3, "optimizer": {**ADAM, "clipnorm": 1.0}, "precision": precision}
    whole = image_core()
    fit(whole, tiny.tiny(), 0, tmp_path / "whole", **options)
    keras.utils.set_random_seed(0)
    with pytest.raises(TrainingStopped):
        fit(image_core(), tiny.tiny(), 0, tmp_path / "parts", StopAt(7), **options)
    assert Checkpoints(tmp_path / "parts").load_last_step()[0]["step"] == 7
    core = image_core()
    fit(core, tiny.tiny(), 0, tmp_path / "parts", **options)
    for a, b in zip(core.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_what_is_exported_gives_the_numbers_of_the_run(tiny_config, tmp_path):
    changes = {"training.precision": "mixed_bfloat16", "training.jit_compile": True}
    run = train(tiny_config, {**changes, "baseline": False}, run_dir=tmp_path / "run")
    test = tiny.tiny().test
    for path in (tmp_path / "run", tmp_path / "run" / "saved_model"):
        found = np.argmax(kzoo.load(path).predict(test.inputs)["probabilities"], axis=1)
        assert np.mean(found == test.labels) == pytest.approx(run.metrics["test_accuracy"])
