import numpy as np
import pytest

from kzoo.config import ConfigError
from kzoo.export.packages import PACKAGES
from kzoo.training import train
from kzoo.training.run import RunError


def test_a_recipe_whose_formats_need_a_missing_package_is_refused(tiny_config, monkeypatch):
    monkeypatch.setitem(PACKAGES, "onnx", {"no_such": "no-such"})
    with pytest.raises(ConfigError, match="yaml: export.formats: .* onnx .*: pip install no-such"):
        train(tiny_config, {"export.formats": ["onnx"]})


@pytest.mark.slow
def test_a_file_that_is_wrong_costs_no_results(tiny_config, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "kzoo.export.writing.read_and_run", lambda *arguments: np.full((13, 3), np.nan)
    )
    with pytest.raises(RunError, match="keras failed: model.keras, read anew"):
        train(tiny_config, {"training.epochs": 1}, run_dir=tmp_path / "run")
    found = {path.name for path in (tmp_path / "run").iterdir()}
    assert found >= {"metrics.json", "README.md", "figures", "failed"}
    assert not found & {"model.keras", "saved_model", "unfinished"}
