import json
import zipfile

import pytest

import kzoo
from kzoo.saved.keras_file import keras_version
from kzoo.saved.shipped import LoadError
from tests.export.trained import image_classifier


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """What a .keras file holds, by its names."""
    path = tmp_path_factory.mktemp("model") / "model.keras"
    image_classifier().save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path, parts, **changes):
    """Writes a file with some of its parts changed; one that is None is left out."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**parts, **changes}.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def refused(path):
    with pytest.raises(LoadError) as error:
        kzoo.load(path)
    first, *others = str(error.value).splitlines()
    assert first.startswith(f"{path} cannot be loaded: ") and len(others) <= 1
    return first.removeprefix(f"{path} cannot be loaded: "), *others


def claim(path, name, size):
    """Lets an archive say that one of its files has another size."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.getinfo(name).file_size = size
        archive._didModify = True  # so that its directory is written anew


@pytest.mark.parametrize(
    "name, size, message",
    [
        ("model.weights.h5", 3 * 10**9, " MB would unpack to 3,000.0"),
        ("config.json", 10**8, "config.json would take 100.00 MB"),
        ("metadata.json", 10**8, "metadata.json would take 100.00 MB"),
    ],
)
def test_a_bomb_is_refused_by_its_declared_size(parts, tmp_path, monkeypatch, name, size, message):
    path = write(tmp_path / "bomb.keras", parts)
    claim(path, name, size)
    monkeypatch.setattr("keras.models.load_model", lambda path: pytest.fail("it was opened"))
    assert message in refused(path)[0]


def test_a_bomb_of_zeros(parts, tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", parts["config.json"])
        with archive.open("model.weights.h5", "w", force_zip64=True) as file:
            for _ in range(300):
                file.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    assert " MB would unpack to 314." in refused(path)[0]


def test_a_model_that_was_compressed_again_is_fine(parts, tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert kzoo.load(path).class_names


@pytest.mark.parametrize("content", [b"", b"words", b"PK\x03\x04 and no more"])
def test_no_zip(tmp_path, content):
    (tmp_path / "a.keras").write_bytes(content)
    assert refused(tmp_path / "a.keras") == ("it is not a .keras file, or it is cut off",)


def changed(config, **changes):
    """A config in which every Dense layer has other settings."""
    if isinstance(config, dict):
        config = {key: changed(value, **changes) for key, value in config.items()}
        if config.get("class_name") == "Dense":
            config["config"] = {**config["config"], **changes}
    return [changed(value, **changes) for value in config] if isinstance(config, list) else config


def test_the_innermost_reason_and_the_versions_are_told(parts, tmp_path):
    """Of an argument that a later Keras may have, inside a layer, inside a core."""
    config = changed(json.loads(parts["config.json"]), new_argument=3)
    metadata = {**json.loads(parts["metadata.json"]), "keras_version": "9.8.7"}
    path = write(
        tmp_path / "new.keras",
        parts,
        **{"config.json": json.dumps(config), "metadata.json": json.dumps(metadata)},
    )
    reason, versions = refused(path)
    assert reason == "Unrecognized keyword arguments passed to Dense: {'new_argument': 3}"
    assert versions.startswith("It was written by Keras 9.8.7 and read by Keras 3.")


def test_weights_that_do_not_fit(parts, tmp_path):
    config = changed(json.loads(parts["config.json"]), units=7)
    path = write(tmp_path / "other.keras", parts, **{"config.json": json.dumps(config)})
    assert refused(path)[0].startswith("Layer 'logits' expected ")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"config.json": None}, "There is no item named 'config.json' in the archive"),
        ({"model.weights.h5": None}, "Expected a model.weights.h5 or "),
        ({"model.weights.h5": b""}, "Unable to synchronously open file"),
        ({"config.json": b"{"}, "Expecting property name"),
        ({"config.json": b"[" * 100_000}, "maximum recursion depth exceeded"),
        ({"config.json": b"[]", "metadata.json": b"[]"}, "Expected object to be an instance of"),
    ],
)
def test_other_damage(parts, tmp_path, changes, message):
    assert refused(write(tmp_path / "a.keras", parts, **changes))[0].startswith(message)


def test_a_version_that_cannot_be_read(parts, tmp_path):
    for metadata in (None, b"{", b"[]", b"{}"):
        assert (
            keras_version(write(tmp_path / "a.keras", parts, **{"metadata.json": metadata})) is None
        )
    metadata = json.dumps({"keras_version": "\x1b[31m3"})
    path = write(tmp_path / "a.keras", parts, **{"metadata.json": metadata})
    assert keras_version(path) == r"\x1b[31m3"
