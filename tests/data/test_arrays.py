import numpy as np
import pytest

from kzoo.data.array_preprocessing import ArrayPreprocessing
from kzoo.data.arrays import arrays
from kzoo.data.dataset import DataError
from kzoo.data.image_preprocessing import ImagePreprocessing

RANDOM = np.random.default_rng(0)
COUNT = 43
LABELS = np.arange(COUNT) % 3


def write(folder, **held):
    np.savez(folder / "data.npz", **held)
    return str(folder / "data.npz")


def uint8(*shape):
    return RANDOM.integers(0, 256, shape, dtype="uint8")


@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 1), (7, 5, 3)])
def test_images(tmp_path, shape):
    dataset = arrays(path=write(tmp_path, x=uint8(COUNT, *shape), y=LABELS))
    assert isinstance(dataset.preprocessing, ImagePreprocessing)
    assert dataset.input_shape == (7, 5, shape[2] if len(shape) == 3 else 1)
    assert dataset.class_names == ["0", "1", "2"]
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [30, 4, 9]


@pytest.mark.parametrize("shape", [(5,), (7, 5)])
def test_numbers_are_standardised_by_the_training_split(tmp_path, shape):
    x = RANDOM.normal(11, 3, (COUNT, *shape))
    x[..., 2] = 7  # a feature that tells nothing
    dataset = arrays(path=write(tmp_path, x=x, y=LABELS))
    assert isinstance(dataset.preprocessing, ArrayPreprocessing)
    assert dataset.input_shape == shape
    ready = np.array(dataset.preprocessing(dataset.train.inputs)).reshape(-1, 5)
    np.testing.assert_allclose(ready.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(ready.std(axis=0), [1, 1, 0, 1, 1], atol=1e-5)


def test_splits_and_class_names(tmp_path):
    held = {f"x_{name}": RANDOM.normal(size=(n, 5)) for name, n in [("train", 20), ("test", 6)]}
    path = write(
        tmp_path,
        **held,
        y_train=np.arange(20) % 2,
        y_test=np.array([[1]] * 6),
        class_names=["no", "yes", "maybe"],
    )
    dataset = arrays(path=path)
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [18, 2, 6]
    assert dataset.class_names == ["no", "yes", "maybe"] and set(dataset.test.labels) == {1}


@pytest.mark.parametrize(
    "labels, names, expected",
    [
        (["b", "a"], None, ["a", "b"]),
        (["b", "a"], ["b", "a"], ["b", "a"]),
        ([7, -3], None, ["-3", "7"]),
        ([True, False], None, ["False", "True"]),
    ],
)
def test_labels(tmp_path, labels, names, expected):
    y = np.array(labels * 10)
    path = write(tmp_path, x=np.ones((20, 2)), y=y, **({"class_names": names} if names else {}))
    dataset = arrays(path=path)
    assert dataset.class_names == expected
    counts = np.bincount(dataset.test.labels)
    assert counts.tolist() == [2, 2]


def test_labels_stay_with_their_examples(tmp_path):
    y = np.array(["c", "a", "b"] * 10)
    x = np.stack([np.searchsorted(["a", "b", "c"], y), np.arange(30)], axis=1)
    dataset = arrays(path=write(tmp_path, x=x, y=y))
    for split in (dataset.train, dataset.validation, dataset.test):
        np.testing.assert_array_equal(split.inputs[:, 0], split.labels)


X = np.ones((COUNT, 5))
NAN = np.where(np.arange(COUNT)[:, None] == 3, np.nan, X)
WRONG = {
    "no x": ({"a": X}, "must hold x and y, or x_train, y_train, x_test and y_test. It holds: a."),
    "no y": ({"x": X}, "lacks y. It holds: x."),
    "one-hot labels": ({"x": X, "y": np.eye(COUNT)}, "one integer or string for each example."),
    "fractions": ({"x": X, "y": LABELS / 2}, "Received: float64 of the shape (43,)"),
    "fewer labels": ({"x": X, "y": LABELS[:7]}, "x has 43 examples, their labels are 7."),
    "one class": ({"x": X, "y": LABELS * 0}, "two classes or more"),
    "label without a name": (
        {"x": X, "y": LABELS, "class_names": ["a", "b"]},
        "a label of the train split is 2. The classes are: 0, 1.",
    ),
    "text": ({"x": X.astype(str), "y": LABELS}, "x must be uint8 (examples, height, width["),
    "images of floats": ({"x": np.ones((COUNT, 7, 5, 3)), "y": LABELS}, "Received: float64 of th"),
    "nothing": ({"x": X[:, :0], "y": LABELS}, "of the shape (43, 0)"),
    "NaN": ({"x": NAN, "y": LABELS}, "NaN or infinity in 1 examples, the first one being number 3"),
    "objects": ({"x": X, "y": np.array([None] * COUNT)}, "is not an .npz file of plain arrays: Ob"),
    "shapes": (
        {"x_train": X, "y_train": LABELS, "x_test": X[:, 1:], "y_test": LABELS},
        "the splits differ in the shape of an example",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_message(tmp_path, case):
    held, message = WRONG[case]
    path = write(tmp_path, **held)
    with pytest.raises(DataError) as error:
        arrays(path=path)
    assert str(error.value).startswith(path) and message in str(error.value)


def test_files_that_are_none(tmp_path):
    with pytest.raises(DataError, match="There is no file gone.npz. It is looked for in "):
        arrays(path="gone.npz")
    for name, content in [("text.npz", b"hello"), ("cut.npz", b"PK\3\4 cut"), ("empty.npz", b"")]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name} is not an .npz file of plain arrays: "):
            arrays(path=str(tmp_path / name))
    np.save(tmp_path / "one.npy", X)
    with pytest.raises(DataError, match="one.npy is not an .npz file"):
        arrays(path=str(tmp_path / "one.npy"))


def test_augmentation_is_for_images(tmp_path):
    with pytest.raises(DataError, match="data.augmentation is for images; "):
        arrays(path=write(tmp_path, x=X, y=LABELS), augmentation={"zoom": 0.1})
    dataset = arrays(path=write(tmp_path, x=X, y=LABELS), augmentation={"zoom": 0.0})
    assert dataset.augmentation is None
