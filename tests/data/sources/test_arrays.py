import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kzoo.data import DATASETS
from kzoo.messages import DataError
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.preprocessing.sequence import SequencePreprocessing

arrays = DATASETS["arrays"]

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
    assert dataset.preprocessing.example_shape == (7, 5, shape[2] if len(shape) == 3 else 1)
    assert dataset.task.class_names == ["0", "1", "2"]
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [30, 4, 9]


@pytest.mark.parametrize("shape", [(5,), (7, 5)])
def test_numbers_are_standardised_by_the_training_split(tmp_path, shape):
    x = RANDOM.normal(11, 3, (COUNT, *shape))
    x[..., 2] = 7  # a feature that tells nothing
    dataset = arrays(path=write(tmp_path, x=x, y=LABELS))
    assert isinstance(dataset.preprocessing, SequencePreprocessing)
    assert dataset.preprocessing.example_shape == shape
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
    assert dataset.task.class_names == ["no", "yes", "maybe"] and set(dataset.test.labels) == {1}


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
    assert dataset.task.class_names == expected
    counts = np.bincount(dataset.test.labels)
    assert counts.tolist() == [2, 2]


def test_labels_stay_with_their_examples(tmp_path):
    y = np.array(["c", "a", "b"] * 10)
    x = np.stack([np.searchsorted(["a", "b", "c"], y), np.arange(30)], axis=1)
    dataset = arrays(path=write(tmp_path, x=x, y=y))
    for split in (dataset.train, dataset.validation, dataset.test):
        np.testing.assert_array_equal(split.inputs[:, 0], split.labels)


@pytest.mark.parametrize("x", ["x", "X", "x_train", "X_Train", "x_training"])
@pytest.mark.parametrize("held_out", ["x_val", "X_VALID", "x_validation", "x_dev", None])
@pytest.mark.parametrize("test", ["x_test", "X_testing", None])
def test_names_of_splits(tmp_path, x, held_out, test):
    names = [name for name in (x, held_out, test) if name]
    held = {name: RANDOM.normal(size=(10 + i, 3)) for i, name in enumerate(names)}
    labels = {
        name.replace("x", "y").replace("X", "Y"): np.arange(len(held[name])) % 2 for name in names
    }
    dataset = arrays(path=write(tmp_path, **held, **labels))
    sizes = len(dataset.train), len(dataset.validation), len(dataset.test)
    assert sum(sizes) == sum(map(len, held.values()))
    if held_out and test:
        assert sizes == (10, 11, 12)


@pytest.mark.parametrize(
    "labels, names, expected",
    [
        (np.eye(3)[LABELS], None, ["0", "1", "2"]),
        (np.eye(3, dtype=bool)[LABELS], ["a", "b", "c"], ["a", "b", "c"]),
        (LABELS + 1, None, ["1", "2", "3"]),
        (LABELS + 1.0, ["a", "b", "c"], ["a", "b", "c"]),
        (LABELS.astype("float32")[:, None], None, ["0", "1", "2"]),
        (LABELS.astype("S"), None, ["0", "1", "2"]),
        (np.array(["à", "b", "c"])[LABELS], np.char.encode(["à", "b", "c"], "utf-8"), list("àbc")),
        (LABELS.astype("uint64"), None, ["0", "1", "2"]),
    ],
)
def test_labels_of_any_kind(tmp_path, labels, names, expected):
    held = {} if names is None else {"class_names": names}
    dataset = arrays(path=write(tmp_path, x=np.stack([LABELS] * 2, axis=1), y=labels, **held))
    assert dataset.task.class_names == expected
    np.testing.assert_array_equal(dataset.train.inputs[:, 0], dataset.train.labels)
    from_one = names is not None and np.ndim(labels) == 1 and labels[0] == 1
    assert dataset.notes == (("labels go from 1 to 3: 1 is a",) if from_one else ())


@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 1), (7, 5, 3)])
def test_bool_is_black_and_white(tmp_path, shape):
    dataset = arrays(path=write(tmp_path, x=uint8(COUNT, *shape) > 127, y=LABELS))
    assert isinstance(dataset.preprocessing, ImagePreprocessing)
    assert dataset.train.inputs.dtype == "uint8" and set(np.unique(dataset.train.inputs)) == {
        0,
        255,
    }
    assert len(dataset.notes) == (len(shape) == 2)


@pytest.mark.parametrize("dtype", ["int64", "int16", "float32", "float64"])
def test_images_of_any_number_type(tmp_path, dtype):
    x = uint8(COUNT, 7, 5, 3)
    dataset = arrays(path=write(tmp_path, x=x.astype(dtype), y=LABELS))
    assert dataset.train.inputs.dtype == "uint8"
    every = {image.tobytes() for s in (dataset.train, dataset.test) for image in s.inputs}
    assert every < {image.tobytes() for image in x}


@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_what_float32_loses_is_told(tmp_path, dtype):
    """A column of seconds since 1970, in which float32 has steps of 128."""
    x = np.stack([1_780_000_000 + np.arange(COUNT) * 60, np.arange(COUNT)], axis=1).astype(dtype)
    dataset = arrays(path=write(tmp_path, x=x, y=LABELS))
    assert dataset.notes == (
        "warning: x, feature 0: float32 keeps it in steps of 1.3e+02. Subtract an offset before "
        "you save it",
    )
    x[:, 0] = 1_780_000_000  # the same in all
    assert arrays(path=write(tmp_path, x=x, y=LABELS)).notes == ()


X = np.ones((COUNT, 5))
NAN = np.where((np.arange(COUNT)[:, None] == 3) & (np.arange(5) == 2), np.nan, X)
SEQUENCES = np.ones((COUNT, 7, 5))
SEQUENCES[11, 2, 4] = np.inf
WRONG = {
    "no x": ({"a": X}, "must hold x and y, or x_train, y_train, x_test and y_test; x_validation, "),
    "without names": ({"arr_0": X, "arr_1": LABELS}, "Name them: np.savez('arrays.npz', x=x, y=y)"),
    "another array": (
        {"x": X, "y": LABELS, "ids": LABELS},
        "and nothing else. It holds: x, y, ids",
    ),
    "two to train on": (
        {"x": X, "y": LABELS, "X_train": X, "y_train": LABELS},
        "x and X_train are both of the train split.",
    ),
    "no y": ({"x": X}, "lacks y. It holds: x."),
    "no y to test": ({"X": X, "y": LABELS, "X_Val": X}, "lacks y_Val. It holds: X, y, X_Val."),
    "no x to test": ({"x": X, "y": LABELS, "y_test": LABELS}, "lacks x_test. It holds: x, y, y_te"),
    "no train": ({"x_test": X, "y_test": LABELS}, "must hold x and y, or x_train"),
    "two classes": (
        {"x": X, "y": np.ones((COUNT, 3))},
        "its rows are not one-hot. For several labels an example, set task: multi_label. Received: "
        "[1., ",
    ),
    "fractions": (
        {"x": X, "y": LABELS / 2},
        "y must hold classes, such as 0, 1 and 2. To predict a number, set task: regression. "
        "Received: 0.5 at example 1, counted from 0",
    ),
    "missing label": (
        {"x": X, "y": np.where(np.arange(COUNT) == 5, np.nan, LABELS)},
        "Received: nan at example 5, counted from 0",
    ),
    "fewer labels": ({"x": X, "y": LABELS[:7]}, "x has 43 examples, their labels are 7."),
    "one class": ({"x": X, "y": LABELS * 0}, "two classes or more. Found: 0"),
    "label without a name": (
        {"x": X, "y": LABELS, "class_names": ["a", "b"]},
        "y holds the label 2. The classes are: 0, 1.",
    ),
    "labels from 1, not all": (
        {"x": X, "y": np.where(LABELS == 0, 3, 1), "class_names": ["a", "b", "c"]},
        "y holds the label 3. The classes are: 0, 1, 2.",
    ),
    "new label": (
        {"x": X, "y": LABELS, "x_test": X, "y_test": LABELS + 1},
        "y_test holds the label 3. The classes are: 0, 1, 2.",
    ),
    "strings and numbers": (
        {"x": X, "y": LABELS, "x_test": X, "y_test": LABELS.astype(str)},
        "the labels of the splits are of different kinds.",
    ),
    "names of one-hot": (
        {"x": X, "y": np.eye(3)[LABELS], "class_names": ["a", "b"]},
        "one-hot labels of 3 classes, but 2 class_names.",
    ),
    "names 0-d": (
        {"x": X, "y": LABELS, "class_names": np.array(3)},
        "class_names must be a list of strings. Received: int64 of the shape ()",
    ),
    "names of numbers": (
        {"x": X, "y": LABELS, "class_names": [5, 6, 7]},
        "must be a list of strings",
    ),
    "names twice": (
        {"x": X, "y": LABELS, "class_names": ["a", "b", "a"]},
        "class_names has the same name twice: a.",
    ),
    "bytes": (
        {"x": X, "y": np.array([b"\xff", b"a", b"b"])[LABELS]},
        "y holds bytes that are not te",
    ),
    "text": (
        {"x": X.astype(str), "y": LABELS},
        "x must be images, uint8 (examples, height, width[",
    ),
    "fractions as images": (
        {"x": uint8(COUNT, 7, 5, 3) / 255, "y": LABELS},
        "x: Images must go from 0 to 255, as they come from a file: multiply these by 255. Rec",
    ),
    "0 and 1 as images": (
        {"x": uint8(COUNT, 7, 5) % 2, "y": LABELS},
        "multiply these by 255. Received: uint8 of 0 to 1",
    ),
    "integers above 255": (
        {"x": uint8(COUNT, 7, 5, 3) * 2.0, "y": LABELS},
        "x: Images must go from 0 to 255, as they come from a file. Received: float64 of ",
    ),
    "channels first": (
        {"x": uint8(COUNT, 3, 7, 5), "y": LABELS},
        "Channels must be the last axis.",
    ),
    "nothing": ({"x": X[:, :0], "y": LABELS}, "of the shape (43, 0)"),
    "NaN": (
        {"x": NAN, "y": LABELS},
        "x must hold finite numbers. Received: nan at example 3, feature 2, counted from 0; 1 of ",
    ),
    "infinity": (
        {"x": SEQUENCES, "y": LABELS},
        "Received: inf at example 11, step 2, feature 4, cou",
    ),
    "above float32": ({"x": X * 1e40, "y": LABELS}, "Received: inf at example 0, feature 0"),
    "objects": (
        {"x": X, "y": np.array([None] * COUNT)},
        "y holds Python objects, which are not read. Save it as numbers of one type, or as strin",
    ),
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


def claiming(shape):
    """The header of an `.npy` file that says more than there is."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()


def test_files_that_are_none(tmp_path):
    with pytest.raises(DataError, match="There is no file gone.npz. It is looked for in "):
        arrays(path="gone.npz")
    cut = (tmp_path / "whole.npz", tmp_path / "cut.npz")
    np.savez(cut[0], x=X, y=LABELS)
    cut[1].write_bytes(cut[0].read_bytes()[:-100])
    for name, content in [
        ("text.npz", b"hello"),
        ("header.npz", b"PK\3\4 cut"),
        ("empty.npz", b""),
        ("wrong.npz", claiming("(3, " * 50)),
    ]:
        (tmp_path / name).write_bytes(content)
    for name in ("text", "header", "empty", "wrong", "cut"):
        with pytest.raises(DataError, match=f"{name}.npz is no file of arrays that NumPy has wr"):
            arrays(path=str(tmp_path / f"{name}.npz"))
    np.save(tmp_path / "one.npy", X)
    with pytest.raises(DataError, match=r"one.npy holds one array; .* np.savez\('arrays.npz', x=x"):
        arrays(path=str(tmp_path / "one.npy"))
    with zipfile.ZipFile(tmp_path / "text_in_it.npz", "w") as archive:
        archive.writestr("x", "hello")
    with pytest.raises(DataError, match="text_in_it.npz: x is no array that NumPy has written."):
        arrays(path=str(tmp_path / "text_in_it.npz"))
    with pytest.raises(DataError, match="cannot be read: Is a directory."):
        arrays(path=str(tmp_path))


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_what_does_not_fit_into_memory_is_told_with_its_size(tmp_path, suffix):
    path = tmp_path / f"large{suffix}"
    path.write_bytes(claiming((4_000_000_000_000, 8, 8)))
    if suffix == ".npz":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", claiming((4_000_000_000_000, 8, 8)))
    with pytest.raises(DataError, match="does not fit into memory: unable to allocate 233. TiB fo"):
        arrays(path=str(path))


@settings(max_examples=200, deadline=None)
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_whatever_is_in_a_file_it_is_data_or_named(tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("mutated")
    path = write(folder, x=uint8(20, 3), y=np.arange(20) % 2)
    with open(path, "rb") as file:
        data = bytearray(file.read())
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    with open(path, "wb") as file:
        file.write(data)
    try:
        arrays(path=path)
    except DataError as error:
        assert len(str(error).splitlines()) == 1


def test_augmentation_is_for_images(tmp_path):
    with pytest.raises(DataError, match="data.augmentation is for images; "):
        arrays(path=write(tmp_path, x=X, y=LABELS), augmentation={"zoom": 0.1})
    dataset = arrays(path=write(tmp_path, x=X, y=LABELS), augmentation={"zoom": 0.0})
    assert dataset.augmentation is None
