import numpy as np
import pytest

from kzoo.data import DATASETS

builtin_table = DATASETS["builtin_table"]


@pytest.mark.parametrize(
    "name, rows, columns, classes",
    [("breast_cancer", 569, 30, 2), ("wine", 178, 13, 3), ("iris", 150, 4, 3)],
)
def test_table(name, rows, columns, classes):
    dataset = builtin_table(dataset=name)
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == rows
    assert len(dataset.test) == pytest.approx(0.2 * rows, abs=1)
    assert dataset.preprocessing.example_shape == (columns,) and dataset.task.num_outputs == classes
    features = np.array(dataset.preprocessing(dataset.train.inputs))
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=0.01)
    np.testing.assert_allclose(features.std(axis=0), 1, atol=0.05)  # a few are cut off


def test_names():
    dataset = builtin_table(dataset="iris")
    assert dataset.task.class_names == ["setosa", "versicolor", "virginica"]
    assert dataset.preprocessing.feature_names[0] == "sepal length (cm)"
