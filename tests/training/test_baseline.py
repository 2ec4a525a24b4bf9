import dataclasses
import json

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import root_mean_squared_error
from sklearn.neighbors import KNeighborsClassifier

import kzoo
from kzoo.data import load_data
from kzoo.data.dataset import Stream
from kzoo.training.baseline import baseline


def flat(images):
    return images.reshape(len(images), -1) / 255


def test_of_images_logistic_regression_of_the_pixels():
    dataset = load_data({"name": "digits"})
    found = baseline(dataset)
    model = LogisticRegression(max_iter=200)
    model.fit(flat(dataset.train.inputs), dataset.train.labels)
    expected = model.score(flat(dataset.test.inputs), dataset.test.labels)
    assert found["test_accuracy"] == pytest.approx(expected, abs=0.01) and expected > 0.9
    assert found["name"] == "logistic regression of the same features"


def test_of_numbers_ridge_regression():
    data = {"name": "builtin_table", "dataset": "diabetes"}
    dataset = load_data(data, task={"name": "regression"})
    found = baseline(dataset)
    x, y = ({k: getattr(s, part) for k, s in splits(dataset)} for part in ("inputs", "labels"))
    x = {k: np.stack([column for column in v.values()], axis=1) for k, v in x.items()}
    x = {k: (v - x["train"].mean(axis=0)) / x["train"].std(axis=0) for k, v in x.items()}
    model = Ridge().fit(x["train"], y["train"])
    expected = root_mean_squared_error(y["test"], model.predict(x["test"]))
    assert found["test_rmse"] == pytest.approx(expected, rel=0.01)
    assert found["test_rmse"] < 0.8 * load_diabetes().target.std()


def splits(dataset):
    return ("train", dataset.train), ("test", dataset.test)


def test_of_sequences_the_nearest_neighbour(tmp_path):
    random = np.random.default_rng(0)
    y = np.arange(200) % 2
    x = random.normal(size=(200, 12, 2)) + y[:, None, None]
    np.savez(tmp_path / "a.npz", x=x.astype("float32"), y=y)
    dataset = load_data({"name": "arrays", "path": str(tmp_path / "a.npz")})
    model = KNeighborsClassifier(1)
    model.fit(dataset.train.inputs.reshape(-1, 24), dataset.train.labels)
    expected = model.score(dataset.test.inputs.reshape(-1, 24), dataset.test.labels)
    found = baseline(dataset)
    assert found["name"] == "the nearest neighbour"
    assert found["test_accuracy"] == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("words", [("gut", "schlecht"), ("好", "坏")])
def test_of_texts_their_words(tmp_path, words):
    """A word among many tells the class, in a script without spaces too."""
    random = np.random.default_rng(0)
    for split, count in (("train", 60), ("test", 20)):
        for label, word in zip(("good", "bad"), words, strict=True):
            folder = tmp_path / split / label
            folder.mkdir(parents=True)
            for i in range(count):
                others = random.choice(list("天地人山水") if word in "好坏" else list("abcdef"), 20)
                text = [*others, word] if random.random() < 0.95 else others
                joint = "" if word in "好坏" else " "
                (folder / f"{i}.txt").write_text(joint.join(text), encoding="utf-8")
    found = baseline(load_data({"name": "text_folder", "path": str(tmp_path)}))
    assert found["name"] == "TF-IDF with logistic regression"
    assert found["test_accuracy"] > 0.85


@pytest.mark.parametrize("kind", ["vector", "sequence"])
def test_of_several_labels(tmp_path, kind):
    x = np.random.default_rng(0).normal(size=(300, 6))
    x = x[:, :, None] if kind == "sequence" else x
    y = (x[:, :2].reshape(300, 2) > 0.3).astype(int)
    np.savez(tmp_path / "a.npz", x=x.astype("float32"), y=y)
    section = {"name": "arrays", "path": str(tmp_path / "a.npz")}
    found = baseline(load_data(section, task={"name": "multi_label"}))
    assert found["test_f1_micro"] > 0.7 and 0 < found["test_loss"]


def test_large_data_takes_a_part_of_all_classes(monkeypatch):
    monkeypatch.setattr("kzoo.training.baseline.NUMBERS", 64 * 200)
    dataset = load_data({"name": "digits"})
    order = np.argsort(dataset.train.labels, kind="stable")
    inputs, labels = dataset.train.inputs[order], dataset.train.labels[order]
    found = baseline(dataclasses.replace(dataset, train=type(dataset.train)(inputs, labels)))
    assert found["name"] == "logistic regression of the same features of 200 examples"
    assert 0.8 < found["test_accuracy"] < 0.96


def test_a_stream_has_none():
    dataset = load_data({"name": "digits"})
    streamed = dataclasses.replace(dataset, train=Stream(None, dataset.train.labels))
    assert baseline(streamed) is None


@pytest.mark.slow
def test_a_run_tells_it_and_may_leave_it_out(tmp_path, capsys):
    (tmp_path / "c.yaml").write_text(
        "name: r\ndata: {name: builtin_table, dataset: wine}\nmodel: dense_attention_fusion\n"
        "training: {epochs: 1}\nexport: {formats: [keras]}\n"
    )
    found = kzoo.train(tmp_path / "c.yaml", run_dir=tmp_path / "one").metrics["baseline"]
    assert json.loads((tmp_path / "one" / "metrics.json").read_text())["baseline"] == found
    card = (tmp_path / "one" / "README.md").read_text()
    told = f"test accuracy {found['test_accuracy']:.4f}, loss {found['test_loss']:.4f}"
    assert f"| logistic regression of the same features | {told} |\n" in card
    overrides = {"baseline": False}
    metrics = kzoo.train(tmp_path / "c.yaml", overrides, run_dir=tmp_path / "two").metrics
    assert "baseline" not in metrics
