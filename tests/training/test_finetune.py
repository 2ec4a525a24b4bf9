import dataclasses

import keras
import numpy as np
import pytest

import kzoo
from kzoo.config import ConfigError, dump, parse
from kzoo.data import DATASETS, load_data
from kzoo.data.prepare import prepare
from kzoo.data.sources.base import Source
from kzoo.export.saved_model import write_saved_model
from kzoo.messages import DataConfigError
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks.classification import Classification
from kzoo.tasks.targets import Targets
from kzoo.training import train
from kzoo.training.evaluate import evaluate
from kzoo.training.finetune import adapt, starting_point
from kzoo.training.recipe import load_config
from tests import tiny
from tests.data.image_files import image, write, write_classes
from tests.data.tables import write_csv
from tests.data.text_files import write_texts
from tests.export.trained import table_classifier, text_classifier

image_folder = DATASETS["image_folder"]

FAST = {"training.epochs": 1, "export.formats": []}


def tiny_classifier(class_names=("top", "middle", "bottom"), seed=0):
    """Of the shape of the tiny data set, with weights that are not those of a new one."""
    keras.utils.set_random_seed(seed)
    options = {key: value for key, value in tiny.MODEL.items() if key != "name"}
    shape = (tiny.HEIGHT, tiny.WIDTH, 1)
    core = kzoo.create_model("cnn_attention", shape, len(class_names), **options)
    core.set_weights([w + 0.1 for w in core.get_weights()])
    return TrainedModel(
        core, tiny.tiny().preprocessing, Classification(list(class_names)), "before"
    )


@pytest.fixture
def saved(tmp_path):
    """Path of a `.keras` file."""
    tiny_classifier().save(tmp_path / "before.keras")
    return tmp_path / "before.keras"


@pytest.fixture
def recipe(tmp_path, saved, monkeypatch):
    """File of a recipe that goes on from it."""
    monkeypatch.setitem(DATASETS, "tiny", tiny.tiny)
    config = {
        "name": "after",
        "data": "tiny",
        "finetune": {"from": str(saved)},
        "training": {"epochs": 1, "optimizer": {"name": "sgd", "learning_rate": 0.01}},
        "export": {"formats": []},
    }
    path = tmp_path / "after.yaml"
    path.write_text(dump(config), encoding="utf-8")
    return path


def by_path(model):
    return {weight.path: weight.numpy() for weight in model.core.weights}


def test_it_begins_where_the_model_ended(saved):
    images = tiny.examples(7, seed=3).inputs
    before = kzoo.load(saved)
    dataset, core = adapt(starting_point(from_=str(saved)), tiny.tiny())
    expected = before.predict(images, verbose=0)["logits"]
    np.testing.assert_allclose(core.predict(images / 255, verbose=0), expected, atol=1e-6)
    assert dataset.notes[-1] == "from before: 8 of 8 layers are trained; its head is kept"


def test_other_classes_get_a_new_head(saved):
    other = dataclasses.replace(tiny.tiny(), task=Classification(["a", "b", "c", "d"]))
    dataset, core = adapt(starting_point(from_=str(saved), trainable=["glimpses"]), other)
    assert core.output_shape == (None, 4) and core.get_layer("logits").trainable
    assert core.input is core.inputs[0]  # a tensor, not a list: Keras would warn at every call
    assert dataset.notes[-1].endswith("2 of 8 layers are trained; a new head, for other classes")
    before, after = kzoo.load(saved).core, core
    for layer in before.layers:
        for old, new in zip(layer.weights, after.get_layer(layer.name).weights, strict=True):
            if layer.name != "logits":
                np.testing.assert_array_equal(new, old)
    assert np.ptp(core.get_layer("logits").kernel) > 0


def test_classes_in_another_order_are_other_classes(saved):
    other = dataclasses.replace(tiny.tiny(), task=Classification(["bottom", "middle", "top"]))
    dataset, _ = adapt(starting_point(from_=str(saved)), other)
    assert "a new head" in dataset.notes[-1]


def test_images_keep_the_background_of_the_model(saved, tmp_path):
    model = kzoo.load(saved)
    layer = ImagePreprocessing(*model.preprocessing.example_shape, background="black")
    for name in ("a", "b"):
        for i in range(5):
            write(tmp_path / "images" / name, i, np.zeros((11, 13, 4), "uint8"))
    data = {"name": "image_folder", "path": str(tmp_path / "images"), "background": "red"}
    assert (load_data(data, layer).train.inputs == 0).all()
    assert (load_data(data).train.inputs[..., 0] == 255).all()


def test_what_is_not_trainable_stays_as_it_is(recipe, saved):
    run = train(recipe, {"finetune.trainable": ["glimpses", "log*"]})
    before, after = by_path(kzoo.load(saved)), by_path(run.model)
    changed = {path for path in before if not np.array_equal(before[path], after[path])}
    assert {path.split("/")[0] for path in changed} == {"glimpses", "logits"}
    data = (run.folder / "data.txt").read_text()
    assert "from before: 2 of 8 layers are trained; its head is kept" in data


@pytest.mark.slow
def test_without_patterns_everything_is_trained(recipe, saved):
    before, after = by_path(kzoo.load(saved)), by_path(train(recipe).model)
    changed = {
        path.split("/")[0] for path in before if not np.array_equal(before[path], after[path])
    }
    assert changed == {path.split("/")[0] for path in before}


@pytest.mark.slow
def test_an_exported_saved_model_is_as_good_a_start(recipe, saved, tmp_path):
    write_saved_model(kzoo.load(saved), tmp_path / "alone")
    expected = train(recipe, {"seed": 3}, run_dir=tmp_path / "a")
    found = train(recipe, {"seed": 3, "finetune.from": str(tmp_path / "alone")}, tmp_path / "b")
    for name, weight in by_path(expected.model).items():
        np.testing.assert_array_equal(by_path(found.model)[name], weight)
    assert found.metrics["test_loss"] == expected.metrics["test_loss"]


@pytest.mark.slow
def test_the_seed_draws_the_dropout(recipe, tmp_path):
    runs = [train(recipe, {"seed": s}, tmp_path / f"{i}") for i, s in enumerate([0, 0, 1])]
    losses = [run.metrics["test_loss"] for run in runs]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.slow
def test_the_run_can_be_repeated_and_gone_on_from(recipe, tmp_path):
    run = train(recipe, {"export.formats": ["keras"]}, tmp_path / "run")
    config = parse((run.folder / "config.yaml").read_text(), "config.yaml")
    assert load_config(run.folder / "config.yaml") == config and "model" not in config
    assert "before.keras, trained further, " in (run.folder / "README.md").read_text()
    again = train(recipe, {"finetune.from": str(run.folder)})
    assert again.model.class_names == ["top", "middle", "bottom"]


@pytest.mark.slow
def test_what_was_frozen_once_can_be_trained_later(recipe, tmp_path):
    frozen = {"finetune.trainable": ["logits"], "export.formats": ["keras"]}
    first = train(recipe, frozen, tmp_path / "first")
    second = train(recipe, {"finetune.from": str(first.folder)})
    before, after = by_path(first.model), by_path(second.model)
    assert not np.array_equal(before["glimpses/hidden/kernel"], after["glimpses/hidden/kernel"])


@pytest.mark.slow
def test_the_command_is_the_same(recipe, saved, tiny_config, kzoo_command, tmp_path):
    expected = train(recipe, run_dir=tmp_path / "expected")
    assert kzoo_command(
        "finetune", "--from", saved, "--config", tiny_config, "--run-dir", "found",
        "--set", "training={epochs: 1, optimizer: {name: sgd, learning_rate: 0.01}}",
        "--set", "export.formats=[keras]",
    ).code == 0  # fmt: skip
    found = kzoo.load(tmp_path / "found")
    for name, weight in by_path(expected.model).items():
        np.testing.assert_array_equal(by_path(found)[name], weight)


def test_what_the_command_would_train(saved, tiny_config, kzoo_command, tmp_path):
    outcome = kzoo_command("finetune", "--from", saved, "--config", tiny_config, "--dry-run")
    assert outcome.code == 0 and "layers are trained; its head is kept" in outcome.out
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_texts_are_read_with_the_vocabulary_of_the_model(tmp_path, kzoo_command):
    text_classifier().save(tmp_path / "before.keras")
    config = {
        "name": "texts",
        "data": {"name": "text_folder", "path": str(write_texts(tmp_path / "texts"))},
        "finetune": {"from": str(tmp_path / "before.keras")},
        "training": {"epochs": 1},
    }
    (tmp_path / "texts.yaml").write_text(dump(config))
    run = train(tmp_path / "texts.yaml", run_dir=tmp_path / "run")
    assert run.model.preprocessing.vocabulary == ["good", "bad", "film"]
    assert run.model.class_names == ["bad", "good"]
    assert (run.folder / "vocabulary.txt").read_text() == "good\nbad\nfilm\n"
    assert run.metrics["files"]["saved_model"]["difference"] < 1e-5
    with pytest.raises(ConfigError, match="data.text is decided by the model of finetune.from"):
        train(tmp_path / "texts.yaml", {"data.text.sequence_length": 5})
    assert "text" not in load_config(tmp_path / "texts.yaml")["data"]
    reviews = {"name": "text_folder", "path": str(tmp_path / "texts"), "text": {"keep": "last"}}
    other = {"name": "of_another", "data": reviews, "model": "lstm_attention"}
    (tmp_path / "other.yaml").write_text(dump({**other, "training": {"epochs": 1}}))
    outcome = kzoo_command(
        "finetune", "--from", tmp_path / "before.keras", "--config", tmp_path / "other.yaml"
    )
    assert outcome.code == 0, outcome.err


@pytest.mark.slow
def test_a_table_is_read_with_the_medians_of_the_model(tmp_path):
    table_classifier().save(tmp_path / "before.keras")
    config = {
        "name": "table",
        "data": {"name": "csv", "path": write_csv(tmp_path / "a.csv", 100), "target": "answer"},
        "finetune": {"from": str(tmp_path / "before.keras")},
        "training": {"epochs": 1},
    }
    (tmp_path / "table.yaml").write_text(dump(config))
    run = train(tmp_path / "table.yaml", run_dir=tmp_path / "run")
    assert run.model.preprocessing.columns == table_classifier().preprocessing.columns
    assert run.metrics["files"]["model.keras"]["difference"] < 1e-5
    text = (tmp_path / "a.csv").read_text(encoding="utf-8")
    (tmp_path / "b.csv").write_text(text.replace("city", "town", 1), encoding="utf-8")
    with pytest.raises(DataConfigError, match="b.csv has no column 'city'"):
        train(tmp_path / "table.yaml", {"data.path": str(tmp_path / "b.csv")})


def test_images_of_another_size_and_kind(saved):
    model = kzoo.load(saved)
    digits = DATASETS["digits"](model.preprocessing)
    assert digits.preprocessing.example_shape == (tiny.HEIGHT, tiny.WIDTH, 1)
    colour = tiny.examples(29, seed=0)
    colour = dataclasses.replace(colour, inputs=np.repeat(colour.inputs, 3, axis=-1))
    source = Source("image", colour, Targets(["a", "b", "c"]), test=colour, validation=colour)
    with pytest.raises(DataConfigError, match=r"Images must have the shape .*, 1\). Received"):
        prepare(source, Classification.learn, model.preprocessing, batch_size=7)
    with pytest.raises(DataConfigError, match="The model reads images. The data holds tables."):
        DATASETS["builtin_table"](model.preprocessing)


@pytest.mark.slow
@pytest.mark.parametrize("memory_limit", [1.0, 1e-9])  # from memory, and from disk
def test_the_model_decides_how_a_folder_of_images_is_read(saved, tmp_path, memory_limit):
    write_classes(tmp_path / "images", count=5, classes=("a", "b"))
    write(tmp_path / "images/a", "large", image(11, 13, 3))
    config = {
        "name": "images",
        "data": {
            "name": "image_folder",
            "path": str(tmp_path / "images"),
            "memory_limit": memory_limit,
        },
        "finetune": {"from": str(saved)},
        "training": {"epochs": 1},
        "export": {"formats": ["keras", "saved_model"]},
    }
    (tmp_path / "images.yaml").write_text(dump(config))
    run = train(tmp_path / "images.yaml", run_dir=tmp_path / "run")
    assert run.model.preprocessing.example_shape == (tiny.HEIGHT, tiny.WIDTH, 1)
    assert (
        f"the model reads {tiny.HEIGHT} x {tiny.WIDTH} x 1" in (run.folder / "data.txt").read_text()
    )
    assert "image_size" not in parse((run.folder / "config.yaml").read_text(), "")["data"]
    with pytest.raises(ConfigError, match="data.channels is decided by the model of finetune.from"):
        load_config(tmp_path / "images.yaml", {"data.channels": 3})
    for model in (run.folder, run.folder / "saved_model"):
        assert evaluate(str(model))["test_accuracy"] == run.metrics["test_accuracy"]


def test_a_stream_of_other_images_is_refused_before_the_training(saved, tmp_path):
    path = write_classes(tmp_path / "images")
    streamed = image_folder.source(path=path, channels=3, memory_limit=1e-9)
    with pytest.raises(DataConfigError, match=r"Images must have the shape .*, 1\). Received"):
        prepare(streamed, Classification.learn, kzoo.load(saved).preprocessing, batch_size=7)


def test_what_it_refuses(recipe, saved, tmp_path):
    with pytest.raises(
        ConfigError, match="'glimpse' with weights. Did you mean glimpses.\nIt has: conv_1_1, "
    ):
        train(recipe, {"finetune.trainable": ["glimpse"]})
    with pytest.raises(ConfigError, match="the model is the one of finetune.from. Remove the sect"):
        train(recipe, {"model": tiny.MODEL})
    with pytest.raises(ConfigError, match="finetune.form is not an argument .*finetune.from"):
        train(recipe, {"finetune.form": "x"})
    with pytest.raises(ConfigError, match="finetune.from is required"):
        train(recipe, {"finetune": {}})
    with pytest.raises(ValueError, match="There is no model no_such. Give a run folder"):
        train(recipe, {"finetune.from": "no_such"})
    dense = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    dense.save(tmp_path / "dense.keras")
    dense.export(tmp_path / "dense", verbose=False)
    with pytest.raises(ConfigError, match="finetune.from takes a model of kzoo. Received: .*dense"):
        train(recipe, {"finetune.from": str(tmp_path / "dense.keras")})
    with pytest.raises(ConfigError, match="Only a SavedModel that kzoo has exported can be train"):
        train(recipe, {"finetune.from": str(tmp_path / "dense")})
    assert not (tmp_path / "runs").exists()
