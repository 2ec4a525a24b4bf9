import shutil

import pytest

from kzoo.cli.export import export_formats
from kzoo.messages import DataError


def test_a_file_is_written_and_compared(kzoo_command, digits_run, tmp_path):
    out = tmp_path / "out"
    outcome = kzoo_command("export", digits_run.folder, "--format", "keras", "--out", out)
    assert outcome.code == 0 and "probabilities differ by 0.0e+00" in outcome.out
    assert (out / "model.keras").is_file()


@pytest.mark.slow
def test_it_is_compared_on_the_validation_split_of_the_run(digits_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [file] = export_formats(str(digits_run.folder), ["saved_model"])
    assert str(file.path) == f"exports/{digits_run.folder.name}/saved_model"
    assert file.difference == digits_run.metrics["files"]["saved_model"]["difference"] < 1e-5


@pytest.mark.slow
def test_a_file_on_its_own_needs_data(kzoo_command, digits_run, tmp_path):
    shutil.copy(digits_run.folder / "model.keras", tmp_path)
    command = ["export", "model.keras", "--format", "keras"]
    outcome = kzoo_command(*command)
    assert outcome.code == 2
    assert outcome.err == "error: There is no config.yaml: name a config with --config.\n"
    (tmp_path / "data.yaml").write_text("data: digits\n")
    for folder in (tmp_path.name, f"{tmp_path.name}-2"):  # nothing of the first is lost
        outcome = kzoo_command(*command, "--config", "data.yaml")
        assert outcome.code == 0 and (tmp_path / "exports" / folder / "model.keras").is_file()


def test_a_folder_that_is_not_empty(kzoo_command, digits_run, tmp_path, monkeypatch):
    monkeypatch.delattr("kzoo.training.evaluate.load_data")  # refused before data is read
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.keras").write_text("of somebody else")
    for command in (["export", "--format", "keras"], ["explain", "--mistakes", 1]):
        outcome = kzoo_command(command[0], digits_run.folder, *command[1:], "--out", "out")
        assert outcome.code == 1
        assert outcome.err == "error: out is not empty. Choose another folder.\n"
    assert (tmp_path / "out" / "model.keras").read_text() == "of somebody else"


@pytest.mark.slow
def test_a_shipped_model_is_exported_without_its_data(kzoo_command, tmp_path, monkeypatch):
    def no_data(*_):
        raise DataError("mnist is not in ~/data and cannot be downloaded.")

    # the name kzoo.data.sources.tfds is that of the function in it
    monkeypatch.setattr("kzoo.data.sources.tfds.prepared_builder", no_data)
    monkeypatch.setattr("kzoo.cli.export.check_packages", lambda formats: None)
    outcome = kzoo_command("export", "mnist_cnn_attention", "--format", "keras")
    assert outcome.code == 0, outcome.err
    assert "note: mnist is not in " in outcome.err and "example.npz" in outcome.err
    assert (tmp_path / "exports/mnist_cnn_attention/model.keras").is_file()
    outcome = kzoo_command("export", "mnist_cnn_attention", "--format", "litert")
    assert outcome.code == 1 and "Other data with its targets will do: --config." in outcome.err


def test_a_format_that_is_none(kzoo_command, digits_run):
    outcome = kzoo_command("export", digits_run.folder, "--format", "onx")
    assert outcome.code == 2
    assert "takes keras, saved_model, litert, onnx. Received: 'onx'" in outcome.err


def test_a_saved_model_is_refused(kzoo_command, digits_run):
    folder = digits_run.folder / "saved_model"
    outcome = kzoo_command("export", folder, "--format", "keras")
    assert outcome.code == 2
    assert f"Only a .keras file of kzoo can be exported. Received: {folder}" in outcome.err
