import csv
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

import kzoo
from kzoo.data import load_data
from kzoo.messages import DataError
from kzoo.tasks import task_from
from kzoo.tasks.label_metrics import choose_thresholds
from kzoo.tasks.multi_label import MultiLabel
from kzoo.tasks.targets import Targets

MULTI_LABEL = {"name": "multi_label"}


def learn(labels, separator=None, **targets):
    targets = {"path": "f", "names": dict.fromkeys(["train", "test"], "y"), **targets}
    labels = labels if isinstance(labels, dict) else {"train": labels}
    task, read, _ = MultiLabel.learn(labels, Targets(**targets), separator=separator)
    return task, read


@pytest.mark.parametrize("separator", ["; ", "|", ","])
def test_labels_in_one_text(separator):
    texts = [f"b{separator}a", "", None, "a", f"a{separator}b{separator}", "b"]
    task, read = learn(np.array(texts, object))
    assert task.label_names == ["a", "b"] and task.separator == separator.strip()
    assert read["train"].tolist() == [[1, 1], [0, 0], [0, 0], [1, 0], [1, 1], [0, 1]]


def test_a_separator_of_ones_own():
    task, read = learn(np.array(["a; x / b", "b", "a; x", "b / a; x"]), separator="/")
    assert task.label_names == ["a; x", "b"] and read["train"].sum() == 6


def test_columns_and_arrays_of_0_and_1():
    texts = np.array([["1", "no"], ["0", "TRUE"], ["yes", "1.0"]], object)
    task, read = learn(texts, columns=["rain", "wind"])
    assert task.label_names == ["rain", "wind"]
    assert read["train"].tolist() == [[1, 0], [0, 1], [1, 1]]
    for dtype in ("float32", "bool", "int64"):
        task, again = learn(read["train"].astype(dtype), class_names=np.array(["r", "w"]))
        np.testing.assert_array_equal(again["train"], read["train"])
        assert task.label_names == ["r", "w"]
    assert learn(read["train"])[0].label_names == ["0", "1"]


@pytest.mark.parametrize(
    "labels, targets, message",
    [
        (np.array([[0, 1], [2, 0]]), {}, "f, example 1, from 0: the label '0' must be 0 or 1. Rec"),
        (np.array([["1", "?"]]), {"columns": ["a", "b"]}, "the label 'b' must be 0 or 1. .*: ?"),
        (np.array([[0, 1]]), {"class_names": np.array(["a"])}, "2 labels, but 1 class_names"),
        (np.array([0, 1]), {"class_names": ["a", "b"]}, "Each example has one class, of a, b."),
        (np.array([0.5, 1]), {}, "must hold a row of 0 and 1 for each example, or strings"),
        (np.array(["a", "b", "c"]), {}, "holds 3 different labels in 3 examples, cut at ';'. Set"),
        (
            {"train": np.array(["a;b", "a", "b", "a"]), "test": np.array(["a", "b; c"])},
            {"place": lambda split, i: f"{split} {i}"},
            "^test 1: the label 'c' is not in the training split.",
        ),
    ],
)
def test_what_is_no_set_of_labels(labels, targets, message):
    with pytest.raises(DataError, match=message):
        learn(labels, **targets)


def test_another_task_names_this_one(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((9, 2)), y=np.tile([1, 1, 0], (9, 1)))
    with pytest.raises(DataError, match="For several labels an example, set task: multi_label."):
        load_data({"name": "arrays", "path": str(tmp_path / "a.npz")})
    rows = [f"{i % 5}.5,{i % 3},{'a;b' if i % 2 else 'b;c'}{i}" for i in range(40)]
    (tmp_path / "a.csv").write_text("x,y,tags\n" + "\n".join(rows))
    with pytest.raises(DataError, match="For several labels an example, set task: multi_label."):
        load_data({"name": "csv", "path": str(tmp_path / "a.csv"), "target": "tags"})


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_metrics_are_those_of_scikit_learn(seed, count):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, (30, count)).astype("uint8")
    logits = random.normal(size=(30, count)).astype("float32")
    thresholds = random.uniform(0.2, 0.8, count).tolist()
    names = [str(i) for i in range(count)]
    found = MultiLabel(names, thresholds=thresholds).evaluate(logits, labels)
    probabilities = 1 / (1 + np.exp(-logits.astype("float64")))
    decided = probabilities >= thresholds
    each = [
        metrics.f1_score(y, d, zero_division=0) for y, d in zip(labels.T, decided.T, strict=True)
    ]
    assert found["f1_macro"] == pytest.approx(np.mean(each))
    assert [row["f1"] for row in found["labels"].values()] == pytest.approx(each)
    micro = metrics.precision_recall_fscore_support(
        labels.ravel(), decided.ravel(), average="binary", zero_division=0
    )
    keys = ("precision_micro", "recall_micro", "f1_micro")
    assert [found[key] for key in keys] == pytest.approx(micro[:3])
    assert found["exact_match"] == pytest.approx((decided == labels).all(axis=1).mean())
    expected = keras.losses.BinaryCrossentropy(from_logits=True)(labels.astype("float32"), logits)
    assert found["loss"] == pytest.approx(float(expected), rel=1e-5)
    assert [row["threshold"] for row in found["labels"].values()] == thresholds
    assert [row["examples"] for row in found["labels"].values()] == labels.sum(axis=0).tolist()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_no_other_threshold_has_a_better_f1(seed):
    random = np.random.default_rng(seed)
    probabilities = random.choice(np.linspace(0.05, 0.95, 12), (40, 1))
    labels = (random.random((40, 1)) < probabilities).astype(int)
    [chosen] = choose_thresholds(probabilities, labels)
    of = {
        t: metrics.f1_score(labels, probabilities >= t) for t in (*np.linspace(0, 1, 101), chosen)
    }
    if min(labels.sum(), 40 - labels.sum()) >= 5:
        assert of[chosen] == pytest.approx(max(of.values()))
    else:
        assert chosen == 0.5


def test_what_a_person_is_told():
    task = MultiLabel(["a", "b", "c"], thresholds=[0.5, 0.2, 0.9])
    prediction = np.array([0.6, 0.2, 0.8], "float32")
    assert task.tell(prediction).caption == "a, b"
    told = task.tell(prediction, np.array([0, 0, 0]))
    assert told == ("a, b", "a, b, is no label", "no label", True)
    assert not task.tell(prediction, np.array([1, 1, 0])).is_mistake
    assert task.cells(prediction)[0] == "a;b"
    assert task.as_json(prediction)["labels"] == ["a", "b"]
    predictions = np.array([[0.6, 0.2, 0.8], [0.1, 0.1, 0.1], [0.6, 0.3, 0.0]])
    np.testing.assert_allclose(task.followed(predictions), [0.4, 0.1, 0.45])
    np.testing.assert_allclose(MultiLabel(["a", "b"]).followed(predictions[1:, 1:]), [0.1, 0.3])
    labels = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0]])
    assert task.worst(predictions, labels, 5).tolist() == [1, 2]


def test_it_comes_back_from_its_config():
    task = MultiLabel(["a", "b"], "|", [0.25, 0.5])
    assert task_from(json.loads(json.dumps(task.get_config()))).get_config() == task.get_config()
    assert task == MultiLabel(["a", "b"]) and task != MultiLabel(["a", "c"])
    targets = task.targets(tf.constant([[0, 1]], "uint8"))
    assert targets.dtype == "float32" and targets.numpy().tolist() == [[0, 1]]


def test_splits_get_their_share_of_a_rare_label():
    labels = np.zeros((200, 3), "uint8")
    labels[:20, 0] = labels[10:120, 1] = 1
    labels[:3, 2] = 1  # too rare for a stratum of its own
    strata = MultiLabel(["a", "b", "c"]).strata(labels)
    assert len(set(strata[3:20])) == 1 and strata[0] not in strata[3:20]
    assert np.unique(strata, return_counts=True)[1].min() >= 10


def test_a_label_that_all_or_none_have():
    task, labels = MultiLabel(["a", "b"]), np.array([[1, 1], [0, 1]])
    with pytest.raises(DataError, match="Every example of the train split has the label 'b'"):
        task.check_splits({"train": labels})
    with pytest.raises(DataError, match="No example of the train split has the label 'b'"):
        task.check_splits({"train": 1 - labels})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The sign of each of two columns is a label; a third column tells nothing."""
    folder = tmp_path_factory.mktemp("multi_label")
    x = np.random.default_rng(0).normal(size=(600, 3)).round(3)
    with open(folder / "t.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "c", "tags"])
        for row in x:
            names = [name for name, value in zip(("left", "up"), row, strict=False) if value > 0.5]
            writer.writerow([*row, "|".join(names)])
    (folder / "c.yaml").write_text(
        f"name: m\ntask: multi_label\ndata: {{name: csv, path: {folder / 't.csv'}, target: tags}}\n"
        "model: {name: dense_attention_fusion, units: 16}\n"
        "training: {epochs: 25, monitor: val_auc, optimizer: {name: adam, learning_rate: 0.01}}\n"
    )
    return kzoo.train(folder / "c.yaml", run_dir=folder / "run")


def test_it_learns_which_column_tells_which_label(run):
    found = run.metrics
    assert found["test_f1_micro"] > 0.9 and found["test_auc"] > 0.97
    assert list(found["test_labels"]) == ["left", "up"]
    assert found["files"]["saved_model"]["agreement"] == 1
    assert (run.folder / "figures" / "labels.png").is_file()


@pytest.mark.parametrize("name", ["model.keras", "saved_model"])
def test_thresholds_are_chosen_on_validation_and_kept(run, name):
    model = kzoo.load(run.folder / name)
    kept = [row["threshold"] for row in run.metrics["test_labels"].values()]
    assert model.task.thresholds == kept and kept != [0.5, 0.5]
    assert kzoo.evaluate(run.folder / name)["test_f1_micro"] == run.metrics["test_f1_micro"]
    probabilities = model.predict({"a": [2.0], "b": [-2.0], "c": [0.0]})["probabilities"]
    assert model.task.as_json(np.asarray(probabilities)[0])["labels"] == ["left"]


def test_an_explanation(run):
    inputs = {"a": [2.0, -2.0], "b": [2.0, -2.0], "c": [0.0, 5.0]}
    first, second = kzoo.explain(run.model, inputs, np.array([[1, 1], [1, 0]])).examples
    assert (first.caption, second.caption) == ("left, up", "no label, is left")
    assert second.is_mistake and list(first.outputs) == ["left", "up"]
    assert kzoo.faithfulness(run.model, inputs).attention.shape == (2, 21)
    assert kzoo.worst_mistakes(run.model, inputs, [[1, 1], [1, 0]]).tolist() == [1]


def test_the_training_auc_takes_the_larger_share_of_a_mixed_label():
    task = MultiLabel(["a", "b"])
    logits = np.array([[3.0, -1.0], [-2.0, 2.0], [1.0, -3.0]])
    [metric] = task.training_metrics()
    metric.update_state(np.array([[0.8, 0.4], [0.2, 0.9], [0.6, 0.1]], "float32"), logits)
    assert float(metric.result()) == pytest.approx(1.0, abs=1e-3)
