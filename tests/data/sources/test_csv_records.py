"""Columns of texts and of image files in a CSV file."""

import json

import numpy as np
import pytest
from PIL import Image

import kzoo
import kzoo.config
from kzoo.config import ConfigError
from kzoo.data import load_data
from kzoo.messages import DataError

SECTION = {"name": "csv", "target": "sold", "image_size": [6, 4], "validation": 0.2}


def write(folder, rows=40, names="photos/{}.PNG"):
    """Writes offers: a photo, darker in every other row, words, a price, a colour and a name."""
    (folder / "photos").mkdir(exist_ok=True)
    lines = ["photo,words,price,colour,seller,sold"]
    for i in range(rows):
        image = Image.new("RGB", (8 + i % 3, 12), (100 + 100 * (i % 2), i, 0))
        image.save(folder / "photos" / f"{i}.PNG")
        photo = names.format(i) if i % 10 != 3 else ""
        words = f"a good offer of {i} things" if i % 10 != 4 else "NA"
        lines.append(f"{photo},{words},{i % 7}.5,{['red', 'blue'][i % 2]},seller{i},{i % 2}")
    (folder / "offers.csv").write_text("\n".join(lines) + "\n")
    return {**SECTION, "path": str(folder / "offers.csv")}


def test_what_each_column_holds(tmp_path):
    dataset = load_data(write(tmp_path), several=True)
    assert dataset.preprocessing.kind == "record"
    assert {name: part.kind for name, part in dataset.preprocessing.parts.items()} == {
        "table": "table",
        "photo": "image",
        "words": "text",
    }
    assert dataset.preprocessing.example_shape["photo"] == (6, 4, 3)
    assert list(dataset.notes) == [
        "numbers: price",
        "categories: colour",
        "texts: words (10.0% missing)",
        "images: photo (10.0% missing)",
        "left out: seller (text that differs from row to row)",
    ]
    splits = (dataset.train, dataset.validation, dataset.test)
    photos = np.concatenate([split.inputs["photo"] for split in splits])
    words = np.concatenate([split.inputs["words"] for split in splits])
    assert photos.shape == (40, 6, 4, 3) and photos.dtype == "uint8"
    colours = sorted(map(tuple, photos[:, 0, 0]))
    assert colours[:4] == [(0, 0, 0)] * 4  # the four that are missing
    assert colours[4:] == sorted((100 + 100 * (i % 2), i, 0) for i in range(40) if i % 10 != 3)
    assert all((photos == photos[:, :1, :1]).all(axis=(1, 2, 3)))
    assert sorted(words)[:4] == [""] * 4


def test_without_a_model_for_them_they_are_left_out(tmp_path):
    dataset = load_data(write(tmp_path, names="nowhere/{}.png"))
    assert dataset.preprocessing.kind == "table"
    assert dataset.notes[-1] == (
        "left out: photo (images, which multimodal_fusion reads), words (texts, which "
        "multimodal_fusion reads), seller (text that differs from row to row)"
    )


def test_columns_that_are_declared(tmp_path):
    columns = {"photo": "ignore", "seller": "text", "words": "ignore"}
    dataset = load_data({**write(tmp_path), "columns": columns})
    assert list(dataset.preprocessing.parts) == ["table", "seller"]


def test_a_trained_model_decides(tmp_path):
    section = write(tmp_path)
    trained = load_data(section, several=True).preprocessing
    dataset = load_data({**section, "columns": None}, preprocessing=trained)
    assert dataset.preprocessing is trained
    assert dataset.train.inputs["photo"].shape[1:] == (6, 4, 3)


def test_message_of_an_image(tmp_path):
    with pytest.raises(
        DataError, match="offers.csv, line 2: the image in the column 'photo' ca"
    ) as e:
        load_data(write(tmp_path, names="nowhere/{}.png"), several=True)
    assert "0.png: No such file or directory (36 such)" in str(e.value)


def test_message_of_a_colour(tmp_path):
    with pytest.raises(DataError, match="data.background must be a colour, such as white"):
        load_data({**write(tmp_path), "background": "whit"})


def test_message_of_a_model(tmp_path):
    section = write(tmp_path)
    (tmp_path / "c.yaml").write_text(
        f"name: a\ndata: {{name: csv, path: {section['path']}, target: sold, "
        "columns: {words: text}}\nmodel: {name: dense_attention_fusion}\n"
    )
    with pytest.raises(
        ConfigError, match="model.name must be multimodal_fusion, which reads texts"
    ):
        kzoo.train(tmp_path / "c.yaml")
    text = (tmp_path / "c.yaml").read_text()
    text = text.replace("csv, ", "builtin_table, dataset: iris}").split("}")[0] + "}\n"
    (tmp_path / "c.yaml").write_text(text + "model: {name: multimodal_fusion}\n")
    with pytest.raises(ConfigError, match="multimodal_fusion reads records, a dict of several inp"):
        kzoo.train(tmp_path / "c.yaml")


@pytest.mark.slow
def test_a_run(tmp_path, kzoo_command):
    """A photo, a text, a number and a category go into a SavedModel that knows no kzoo."""
    section = write(tmp_path)
    (tmp_path / "c.yaml").write_text(
        f"name: a\ndata: {{name: csv, path: {section['path']}, target: sold, image_size: [6, 4]}}\n"
        "model: {name: multimodal_fusion, filters: [4, 4]}\ntraining: {epochs: 3}\n"
    )
    run = kzoo.train(tmp_path / "c.yaml", run_dir=tmp_path / "run")
    assert run.metrics["files"]["saved_model"]["difference"] < 1e-5
    assert run.metrics["baseline"]["name"] == (
        "logistic regression of the same features, TF-IDF of texts"
    )
    assert (run.folder / "vocabulary" / "words.txt").is_file()
    tested = kzoo.evaluate(run.folder / "saved_model")
    assert tested["test_loss"] == pytest.approx(run.metrics["test_loss"], rel=1e-5)
    outcomes = [
        kzoo_command("predict", run.folder / name, section["path"])
        for name in ("model.keras", "saved_model")
    ]
    assert [outcome.code for outcome in outcomes] == [0, 0]
    assert [outcome.out.count('"class"') for outcome in outcomes] == [40, 40]
    assert kzoo_command("explain", run.folder, section["path"]).code == 0


def write_one(folder, column, values):
    """Writes a file of running numbers, one column of texts or images, and labels."""
    lines = [f"id,{column},kind", *(f"{i + 900},{v},{'ab'[i % 2]}" for i, v in enumerate(values))]
    (folder / "one.csv").write_text("\n".join(lines) + "\n")
    return {"name": "csv", "path": str(folder / "one.csv"), "target": "kind"}


def test_texts_alone_are_read_by_the_models_of_texts(tmp_path, kzoo_command, no_new_process):
    section = write_one(
        tmp_path, "review", [f"{['good', 'bad'][i % 2]} film {i}" for i in range(40)]
    )
    dataset = load_data(section)
    assert dataset.preprocessing.kind == "text" and dataset.preprocessing.column == "review"
    assert "good film 2" in {
        *dataset.train.inputs,
        *dataset.validation.inputs,
        *dataset.test.inputs,
    }
    recipe = {
        "name": "reviews",
        "data": {**section, "text": {"sequence_length": 3}},
        "model": {"name": "lstm_attention", "embedding_dim": 4, "units": 4},
        "training": {"epochs": 6, "optimizer": {"name": "adam", "learning_rate": 0.05}},
        "export": {"formats": ["keras"]},
        "baseline": False,
    }
    (tmp_path / "r.yaml").write_text(kzoo.config.dump(recipe))
    run = kzoo.train(tmp_path / "r.yaml", run_dir=tmp_path / "run")
    assert run.metrics["test_accuracy"] == 1.0
    expected = run.model.predict(["good film 7"])["probabilities"][0]
    (tmp_path / "new.csv").write_text("stars,review\n5,good film 7\n")
    outcome = kzoo_command("predict", "run", "new.csv")
    assert json.loads(outcome.out.splitlines()[-1])["input"] == "new.csv:2"
    found = json.loads(outcome.out.splitlines()[-1])["probabilities"]
    np.testing.assert_allclose([found["a"], found["b"]], expected, atol=1e-6)
    (tmp_path / "other.csv").write_text("stars,text\n5,good film 7\n")
    outcome = kzoo_command("predict", "run", "other.csv")
    assert (
        outcome.code == 1 and "must have the column 'review'. It has: stars, text." in outcome.err
    )
    assert kzoo.evaluate("run", tmp_path / "r.yaml")["test_accuracy"] == 1.0


def test_images_alone_are_read_by_the_models_of_images(tmp_path):
    for i in range(20):
        Image.new("RGB", (8, 12), (10 * i, 0, 0)).save(tmp_path / f"{i}.png")
    section = write_one(tmp_path, "photo", [f"{i}.png" for i in range(20)])
    augmentation = {"horizontal_flip": True}
    dataset = load_data({**section, "image_size": [6, 4], "augmentation": augmentation})
    assert dataset.preprocessing.kind == "image"
    assert dataset.preprocessing.example_shape == (6, 4, 3)
    assert dataset.train.inputs.shape[1:] == (6, 4, 3) and dataset.augmentation
    write_one(tmp_path, "photo", [f"{i}.png" if i != 3 else "" for i in range(20)])
    with pytest.raises(DataError, match="line 5: the column 'photo' names no image."):
        load_data({**section, "image_size": [6, 4]})


def test_augmentation_is_for_images(tmp_path):
    section = {**write(tmp_path), "augmentation": {"horizontal_flip": True}}
    with pytest.raises(DataError, match="augmentation is for images; the data holds tables"):
        load_data(section)
