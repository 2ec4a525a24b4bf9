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
from kzoo.saved.trained_model import TrainedModel
from kzoo.tasks import task_from
from kzoo.tasks.regression import Regression
from kzoo.tasks.targets import Targets

REGRESSION = {"name": "regression"}


def fitted(labels, names=("y",), **options):
    return Regression(list(names), **options).fitted(np.asarray(labels, "float64"))


def test_targets_are_standardised_and_values_given_back():
    labels = np.array([[10.0, -1.0], [20.0, 1.0], [30.0, 3.0]])
    task = fitted(labels, ["a", "b"])
    np.testing.assert_allclose(task.mean, [20, 1])
    np.testing.assert_allclose(task.scale, [(200 / 3) ** 0.5, (8 / 3) ** 0.5])
    targets = task.targets(tf.constant(labels)).numpy()
    np.testing.assert_allclose(targets.mean(axis=0), 0, atol=1e-7)
    np.testing.assert_allclose(targets.std(axis=0), 1, rtol=1e-6)
    np.testing.assert_allclose(task.predictions(targets), labels, rtol=1e-6)
    values = task.outputs(keras.ops.convert_to_tensor(targets))["values"]
    np.testing.assert_allclose(values, labels, rtol=1e-6)
    np.testing.assert_allclose(task.logits({"values": np.asarray(values)}), targets, atol=1e-6)


def test_targets_of_large_numbers_keep_their_differences():
    """Seconds since 1970 differ by less than float32 can hold: float64 until standardised."""
    labels = 1.7e9 + np.arange(5.0)[:, None]
    targets = fitted(labels).targets(tf.constant(labels)).numpy()
    np.testing.assert_allclose(np.diff(targets[:, 0]), 1 / 2**0.5, rtol=1e-5)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=2, max_size=50))
@settings(max_examples=50, deadline=None)
def test_metrics_are_those_of_scikit_learn(pairs):
    true, predicted = (np.array(values)[:, None] for values in zip(*pairs, strict=True))
    task = Regression(["y"], mean=[3.0], scale=[2.0])
    found = task.evaluate((predicted - 3) / 2, true)
    expected = {
        "rmse": metrics.root_mean_squared_error(true, predicted),
        "mae": metrics.mean_absolute_error(true, predicted),
        "median_error": np.median(np.abs(true - predicted)),
    }
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, rel=1e-6, abs=1e-6)
    assert found["of_mean"]["mae"] == pytest.approx(np.abs(true - 3).mean())
    assert found["examples"] == len(pairs)


def test_each_of_several_targets_has_its_figures():
    task = Regression(["a", "b"], mean=[0.0, 0.0], scale=[1.0, 1.0])
    true = np.array([[0.0, 0.0], [2.0, 4.0]])
    found = task.evaluate(np.array([[0.0, 1.0], [1.0, 4.0]]), true)
    assert found["targets"]["a"]["mae"] == 0.5 and found["targets"]["a"]["r2"] == 0.5
    assert found["targets"]["b"]["r2"] == 1 - 1 / 8
    assert found["r2"] == pytest.approx((0.5 + 1 - 1 / 8) / 2)


def test_the_loss_is_of_standardised_targets():
    true, given = np.array([[0.0], [3.0]]), np.array([[0.5], [0.0]])
    expected = {"mse": (0.25 + 9) / 2, "mae": 3.5 / 2, "huber": (0.125 + 2.5) / 2}
    for name, value in expected.items():
        loss = Regression(["y"], name).loss(label_smoothing=0)
        assert float(loss(true, given)) == pytest.approx(value)


def test_what_a_person_is_told():
    task = Regression(["a", "b"], mean=[0.0, 0.0], scale=[1.0, 10.0])
    told = task.tell(np.array([1234.5678, -0.000123456]), np.array([1200, 0]))
    assert told == ("1,235, -0.0001235", "1,235, -0.0001235, is 1,200, 0", "1,200, 0", False)
    found = task.as_json(np.array([0.1, 2], "float32"))
    assert found == {"values": {"a": 0.1, "b": 2.0}}
    predictions, labels = np.array([[0, 0], [1, 5], [0, -30]]), np.zeros((3, 2))
    assert task.worst(predictions, labels, 2).tolist() == [2, 1]
    np.testing.assert_allclose(task.followed(predictions), [0, -(1 + 0.5) / 2, -1.5])


def test_it_comes_back_from_its_config():
    task = fitted([[1.0], [5.0]], loss_name="huber")
    again = task_from(json.loads(json.dumps(task.get_config())))
    assert again.get_config() == task.get_config()
    assert task == Regression(["y"]) and task != Regression(["z"])
    with pytest.raises(ValueError, match="no task"):
        task_from({"name": "regression", "target_names": [1]})


def learn(labels, **targets):
    targets = {"path": "f", "names": {"train": "y"}, **targets}
    task, read, _ = Regression.learn({"train": np.array(labels)}, Targets(**targets))
    return task, read["train"]


@pytest.mark.parametrize(
    "texts, values",
    [
        (["1.5", "-2e3"], [1.5, -2000]),
        (["1,5", "2.000,25"], [1.5, 2000.25]),
        (["$1,500.25", "$3"], [1500.25, 3]),
    ],
)
def test_numbers_of_a_column(texts, values):
    task, read = learn(np.array(texts, object), columns=["price"])
    assert task.target_names == ["price"]
    np.testing.assert_allclose(read[:, 0], values)


def test_the_decimal_sign_of_the_other_columns_is_that_of_the_target():
    for decimal, value in ((".", 1234), (",", 1.234)):
        _, read = learn(np.array(["1,234"], object), decimal=decimal)
        assert read[0, 0] == value


@pytest.mark.parametrize(
    "labels, message",
    [
        (np.array(["1", "cat"], object), "^there 1: the target 'p' is 'cat', no number. To tell c"),
        (np.array(["1", None], object), "^there 1: the target 'p' is missing. Remove the row."),
        (np.array([1, np.inf]), "^there 1: the target 'p' is inf. Every example needs a finite"),
        (np.zeros((3, 2, 2)), r"must be numbers of the shape \(examples,\) or "),
        (np.array([1j, 2]), "y must hold numbers. Received: complex128"),
    ],
)
def test_what_is_no_number(labels, message):
    with pytest.raises(DataError, match=message):
        learn(labels, columns=["p"], place=lambda split, i: f"there {i}")


def test_classes_are_no_numbers_and_numbers_no_classes(tmp_path):
    with pytest.raises(DataError, match="^The data has classes, .* set task: classification.$"):
        load_data({"name": "digits"}, task=REGRESSION)
    with pytest.raises(DataError, match="in 442 examples. .* To predict a number, set task: regr"):
        load_data({"name": "builtin_table", "dataset": "diabetes"})
    path = tmp_path / "a.csv"
    rows = [f"{i % 7}.5;{i % 5};{i / 7:.3f}".replace(".", ",") for i in range(40)]
    path.write_text("x;z;y\n" + "\n".join(rows))
    with pytest.raises(DataError, match="with several rows of each. To predict a number, set task"):
        load_data({"name": "csv", "path": str(path), "target": "y"})
    with pytest.raises(DataError, match="a classification has one target. To predict several"):
        load_data({"name": "csv", "path": str(path), "target": ["z", "y"]})


def test_a_target_without_variation():
    with pytest.raises(DataError, match="^The target 'b' is 3 in all of training.$"):
        fitted([[1.0, 3.0], [2.0, 3.0]], ["a", "b"])


def test_the_splits_have_like_targets_and_the_mean_is_of_training():
    found = load_data({"name": "builtin_table", "dataset": "diabetes"}, task=REGRESSION)
    assert found.task.mean == found.train.labels.mean(axis=0).tolist()
    means = [split.labels.mean() for split in (found.train, found.validation, found.test)]
    assert np.ptp(means) < 0.1 * found.task.scale[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A linear function of two columns, with a third that tells nothing."""
    folder = tmp_path_factory.mktemp("regression")
    random = np.random.default_rng(0)
    x = random.normal(size=(400, 3)).round(4)
    y = (1000 + 50 * x[:, 0] - 20 * x[:, 1]).round(3)
    rows = [",".join(map(str, (*row, price))) for row, price in zip(x, y, strict=True)]
    (folder / "t.csv").write_text("a,b,c,price\n" + "\n".join(rows))
    (folder / "c.yaml").write_text(
        "name: r\ntask: {name: regression, loss: mae}\n"
        f"data: {{name: csv, path: {folder / 't.csv'}, target: price}}\n"
        "model: {name: dense_attention_fusion, units: 16}\n"
        "training: {epochs: 40, monitor: val_r2, optimizer: {name: adam, learning_rate: 0.01}}\n"
    )
    return kzoo.train(folder / "c.yaml", run_dir=folder / "run")


def test_it_learns_a_linear_function(run):
    found = run.metrics
    assert found["test_r2"] > 0.95 and found["validation_r2"] > 0.95
    assert found["test_rmse"] < 0.2 * found["test_of_mean"]["rmse"]
    assert found["files"]["saved_model"]["difference"] < 1e-5
    assert (run.folder / "figures" / "predicted.png").is_file()
    card = (run.folder / "README.md").read_text()
    assert f"RMSE {found['test_rmse']:.4g} on 80 test examples" in card
    assert 'model.predict(inputs)["values"]' in card


@pytest.mark.parametrize("name", ["model.keras", "saved_model"])
def test_a_trained_model_predicts_explains_and_is_evaluated(run, name):
    model = kzoo.load(run.folder / name)
    assert model.task.target_names == ["price"]
    row = {"a": [1.0], "b": [0.0], "c": [0.0]}
    assert model.predict(row)["values"][0, 0] == pytest.approx(1050, abs=12)
    found = kzoo.evaluate(run.folder / name)
    assert found["test_rmse"] == pytest.approx(run.metrics["test_rmse"], rel=1e-3)


def test_an_explanation_of_a_number(run):
    inputs, labels = {"a": [1.0, 2.0], "b": [0.0, 1.0], "c": [0.0, 5.0]}, [1050, 0]
    example = kzoo.explain(run.model, inputs, labels).examples[0]
    assert list(example.outputs) == ["price"] and example.caption.endswith(", is 1,050")
    found = kzoo.faithfulness(run.model, inputs)
    np.testing.assert_allclose(found.attention[:, 0], 0, atol=1e-6)  # nothing deleted, no change
    assert (found.attention[:, -1] < 0).all()
    assert found.figure().axes[0].get_ylabel().startswith("minus the change of the prediction")
    assert kzoo.worst_mistakes(run.model, inputs, labels, k=1).tolist() == [1]


def test_another_task_gets_a_new_head(run, tmp_path):
    x = np.random.default_rng(1).normal(size=(90, 3)).round(3)
    rows = [",".join(map(str, (*row, "low" if row[0] < 0 else "high"))) for row in x]
    (tmp_path / "t.csv").write_text("a,b,c,kind\n" + "\n".join(rows))
    (tmp_path / "c.yaml").write_text(
        f"name: f\ndata: {{name: csv, path: {tmp_path / 't.csv'}, target: kind}}\n"
        f"finetune: {{from: {run.folder}}}\ntraining: {{epochs: 2}}\nexport: {{formats: [keras]}}\n"
    )
    found = kzoo.train(tmp_path / "c.yaml", run_dir=tmp_path / "run")
    assert found.model.task.class_names == ["high", "low"]
    assert "a new head, for other classes" in (tmp_path / "run" / "data.txt").read_text()


@pytest.mark.parametrize(
    "training, message",
    [
        ("{epochs: 1, label_smoothing: 0.1}", "training.label_smoothing is for classification."),
        ("{epochs: 1, class_weight: balanced}", "training.class_weight is for classification."),
        ("{epochs: 1, monitor: val_accuracy}", "training.monitor must be val_loss or val_r2 where"),
    ],
)
def test_a_training_that_does_not_suit(tmp_path, training, message):
    (tmp_path / "c.yaml").write_text(
        "name: r\ntask: regression\ndata: {name: builtin_table, dataset: diabetes}\n"
        f"model: dense_attention_fusion\ntraining: {training}\n"
    )
    with pytest.raises(ValueError, match=message):
        kzoo.train(tmp_path / "c.yaml", run_dir=tmp_path / "run")


def test_a_model_of_two_targets_has_two_values():
    core = kzoo.create_model("cnn_attention", (8, 8, 1), 2)
    task = fitted([[0.0, 5.0], [4.0, 7.0]], ["x", "y"])
    model = TrainedModel(core, kzoo.load("digits_cnn_attention").preprocessing, task)
    head = core.get_layer("logits")
    head.set_weights([np.zeros(head.kernel.shape), np.array([1, -1])])
    found = model.predict(np.zeros((3, 8, 8), "uint8"), decoded=True)["values"]
    np.testing.assert_allclose(found, [[4, 5]] * 3, rtol=1e-6)
    assert task.columns == ["x", "y"] and str(task) == "2 numbers"
