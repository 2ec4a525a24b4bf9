"""Every layer in a saved file, in another process and backend, exported, and compiled by XLA."""

import importlib.util
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.layer_checks import masked_model, to_numpy
from tests.layers.all_layers import FEATURES, LAYERS

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 11, FEATURES)).astype("float32")
MASK = RNG.random((2, 11)) < 0.7

every_layer = pytest.mark.parametrize("name", LAYERS)

PREDICT_ALL = """
import sys
import keras, numpy as np
import kzoo
folder, names = sys.argv[1], sys.argv[2:]
inputs = dict(np.load(f"{folder}/inputs.npz"))
outputs = {}
for name in names:
    model = keras.models.load_model(f"{folder}/{name}.keras")
    outputs[name] = keras.ops.convert_to_numpy(model(inputs))
np.savez(f"{folder}/{keras.backend.backend()}.npz", **outputs)
"""

IMPORT_WITHOUT_TENSORFLOW = """
import sys
import keras
before = "tensorflow" in sys.modules
import kzoo.layers
assert before or "tensorflow" not in sys.modules
"""


def run_python(code, *arguments, backend):
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def needs(package):
    missing = importlib.util.find_spec(package) is None
    return pytest.param(package, marks=pytest.mark.skipif(missing, reason=f"needs {package}"))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with a .keras file for every layer, and what the model in it predicts."""
    folder = tmp_path_factory.mktemp("saved")
    np.savez(folder / "inputs.npz", x=X, mask=MASK)
    predictions = {}
    for name, make in LAYERS.items():
        model = masked_model(make(), FEATURES)
        model.save(folder / f"{name}.keras")
        predictions[name] = to_numpy(model({"x": X, "mask": MASK}))
    return folder, predictions


@pytest.mark.slow
@pytest.mark.parametrize("backend", [needs("tensorflow"), needs("jax"), needs("torch")])
def test_a_saved_file_loads_in_a_new_process_on_any_backend(saved, backend):
    folder, predictions = saved
    run_python(PREDICT_ALL, str(folder), *LAYERS, backend=backend)
    loaded = np.load(folder / f"{backend}.npz")
    for name, expected in predictions.items():
        np.testing.assert_allclose(loaded[name], expected, rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("backend", [needs("jax"), needs("torch")])
def test_other_backends_do_not_import_tensorflow(backend):
    run_python(IMPORT_WITHOUT_TENSORFLOW, backend=backend)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="writes a SavedModel")
@every_layer
def test_exports_to_a_saved_model(name, tmp_path):
    import tensorflow as tf

    model = masked_model(LAYERS[name](), FEATURES)
    model.export(tmp_path / "saved_model", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved_model")  # holds the variables
    np.testing.assert_allclose(
        to_numpy(loaded.serve([X, MASK])),
        to_numpy(model({"x": X, "mask": MASK})),
        rtol=1e-5,
        atol=1e-6,
    )


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() == "torch", reason="XLA is TensorFlow's and JAX's")
@every_layer
def test_trains_compiled_by_xla(name):
    model = masked_model(LAYERS[name](), FEATURES)
    inputs = {"x": X, "mask": MASK}
    target = np.zeros(model(inputs).shape, "float32")
    losses = []
    for jit_compile in [False, True]:
        model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=jit_compile)
        losses.append(model.train_on_batch(inputs, target))
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    assert np.isfinite(losses).all()
