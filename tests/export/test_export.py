import keras
import numpy as np
import pytest

import kzoo
from kzoo.export import ExportError, check_packages, export
from kzoo.export.formats import FORMATS, Draft
from kzoo.export.packages import PACKAGES
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification

IMAGES = np.random.default_rng(0).integers(0, 256, (11, 7, 5, 1), "uint8")


@pytest.fixture
def classifier():
    core = kzoo.create_model("cnn", (7, 5, 1), 3, filters=[2, 3], padding="same", units=5)
    return TrainedModel(core, ImagePreprocessing(7, 5, 1), Classification(["a", "b", "c"]))


def files_of(folder):
    return sorted(path.name for path in folder.iterdir())


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_writes_only_the_formats_asked_for(classifier, tmp_path):
    [file] = export(classifier, tmp_path, formats=["keras"])
    assert (file.format, file.path, file.difference) == ("keras", tmp_path / "model.keras", None)
    assert file.size == file.path.stat().st_size
    assert files_of(tmp_path) == ["model.keras"]
    assert export(classifier, tmp_path, IMAGES, formats=[]) == []


def test_a_new_process_gives_the_same(classifier, tmp_path):
    [file] = export(classifier, tmp_path, IMAGES, formats=["saved_model"])
    assert 0 <= file.difference < 1e-5 and file.agreement == 1
    assert file.size > 4 * classifier.count_params()


def test_replaces_what_is_there(classifier, tmp_path):
    export(classifier, tmp_path)
    classifier.core.set_weights([w + 1 for w in classifier.core.get_weights()])
    export(classifier, tmp_path)
    assert files_of(tmp_path) == ["model.keras", "saved_model"]
    reloaded = kzoo.load(tmp_path).core.get_weights()
    for found, expected in zip(reloaded, classifier.core.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "name, function",
    [("keras", "keras.Model.save"), ("saved_model", "kzoo.export.formats.write_saved_model")],
)
def test_what_is_there_survives_a_failure(classifier, tmp_path, monkeypatch, name, function):
    export(classifier, tmp_path, formats=[name])
    before = contents(tmp_path)

    def full_disk(model, path):
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(function, full_disk)
    with pytest.raises(ExportError, match=f"{name} failed: No space left on dev"):
        export(classifier, tmp_path, formats=[name])
    assert contents(tmp_path) == before


@pytest.mark.parametrize("error", [2e-5, np.nan])
def test_a_wrong_file_is_put_aside_and_the_others_are_written(
    classifier, tmp_path, monkeypatch, error
):
    export(classifier, tmp_path, formats=["keras"])
    before = contents(tmp_path)

    def read_and_run(format, path, output, inputs, folder):
        probabilities = classifier.predict(np.asarray(inputs), verbose=0)["probabilities"]
        probabilities[3, 1] += error if format == "keras" else 0
        return probabilities

    monkeypatch.setattr("kzoo.export.writing.read_and_run", read_and_run)
    message = rf"keras failed: .* up to {error:.1e} from .*/failed/model\.keras\nWritten: .*el\."
    with pytest.raises(ExportError, match=message) as raised:
        export(classifier, tmp_path, IMAGES)
    assert [file.format for file in raised.value.written] == ["saved_model"]
    assert files_of(tmp_path) == ["failed", "model.keras", "saved_model"]
    assert contents(tmp_path).items() >= before.items()
    assert keras.models.load_model(tmp_path / "failed" / "model.keras")
    if error < 1:
        assert len(export(classifier, tmp_path, IMAGES, tolerance=1e-4)) == 2


@pytest.mark.parametrize("changed, accepted", [(1, True), (2, False)])
def test_int8_may_change_one_class_in_a_hundred(
    classifier, tmp_path, monkeypatch, changed, accepted
):
    def write(model, examples, folder):
        (folder / "model_int8.tflite").write_bytes(b"int8")
        yield Draft(folder / "model_int8.tflite", examples, "a note", quantized=True)

    images = np.resize(IMAGES, (100, *IMAGES.shape[1:]))
    expected = classifier.predict(images, verbose=0)["probabilities"]
    found = expected * 0.9
    found[:changed] = 1 - found[:changed]
    monkeypatch.setitem(FORMATS, "litert", write)
    monkeypatch.setattr("kzoo.export.writing.check_packages", lambda formats: None)
    monkeypatch.setattr("kzoo.export.writing.read_and_run", lambda *arguments: found)
    if accepted:
        [file] = export(classifier, tmp_path, images, formats=["litert"])
        assert (file.agreement, file.note) == (0.99, "a note") and file.difference > 0.02
    else:
        with pytest.raises(ExportError, match="decides as it does for 98.00% of 100 examples"):
            export(classifier, tmp_path, images, formats=["litert"])


def test_a_missing_package_is_named_before_anything_is_written(classifier, tmp_path, monkeypatch):
    monkeypatch.setitem(PACKAGES, "onnx", {"json": "json", "no_such": "no-such"})
    with pytest.raises(ExportError, match="The format onnx needs .*: pip install no-such$"):
        export(classifier, tmp_path, IMAGES, formats=["keras", "onnx"])
    assert not files_of(tmp_path)
    check_packages(["keras", "saved_model"])
