import json
from pathlib import Path

import pytest

from kzoo.config import read
from kzoo.report.card import card
from kzoo.saved.shipped import shipped_folder
from kzoo.tasks.classification import Classification

FOLDER = shipped_folder() / "digits_cnn_attention"
METRICS = json.loads((FOLDER / "metrics.json").read_text(encoding="utf-8"))
CONFIG = read(FOLDER / "config.yaml")
TASK = Classification(list(METRICS["test_classes"]))


@pytest.fixture
def rows():
    """Returns the rows of the table of a card."""

    def of(*arguments, **options):
        lines = card(*arguments, **options).splitlines()
        cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
        return {row[0]: row[1] for row in cells if len(row) == 2}

    return of


def test_the_other_seeds(rows):
    accuracy = f"{METRICS['test_accuracy']:.4f}"
    assert rows(CONFIG, METRICS, [], TASK)["test accuracy"] == accuracy
    found = rows(CONFIG, METRICS, [], TASK, "99.1 ± 0.2 % over 5 seeds")["test accuracy"]
    assert found == f"{accuracy}; 99.1 ± 0.2 % over 5 seeds"


def test_what_the_recipe_tells_of_data_and_use():
    figures = [Path("figures/a.png")]
    text = card(CONFIG, METRICS, figures, TASK, data_license="CC0.", limitations="Few.")
    assert "\n**Data.** CC0.\n\n**Limitations.** Few.\n" in text
    assert "Intended use" not in text and "![a](figures/a.png)" in text


def test_a_model_that_was_trained_further(rows):
    config = {key: value for key, value in CONFIG.items() if key != "model"}
    config["finetune"] = {"from": "mnist_cnn", "trainable": ["*"]}
    found = rows(config, METRICS, [], TASK)["model"]
    assert found == f"that of mnist_cnn, trained further, {METRICS['parameters']:,} parameters"
    text = card(config, METRICS, [], TASK)
    assert "\n**Start.** mnist_cnn had learnt from data of its own" in text
    assert "**Start.**" not in card(CONFIG, METRICS, [], TASK)
