import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import kzoo
from kzoo.export.saved_model import write_saved_model
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.saved.exported import DESCRIPTION
from kzoo.saved.shipped import LoadError, find_model
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification
from tests import tiny
from tests.export.trained import image_classifier

ROOT = Path(__file__).parents[2]
SIZES = [(8, 8), (28, 28), (100, 60)]

WITH_KZOO = """
import sys, numpy as np, keras, kzoo
model = keras.models.load_model(sys.argv[1])
images = np.load(sys.argv[2])
np.savez(sys.argv[3], **{k: model.predict(images[k], verbose=0)["probabilities"] for k in images})
"""
WITHOUT_KZOO = """
import sys, numpy as np
sys.modules["kzoo"] = None  # importing it raises
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
images = np.load(sys.argv[2])
np.savez(sys.argv[3], **{k: model.serve(images[k])["probabilities"].numpy() for k in images})
assert not any(name.startswith("kzoo.") for name in sys.modules)
"""


@pytest.fixture(scope="module")
def raw_images(tmp_path_factory):
    """File with raw images of several sizes."""
    random = np.random.default_rng(0)
    images = {f"{h}x{w}": random.integers(0, 256, (5, h, w, 1), "uint8") for h, w in SIZES}
    path = tmp_path_factory.mktemp("images") / "images.npz"
    np.savez(path, **images)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    "program, artefact, python_path",
    [(WITH_KZOO, "model.keras", str(ROOT)), (WITHOUT_KZOO, "saved_model", "")],
    ids=["keras", "saved_model"],
)
def test_a_new_process_gives_the_same_probabilities(
    digits_run, raw_images, tmp_path, program, artefact, python_path
):
    """With BatchNormalization, dropout and attention in the model, on images of any size."""
    kinds = {type(layer) for layer in digits_run.model.core.layers}
    assert {keras.layers.BatchNormalization, keras.layers.Dropout, kzoo.layers.Attention} <= kinds
    arguments = [digits_run.folder / artefact, raw_images, tmp_path / "probabilities.npz"]
    subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": python_path},
        check=True,
        timeout=300,
    )
    images, found = np.load(raw_images), np.load(tmp_path / "probabilities.npz")
    assert sorted(found) == sorted(f"{h}x{w}" for h, w in SIZES)
    for size in found:
        expected = digits_run.model.predict(images[size], verbose=0)["probabilities"]
        assert np.ptp(expected) > 0.05  # it says something
        np.testing.assert_allclose(found[size], expected, rtol=0, atol=1e-5)


def test_logits_and_probabilities_belong_together(digits_run):
    images = np.random.default_rng(1).integers(0, 256, (3, 8, 8, 1), "uint8")
    outputs = digits_run.model.predict(images, verbose=0)
    exponentials = np.exp(outputs["logits"].astype("float64"))
    np.testing.assert_allclose(
        outputs["probabilities"], exponentials / exponentials.sum(axis=1, keepdims=True), atol=1e-6
    )
    core_logits = digits_run.model.core.predict(images / 255, verbose=0)
    np.testing.assert_allclose(outputs["logits"], core_logits, atol=1e-5)


def test_artefacts_hold_no_optimizer_state(digits_run):
    import tensorflow as tf

    with zipfile.ZipFile(digits_run.folder / "model.keras") as archive:
        assert not json.loads(archive.read("config.json")).get("compile_config")
        with archive.open("model.weights.h5") as file, h5py.File(file) as weights:
            found = []
            weights.visit(found.append)
    assert found and not [name for name in found if "optimizer" in name]

    stored = tf.train.list_variables(str(digits_run.folder / "saved_model/variables/variables"))
    numbers = sum(np.prod(shape) for _, shape in stored)
    # a few seeds beside the weights; AdamW's state would be twice as large
    assert numbers < digits_run.model.core.count_params() + 10


def test_load_takes_a_run_folder_and_a_file(digits_run):
    image = np.zeros((1, 8, 8, 1), "uint8")
    expected = digits_run.model.predict(image, verbose=0)["logits"]
    for source in [digits_run.folder, str(digits_run.folder), digits_run.folder / "model.keras"]:
        model = kzoo.load(source)
        assert isinstance(model, TrainedModel)
        assert model.name == "two_epochs" and model.class_names == list("0123456789")
        assert model.core.output_shape == (None, 10)
        np.testing.assert_array_equal(model.predict(image, verbose=0)["logits"], expected)


@pytest.mark.parametrize("name", ["no_such_model", "tests", "no/such/folder"])
def test_load_says_what_it_takes(name):
    with pytest.raises(ValueError, match=f"There is no model {name}. Give a run folder with a mod"):
        kzoo.load(name)


def test_load_knows_what_was_meant():
    with pytest.raises(ValueError, match="model mnist_cnn_atention. Did you mean mnist_cnn_attent"):
        kzoo.load("mnist_cnn_atention")


def test_the_folder_of_a_model(digits_run, tmp_path, monkeypatch):
    for source in (digits_run.folder, digits_run.folder / "model.keras"):
        assert find_model(source).parent == digits_run.folder
    (tmp_path / "config.yaml").touch()  # of another run
    monkeypatch.chdir(tmp_path)
    assert (
        find_model("digits_cnn_attention").parent == ROOT / "saved_models" / "digits_cnn_attention"
    )
    with pytest.raises(ValueError, match="There is no model no_such_model"):
        find_model("no_such_model")


@pytest.fixture(scope="module")
def classifier():
    options = {key: value for key, value in tiny.MODEL.items() if key != "name"}
    shape = (tiny.HEIGHT, tiny.WIDTH, 1)
    core = kzoo.create_model("cnn_attention", shape, tiny.CLASSES, **options)
    return TrainedModel(core, ImagePreprocessing(*shape), Classification(["a", "b", "c"]))


def test_wrapper_shares_the_weights_of_the_core(classifier):
    weights = classifier.core.get_weights()
    images = np.full((1, 7, 5, 1), 100, "uint8")
    before = classifier.predict(images, verbose=0)["logits"]
    classifier.core.set_weights([w + 0.25 for w in weights])
    assert not np.allclose(classifier.predict(images, verbose=0)["logits"], before)
    classifier.core.set_weights(weights)
    assert classifier.name == "cnn_attention"
    assert classifier.count_params() == classifier.core.count_params()


def test_wrapper_never_runs_in_training_mode(classifier):
    """Dropout and the statistics of BatchNormalization stay out, even in a call for training."""
    images = np.random.default_rng(0).integers(0, 256, (3, 7, 5, 1), "uint8")
    weights = classifier.get_weights()
    expected = classifier(images, training=False)["logits"]
    np.testing.assert_array_equal(classifier(images, training=True)["logits"], expected)
    for before, after in zip(weights, classifier.get_weights(), strict=True):
        np.testing.assert_array_equal(after, before)


def test_predict_takes_grey_images_without_channels(classifier):
    images = np.random.default_rng(0).integers(0, 256, (2, 11, 13), "uint8")
    expected = classifier.predict(images[..., None], verbose=0)["probabilities"]
    found = classifier.predict(images, verbose=0)["probabilities"]
    np.testing.assert_array_equal(found, expected)


def test_nothing_in_is_nothing_out(classifier):
    found = classifier.predict(np.zeros((0, 8, 8, 1), "uint8"), verbose=0)
    one = classifier.predict(np.full((1, 8, 8, 1), 7, "uint8"), verbose=0)
    assert {name: (a.shape[1:], a.dtype) for name, a in found.items()} == {
        name: (a.shape[1:], a.dtype) for name, a in one.items()
    }
    assert {len(a) for a in found.values()} == {0}


def test_predict_refuses_other_channels(classifier):
    with pytest.raises(ValueError, match=r"\(batch, height, width, 1\). Received: \(2, 7, 5, 3\)"):
        classifier.predict(np.zeros((2, 7, 5, 3), "uint8"))
    with pytest.raises(ValueError, match=r"Received: \(7, 5\)"):
        classifier.predict(np.zeros((7, 5), "uint8"))


def test_predict_refuses_what_is_scaled_already(classifier):
    with pytest.raises(ValueError, match="must go from 0 to 255.*Received: float32 of 0 to 1"):
        classifier.predict(np.linspace(0, 1, 70, dtype="float32").reshape(2, 7, 5, 1))
    black = np.zeros((1, 7, 5, 1), "float32")
    assert classifier.predict(black, verbose=0)["logits"].shape == (1, 3)


def test_predict_takes_floats_from_0_to_255(classifier):
    images = np.random.default_rng(0).integers(0, 256, (2, 7, 5, 1), "uint8")
    expected = classifier.predict(images, verbose=0)["logits"]
    found = classifier.predict(images.astype("float64"), verbose=0)["logits"]
    np.testing.assert_array_equal(found, expected)


def test_keras_saves_all_its_parts(classifier, tmp_path):
    classifier.save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    assert model.class_names == ["a", "b", "c"]
    assert model.preprocessing.get_config() == classifier.preprocessing.get_config()
    assert [layer.name for layer in model.core.layers] == [
        layer.name for layer in classifier.core.layers
    ]
    for found, expected in zip(
        model.core.get_weights(), classifier.core.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_preprocess_gives_what_the_core_takes(classifier):
    random = np.random.default_rng(0)
    images = [random.integers(0, 256, size, "uint8") for size in [(7, 5, 1), (11, 13, 1), (7, 5)]]
    x = classifier.preprocess(images[:2])  # of different sizes
    assert x.shape == (2, 7, 5, 1)
    np.testing.assert_allclose(x[0], images[0] / 255, rtol=1e-6)
    np.testing.assert_array_equal(classifier.preprocess(images[1][None])[0], x[1])
    assert classifier.preprocess(images[2][None]).shape == (1, 7, 5, 1)
    expected = classifier.core.predict(x, verbose=0)[1:]
    found = classifier.predict(images[1][None], verbose=0)["logits"]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_file_that_holds_code_is_refused(tmp_path):
    """Keras' safe mode stays on, for `.keras` files and for what a SavedModel tells of itself."""
    code = keras.layers.Lambda(lambda x: x * 2)
    keras.Sequential([keras.Input((3,)), code]).save(tmp_path / "code.keras")
    with pytest.raises(LoadError, match=r"code.keras cannot be loaded: .*[Ll]ambda"):
        kzoo.load(tmp_path / "code.keras")

    write_saved_model(image_classifier(), tmp_path / "saved_model")
    description = tmp_path / "saved_model" / DESCRIPTION
    config = json.loads(description.read_text())
    config["config"]["core"] = keras.saving.serialize_keras_object(code)
    description.write_text(json.dumps(config))
    with pytest.raises(ValueError, match="[Ll]ambda"):
        kzoo.load(tmp_path / "saved_model").recover()
