import numpy as np
import pytest

from kzoo.config import ConfigError
from kzoo.export import ExportError
from kzoo.export.formats import PACKAGES
from kzoo.training import train
from kzoo.training.export_again import export_again


@pytest.mark.slow
def test_on_the_validation_split_of_the_run(digits_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [file] = export_again(digits_run.folder, formats=["saved_model"])
    assert str(file.path) == "exports/two_epochs/saved_model"
    assert file.difference == digits_run.metrics["files"]["saved_model"]["difference"] < 1e-5


def test_a_file_on_its_own_needs_examples(digits_run, tmp_path, monkeypatch):
    (tmp_path / "model.keras").write_bytes((digits_run.folder / "model.keras").read_bytes())
    with pytest.raises(
        ConfigError, match="There is no .*config.yaml that says on what data .*ras "
    ):
        export_again(tmp_path / "model.keras")
    compared = []
    monkeypatch.setattr(
        "kzoo.export.read_and_run",
        lambda format, path, inputs, folder: compared.append(inputs) or np.zeros((3, 10)),
    )
    images = np.zeros((3, 8, 8, 1), "uint8")
    with pytest.raises(ExportError, match="of 3 examples"):
        export_again(tmp_path / "model.keras", tmp_path, images, formats=["keras"])
    assert compared[0].shape == images.shape


def test_a_recipe_whose_formats_need_a_missing_package_is_refused(tiny_config, monkeypatch):
    monkeypatch.setitem(PACKAGES, "onnx", {"no_such": "no-such"})
    with pytest.raises(ConfigError, match="yaml: export.formats: .* onnx .*: pip install no-such"):
        train(tiny_config, {"export.formats": ["onnx"]})


@pytest.mark.slow
def test_a_file_that_is_wrong_costs_no_results(tiny_config, tmp_path, monkeypatch):
    monkeypatch.setattr("kzoo.export.read_and_run", lambda *arguments: np.full((13, 3), np.nan))
    with pytest.raises(ExportError, match="keras failed: model.keras, read anew"):
        train(tiny_config, {"training.epochs": 1}, run_dir=tmp_path / "run")
    found = {path.name for path in (tmp_path / "run").iterdir()}
    assert found >= {"metrics.json", "README.md", "figures", "failed"}
    assert not found & {"model.keras", "saved_model", "unfinished"}
