import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import kzoo
from kzoo.export.saved_model import write_saved_model
from kzoo.exported import DESCRIPTION, ExportedModel, Spec
from kzoo.messages import Note
from kzoo.shipped import LoadError
from tests.export.classifiers import CLASSIFIERS, with_decided_weights


def test_ours_takes_raw_input(digits_run):
    model = kzoo.load(digits_run.folder / "saved_model")
    assert isinstance(model, ExportedModel)
    images = np.random.default_rng(0).integers(0, 256, (3, 20, 10, 1), "uint8")
    expected = digits_run.model.predict(images, verbose=0)
    found = model.predict(images)
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-5)
    assert model(images)["logits"].shape == (3, 10)
    assert model.class_names == digits_run.model.class_names


def test_ours_shows_its_signature(digits_run):
    model = kzoo.load(digits_run.folder / "saved_model")
    assert model.signature.inputs == Spec("images", "uint8", (None, None, None, 1))
    inputs, outputs = str(model.signature).split(" -> ")
    assert inputs == "images: uint8 (any, any, any, 1)"
    assert "probabilities: float32 (any, 10)" in outputs
    assert {"serve", "serving_default"} <= set(model.signatures)


def test_a_run_with_nothing_but_a_saved_model(digits_run, tmp_path):
    shutil.copytree(digits_run.folder / "saved_model", tmp_path / "saved_model")
    model = kzoo.load(tmp_path)
    assert isinstance(model, ExportedModel)
    assert model.class_names == digits_run.model.class_names


@pytest.mark.parametrize("kind", ["images", "texts", "table"])
def test_ours_can_be_trained_again(kind, tmp_path):
    """Nothing but the SavedModel is left of it."""
    make, examples = CLASSIFIERS[kind]
    original = with_decided_weights(make(), examples)
    write_saved_model(original, tmp_path / "model")
    recovered = kzoo.load(tmp_path / "model").recover()
    assert recovered.class_names == original.class_names
    expected = original.predict(examples, verbose=0)["probabilities"]
    found = recovered.predict(examples, verbose=0)["probabilities"]
    np.testing.assert_array_equal(found, expected)
    assert (np.ptp(expected, axis=0) > 0.1).all()
    assert [w.path for w in recovered.core.trainable_weights] == [
        w.path for w in original.core.trainable_weights
    ]


@pytest.fixture
def foreign(tmp_path):
    """A SavedModel of Keras."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.export(tmp_path / "foreign", verbose=False)
    return tmp_path / "foreign"


def test_that_of_another_cannot_be_trained(foreign):
    with pytest.warns(Note):
        loaded = kzoo.load(foreign)
    assert loaded.class_names is None
    with pytest.raises(ValueError, match="Only a SavedModel that kzoo has exported can be trained"):
        loaded.recover()


def test_that_of_another_is_called_a_program(kzoo_command, foreign):
    """Once, before it is opened; for Python it is a warning at the line that loads it."""
    with pytest.warns(Note, match="not written by kzoo. A SavedModel is a program: it can") as told:
        kzoo.load(foreign)
    assert len(told) == 1 and told[0].filename == __file__
    outcome = kzoo_command("describe", foreign)
    assert outcome.code == 0
    [line] = outcome.err.splitlines()
    assert line.startswith(f"note: {foreign} was not written by kzoo. A SavedModel is a program: ")


def test_ours_is_opened_without_a_word(digits_run, recwarn):
    kzoo.load(digits_run.folder / "saved_model")
    assert not [warning for warning in recwarn if issubclass(warning.category, Note)]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"config": []}', '{"config": {"class_names": [1]}}', "[" * 10**5]
)
def test_what_it_says_of_itself_is_damaged(digits_run, tmp_path, text):
    shutil.copytree(digits_run.folder / "saved_model", tmp_path / "model")
    (tmp_path / "model" / DESCRIPTION).write_text(text)
    with pytest.raises(LoadError, match=r"classifier.json is damaged: ") as error:
        kzoo.load(tmp_path / "model")
    assert len(str(error.value).splitlines()) == 1


def test_weights_that_are_not_those_it_says(digits_run, tmp_path):
    shutil.copytree(digits_run.folder / "saved_model", tmp_path / "model")
    file = tmp_path / "model" / DESCRIPTION
    file.write_text(file.read_text().replace('"units": 11', '"units": 13'))
    with pytest.raises(LoadError, match="model cannot be trained: "):
        kzoo.load(tmp_path / "model").recover()


@pytest.mark.parametrize(
    "images, received",
    [
        (np.zeros((1, 8, 8), "uint8"), r"uint8 \(1, 8, 8\)"),
        (np.zeros((1, 8, 8, 3), "uint8"), r"uint8 \(1, 8, 8, 3\)"),
        (np.zeros((1, 8, 8, 1)), r"float64 \(1, 8, 8, 1\)"),
        ("a.png", ""),
    ],
)
def test_it_refuses_other_input(digits_run, images, received):
    model = kzoo.load(digits_run.folder / "saved_model")
    with pytest.raises(ValueError, match=rf"takes images: uint8 .*\. Received: {received}"):
        model(images)


def test_any_model_that_keras_has_exported(tmp_path):
    """Two inputs in a list, two outputs; numbers of another precision."""
    inputs = [keras.Input((3,)), keras.Input((2, 5))]
    outputs = [keras.layers.Dense(7)(inputs[0]), keras.layers.Flatten()(inputs[1])]
    original = keras.Model(inputs, outputs)
    original.export(tmp_path / "two", verbose=False)
    model = kzoo.load(tmp_path / "two")
    x, y = np.ones((1, 3)), np.arange(10).reshape(1, 2, 5)
    expected = original([x, y])
    for found, value in zip(model.predict([x, y]), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-5)
    with pytest.raises(ValueError, match="The model takes .*float32"):
        model(x)


def test_a_saved_model_of_tensorflow_alone(tmp_path):
    module = tf.Module()
    module.double = tf.function(lambda x: {"y": 2 * x})
    spec = tf.TensorSpec((None,), tf.float32, name="x")
    signatures = module.double.get_concrete_function(spec)
    tf.saved_model.save(
        module, str(tmp_path / "double"), signatures={"serving_default": signatures}
    )
    model = kzoo.load(tmp_path / "double")
    assert str(model.signature) == "x: float32 (any) -> y: float32 (any)"
    np.testing.assert_array_equal(model.predict({"x": [1.0, 2.0]})["y"], [2, 4])
