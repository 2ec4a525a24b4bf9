import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import kzoo
from kzoo.export.saved_model import write_saved_model
from kzoo.messages import Note
from kzoo.saved.exported import DESCRIPTION, ExportedModel
from kzoo.saved.shipped import LoadError
from kzoo.saved.signature import Spec
from tests.export.trained import CLASSIFIERS, sequence_classifier, with_decided_weights


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


@pytest.mark.slow
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


IMAGES = np.random.default_rng(0).integers(0, 256, (2, 11, 13, 1))
TABLE = {"Age (years)": [31.0, None], "city": ["Ulm", ""]}
STEPS = np.random.default_rng(0).normal(size=(2, 5, 3))
NAN = np.where(np.arange(30).reshape(2, 5, 3) == 7, np.nan, STEPS)
GIVEN = {  # what is passed to a model of that kind, and what a refusal says, or None
    "images": [
        (IMAGES.astype("uint8"), None),
        (IMAGES[..., 0], None),
        (IMAGES.tolist(), None),
        (IMAGES.astype("float32"), None),
        (IMAGES > 127, None),
        (IMAGES * 0, None),
        (IMAGES.astype("uint8") * 0, None),
        (IMAGES + 100, "must go from 0 to 255"),
        (IMAGES - 1, "must go from 0 to 255"),
        (IMAGES / 255, "must go from 0 to 255"),
        (IMAGES % 2, "multiply these by 255. Received: int64 of 0 to 1"),
        ((IMAGES % 2).astype("uint8"), "multiply these by 255. Received: uint8 of 0 to 1"),
        ([np.zeros((3, 5, 1)), np.zeros((7, 5, 1))], "all of one size"),
        (
            tf.data.Dataset.from_tensor_slices(IMAGES).batch(2),
            "predict takes arrays. Pass it one batch of a dat",
        ),
        ("a.png", "must have the shape (batch, height, width, 1). Received: ()"),
    ],
    "texts": [
        (["a good film", ""], None),
        (np.array(["a good film"]), None),
        ("a good film", "must be a list of strings"),
        ([1, 2], "must be a list of strings"),
        (tf.data.Dataset.from_tensor_slices(["a"]), "predict takes arrays"),
    ],
    "table": [
        (TABLE, None),
        ([{"Age (years)": 31, "city": "Ulm"}], None),
        ({**TABLE, "zip": [1, 2]}, None),
        ({"city": ["Ulm"]}, "lacks the column 'Age (years)'"),
    ],
    "arrays": [
        (STEPS, None),
        ((STEPS * 9).astype("int64"), None),
        (STEPS > 0, None),
        (NAN, "nan at example 0, step 2, feature 1"),
        (STEPS[:, :, :2], "must be numbers of the shape (batch, any, 3)"),
        (STEPS.astype(str), "must be numbers"),
    ],
}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Untrained models of each kind: the `.keras` file and the SavedModel."""
    makers = {kind: make for kind, (make, _) in CLASSIFIERS.items()}
    makers["arrays"] = lambda: sequence_classifier("lstm_attention", units=3, attention_units=5)
    found = {}
    for kind, make in makers.items():
        folder = tmp_path_factory.mktemp(kind)
        model = make()
        model.save(folder / "model.keras")
        write_saved_model(model, folder / "saved_model")
        found[kind] = [kzoo.load(folder / name) for name in ("model.keras", "saved_model")]
    return found


@pytest.mark.parametrize(
    "kind, given, refusal", [(kind, *case) for kind, cases in GIVEN.items() for case in cases]
)
def test_it_takes_and_refuses_what_the_keras_file_does(both, kind, given, refusal):
    model, exported = both[kind]
    if refusal is None:
        expected = model.predict(given, verbose=0)["probabilities"]
        found = exported.predict(given)["probabilities"]
        np.testing.assert_allclose(found, expected, atol=1e-6)
        return
    messages = set()
    for one in (model, exported):
        with pytest.raises(ValueError) as error:
            one.predict(given, verbose=0)
        messages.add(str(error.value))
    assert len(messages) == 1 and refusal in messages.pop()


def test_images_from_files_may_be_dark(both):
    dark = (IMAGES % 2).astype("uint8")
    for model in both["images"]:
        assert model.predict(dark, decoded=True, verbose=0)["probabilities"].shape == (2, 3)


@pytest.mark.parametrize("images", [IMAGES + 100, IMAGES - 300, IMAGES > 127, IMAGES / 255])
def test_a_call_never_changes_a_value(both, images):
    """It takes what the signature says; `predict` brings into form."""
    model = both["images"][1]
    with pytest.raises(ValueError, match="The model takes images: uint8 "):
        model(images)
    np.testing.assert_array_equal(model(IMAGES)["logits"], model(IMAGES.astype("uint8"))["logits"])


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
