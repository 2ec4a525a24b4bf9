import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from kzoo.data import DATASETS


@pytest.fixture(scope="module")
def dataset():
    return DATASETS["digits"]()


def rows(examples):
    return {image.tobytes() for image in examples.inputs}


def test_images_are_those_of_scikit_learn(dataset):
    parts = [dataset.train, dataset.validation, dataset.test]
    images = np.concatenate([part.inputs for part in parts])
    assert images.shape == (1797, 8, 8, 1) and images.dtype == "uint8"
    bunch = load_digits()
    scaled = {np.rint(image / 16 * 255).astype("uint8").tobytes() for image in bunch.images}
    assert {image.tobytes() for image in images} == scaled
    assert (images.min(), images.max()) == (0, 255)
    labels = np.concatenate([part.labels for part in parts])
    np.testing.assert_array_equal(np.bincount(labels), np.bincount(bunch.target))


def test_sizes_and_strata(dataset):
    """20 % of 1,797 are 360, 10 % of the other 1,437 are 144; each with its share of a class."""
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.test)] == [
        1293,
        144,
        360,
    ]
    shares = np.bincount(load_digits().target) / 1797
    for part in [dataset.train, dataset.validation, dataset.test]:
        np.testing.assert_allclose(np.bincount(part.labels), shares * len(part), atol=1.01)


def test_splits_are_disjoint(dataset):
    assert not rows(dataset.train) & rows(dataset.test)
    assert not rows(dataset.train) & rows(dataset.validation)
    assert not rows(dataset.validation) & rows(dataset.test)


def test_splits_do_not_depend_on_the_seed_of_a_run(dataset):
    keras.utils.set_random_seed(97)
    again = DATASETS["digits"]()
    np.testing.assert_array_equal(again.test.inputs, dataset.test.inputs)
    np.testing.assert_array_equal(again.validation.inputs, dataset.validation.inputs)
    other = DATASETS["digits"](split_seed=1)
    assert not np.array_equal(other.test.inputs, dataset.test.inputs)


def test_validation_does_not_move_the_test_split(dataset):
    other = DATASETS["digits"](validation=0.3)
    np.testing.assert_array_equal(other.test.inputs, dataset.test.inputs)
    assert len(other.validation) == 432  # of 1,437, rounded up


def test_what_a_model_is_built_from(dataset):
    assert dataset.preprocessing.example_shape == (8, 8, 1)
    assert dataset.task.class_names == list("0123456789") and dataset.task.num_outputs == 10
    assert dataset.batch_size == 64 and dataset.augmentation is None
