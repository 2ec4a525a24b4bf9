import json

import numpy as np
import pytest

from kzoo.training.folds import summary

RECIPE = """
name: iris
data: {name: builtin_table, dataset: iris}
model: dense_attention_fusion
training: {epochs: 2}
export: {formats: [keras]}
"""


def test_summary_by_hand():
    runs = [
        {"test_accuracy": value, "test_classes": {}, "epochs": 3, "baseline": {"test_accuracy": b}}
        for value, b in [(0.5, 0.1), (0.7, 0.3)]
    ]
    assert summary(runs) == {
        "test_accuracy": {
            "values": [0.5, 0.7],
            "mean": pytest.approx(0.6),
            "std": pytest.approx(np.std([0.5, 0.7], ddof=1)),
            "baseline": pytest.approx(0.2),
            "baseline_std": pytest.approx(np.std([0.1, 0.3], ddof=1)),
        }
    }
    without = summary([{"test_loss": 1.0, "baseline": None}, {"test_loss": 3.0}])
    assert without["test_loss"]["baseline"] is None and without["test_loss"]["mean"] == 2


@pytest.mark.slow
def test_each_example_is_tested_once(tmp_path, monkeypatch, kzoo_command):
    (tmp_path / "c.yaml").write_text(RECIPE)
    outcome = kzoo_command("train", "--config", "c.yaml", "--folds", 3)
    assert outcome.code == 0, outcome.err
    folder = tmp_path / "runs" / "iris-folds"
    runs = [json.loads((folder / f"fold-{i}" / "metrics.json").read_text()) for i in (1, 2, 3)]
    assert [sum(c["examples"] for c in run["test_classes"].values()) for run in runs] == [50] * 3
    numbers = json.loads((folder / "folds.json").read_text())
    assert numbers["test_accuracy"]["values"] == [run["test_accuracy"] for run in runs]
    assert "Test on each of 3 folds" in outcome.out and "its spread" in outcome.out
    again = kzoo_command("evaluate", folder / "fold-2", "--json")
    assert json.loads(again.out)["test_accuracy"] == runs[1]["test_accuracy"]


def test_messages(tmp_path, kzoo_command):
    (tmp_path / "c.yaml").write_text(RECIPE)
    assert "--folds" in kzoo_command("train", "--config", "c.yaml", "--folds", 1).err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    outcome = kzoo_command("train", "--config", "c.yaml", "--folds", 3, "--run-dir", "full")
    assert outcome.code != 0 and "full is not empty. Choose another folder." in outcome.err
