from pathlib import Path

import keras
import numpy as np
import pytest

import kzoo
from kzoo.data.image_preprocessing import ImagePreprocessing
from kzoo.export import export
from kzoo.saving import with_preprocessing


@pytest.fixture
def classifier():
    core = kzoo.create_model("cnn", (7, 5, 1), 3, filters=[2, 3], padding="same", units=5)
    return with_preprocessing(core, ImagePreprocessing(7, 5, 1), ["a", "b", "c"])


def files_of(folder):
    return sorted(path.name for path in folder.iterdir())


def test_writes_only_the_formats_asked_for(classifier, tmp_path):
    assert export(classifier, tmp_path, formats=["keras"]) == {"keras": tmp_path / "model.keras"}
    assert files_of(tmp_path) == ["model.keras"]
    assert export(classifier, tmp_path, formats=[]) == {}


def test_saved_model_has_named_outputs_and_takes_any_size(classifier, tmp_path):
    import tensorflow as tf

    written = export(classifier, tmp_path, formats=["saved_model"])
    assert written == {"saved_model": tmp_path / "saved_model"}
    loaded = tf.saved_model.load(str(written["saved_model"]))
    for shape in [(2, 7, 5, 1), (3, 11, 13, 1)]:
        images = np.random.default_rng(0).integers(0, 256, shape, "uint8")
        outputs = loaded.serve(images)
        assert sorted(outputs) == ["logits", "probabilities"]
        expected = classifier.predict(images, verbose=0)
        for name in outputs:
            np.testing.assert_allclose(outputs[name], expected[name], atol=1e-5)


def test_replaces_what_is_there(classifier, tmp_path):
    export(classifier, tmp_path)
    classifier.core.set_weights([w + 1 for w in classifier.core.get_weights()])
    export(classifier, tmp_path)
    assert files_of(tmp_path) == ["model.keras", "saved_model"]
    reloaded = kzoo.load(tmp_path).core.get_weights()
    for found, expected in zip(reloaded, classifier.core.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name, method", [("keras", "save"), ("saved_model", "export")])
def test_what_is_there_survives_a_failure(classifier, tmp_path, monkeypatch, name, method):
    old = export(classifier, tmp_path, formats=[name])[name]
    content = {path: path.read_bytes() for path in [old, *old.rglob("*")] if path.is_file()}

    def full_disk(self, path, **kwargs):
        path = Path(path)
        (path if path.suffix else path.with_suffix(".keras")).write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(keras.Model, method, full_disk)
    with pytest.raises(Exception, match="No space left on device"):
        export(classifier, tmp_path, formats=[name])
    assert {path: path.read_bytes() for path in content} == content
