import json
import subprocess
import sys
from pathlib import Path

import pytest

from kzoo.config import ConfigError, dump
from kzoo.training import train
from tests.data.tables import write_csv

ROOT = Path(__file__).parents[2]
PREDICT = """
import sys, kzoo
model = kzoo.load(sys.argv[1])
table = {"Age (years)": [38.0, 64.0, None], "city": ["Ulm", "never seen", ""]}
print(*model.predict(table, verbose=0)["probabilities"].argmax(axis=1), *model.class_names)
"""


@pytest.fixture
def recipe(tmp_path):
    """A recipe for a CSV file of 300 rows with gaps."""
    config = {
        "name": "table",
        "data": {
            "name": "csv",
            "path": write_csv(tmp_path / "t.csv", rows=300),
            "target": "answer",
        },
        "model": {"name": "dense_attention_fusion", "units": 16, "dropout": 0.0},
        "training": {
            "epochs": 8,
            "optimizer": {"name": "adam", "learning_rate": 0.01},
            "class_weight": "balanced",
        },
    }
    path = tmp_path / "table.yaml"
    path.write_text(dump(config), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_csv_file_with_gaps_from_the_command_line_to_a_new_process(recipe, command, tmp_path):
    outcome = command("--config", recipe, "--run-dir", "run")
    assert outcome.code == 0
    report = (tmp_path / "run" / "data.txt").read_text(encoding="utf-8")
    assert report in outcome.out
    assert "numbers: Age (years) (" in report and "categories: city (" in report
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["test_accuracy"] > 0.85  # age alone tells 98 % of those whose age is known
    assert metrics["test_balanced_accuracy"] > 0.85
    process = subprocess.run(
        [sys.executable, "-c", PREDICT, tmp_path / "run"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    classes = process.stdout.split()
    assert classes[:2] == ["0", "1"] and classes[3:] == ["no", "yes"]


@pytest.mark.parametrize(
    "class_weight, message",
    [
        ({"maybe": 2}, "training.class_weight: the data has no class 'maybe'. The classes are: no"),
        ({"yes": 0}, "training.class_weight.yes must be greater than 0. Received: 0"),
        ("even", "training.class_weight must be 'balanced' or a mapping (key: value). Rec"),
    ],
)
def test_wrong_class_weights_are_errors_of_the_config(recipe, class_weight, message):
    with pytest.raises(ConfigError) as error:
        train(recipe, {"training.class_weight": class_weight})
    assert message in str(error.value)


def test_the_report_comes_before_the_summary_of_a_dry_run(recipe, command):
    outcome = command("--config", recipe, "--dry-run")
    assert outcome.code == 0 and outcome.out.startswith(" " * 15 + "train  validation")


def test_an_error_in_the_file_ends_with_its_line(recipe, command, tmp_path):
    with open(tmp_path / "t.csv", "a") as file:
        file.write("1,2,3,4\n")
    outcome = command("--config", recipe)
    assert outcome.code == 1 and "Traceback" not in outcome.err
    assert "t.csv, line 302: the number of fields is 4, the first line names 3" in outcome.err
    assert not (tmp_path / "runs").exists()
