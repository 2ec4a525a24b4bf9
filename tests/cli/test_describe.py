import json
import shutil
from typing import Annotated, Literal

import keras
import pytest
from annotated_types import Ge, Gt, Lt

from kzoo.cli.describe import argument_meanings, type_name
from kzoo.data import DATASETS
from kzoo.models import MODELS
from kzoo.types import Fraction, HeightWidth, Sizes


def columns(text):
    """Each line split where there are two spaces or more."""
    return [
        [cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()
    ]


@pytest.mark.parametrize("name", [*MODELS, *DATASETS])
def test_every_argument_of_every_function_has_a_type_and_a_meaning(kzoo_command, name):
    outcome = kzoo_command("describe", name)
    assert outcome.code == 0 and outcome.err == ""
    table = outcome.out.partition("\nArguments\n")[2]
    rows = [row for row in columns(table) if len(row) > 1]
    assert rows[0] == ["argument", "type", "default", "meaning"] and len(rows) > 3
    assert all(len(row) == 4 for row in rows), rows


def test_a_model_function(kzoo_command):
    rows = columns(kzoo_command("describe", "cnn_attention").out)
    assert ["filters", "list of integer > 0", "[32, 64]"] == rows[4][:3]
    row = next(row for row in rows if row[:1] == ["positions"])
    meaning = "How `PositionalEncoding` tells the attention where a feature lies."
    assert row == ["positions", "learned or sinusoidal", "learned", meaning]
    assert ["batch_normalization", "true or false", "true"] in [row[:3] for row in rows]
    assert not [row for row in rows if row[:1] == ["num_classes"]]  # the data decides it


def test_a_data_function_with_its_sections(kzoo_command):
    rows = columns(kzoo_command("describe", "tfds").out)
    found = {row[0]: row[1:3] for row in rows if len(row) == 4}
    assert found["dataset"] == ["text", "required"]
    assert found["image_size"] == ["list of 2 times integer > 0 or null", "null"]
    assert found["augmentation.rotate"] == ["number >= 0 and <= 180", "0.0"]
    assert found["text.keep"] == ["first or last or ends", "ends"]


@pytest.mark.parametrize(
    "annotation, expected",
    [
        (bool, "true or false"),
        (Annotated[int, Ge(3), Lt(7)], "integer >= 3 and < 7"),
        (Fraction | None, "number >= 0 and < 1 or null"),
        (Annotated[float, Gt(0.5)], "number > 0.5"),
        (Literal[1, 3], "1 or 3"),
        (Literal["one"], "one"),
        (Sizes, "list of integer > 0"),
        (HeightWidth, "list of 2 times integer > 0"),
        (dict[str, int] | str, "mapping or text"),
    ],
)
def test_type_names(annotation, expected):
    assert type_name(annotation) == expected


def test_argument_meanings():
    def function():
        """Does.

        Args:
            one: A thing, as in
                `{a: 1}`.
            two: Another.

        Returns:
            three: not an argument.
        """

    assert argument_meanings(function) == {"one": "A thing, as in `{a: 1}`.", "two": "Another."}


def test_a_run_folder(kzoo_command, digits_run):
    outcome = kzoo_command("describe", digits_run.folder)
    assert outcome.code == 0
    rows = columns(outcome.out)
    parameters = [
        int(row[3].replace(",", "")) for row in rows if len(row) == 4 and row[3] != "parameters"
    ]
    assert len(parameters) == len(digits_run.model.core.layers)
    assert sum(parameters) == digits_run.metrics["parameters"]
    assert ["test accuracy", f"{digits_run.metrics['test_accuracy']:.4f}"] in rows
    assert ["10 classes", "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"] in rows
    assert ["input", "images: uint8 (any, any, any, 1)"] in rows
    assert ["logits", "Dense", "(any, 10)", "230"] in rows


def test_a_saved_model_of_ours(kzoo_command, digits_run):
    outcome = kzoo_command("describe", digits_run.folder / "saved_model")
    rows = columns(outcome.out)
    assert ["input", "images: uint8 (any, any, any, 1)"] in rows
    assert ["output", "logits: float32 (any, 10), probabilities: float32 (any, 10)"] in rows
    assert {"serve", "serving_default"} < {row[0] for row in rows if len(row) == 3}
    assert ["seed", "3"] in rows


def test_a_model_that_keras_has_exported(kzoo_command, tmp_path):
    inputs = keras.Input((3,), name="x"), keras.Input((2, 5), name="y")
    flat = keras.layers.Flatten()(inputs[1])
    keras.Model(inputs, [flat, inputs[0]]).export(tmp_path / "two", verbose=False)
    rows = columns(kzoo_command("describe", "two").out)
    expected = ["x: float32 (any, 3), y: float32 (any, 2, 5)"]
    assert [row[1:] for row in rows if row[0:1] == ["input"]] == [expected]


def test_a_keras_model_of_others(kzoo_command, tmp_path):
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(7)]).save(tmp_path / "dense.keras")
    outcome = kzoo_command("describe", "dense.keras")
    assert outcome.code == 0 and ["parameters", "28"] in columns(outcome.out)


def test_a_copied_file_has_no_figures_of_its_neighbours(kzoo_command, digits_run, tmp_path):
    shutil.copy(digits_run.folder / "model.keras", tmp_path / "other.keras")
    (tmp_path / "metrics.json").write_text(json.dumps({"test_accuracy": 0.5}))
    assert "test accuracy" not in kzoo_command("describe", "other.keras").out


def test_what_there_is_not(kzoo_command):
    outcome = kzoo_command("describe", "cnn_atention")
    assert outcome.code == 2 and outcome.out == "" and "Traceback" not in outcome.err
    assert outcome.err.startswith("error: There is nothing called cnn_atention. Did you mean cnn_a")
    assert "digits_cnn_attention" in outcome.err and "image_folder" in outcome.err


def test_a_damaged_file(kzoo_command, tmp_path):
    (tmp_path / "model.keras").write_bytes(b"PK nothing")
    outcome = kzoo_command("describe", "model.keras")
    assert outcome.code == 1 and len(outcome.err.splitlines()) == 1
    assert outcome.err.startswith("error: model.keras cannot be loaded: ")
