import os

import pytest

from kzoo.data import DATASETS
from kzoo.messages import DataError

tfds = DATASETS["tfds"]

TEXTS = ["good film", "bad film", "a good actor", "a bad actor"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A TFDS folder with sets of short texts, as TFDS writes them."""
    builders = pytest.importorskip("tensorflow_datasets").dataset_builders
    folder = tmp_path_factory.mktemp("tfds")
    splits = {"train": _rows(23), "test": _rows(7), "hidden": _rows(5, label=-1)}
    _write(builders, folder, "tiny_texts", splits)
    _write(builders, folder, "tiny_train_only", {"train": _rows(29)})
    return str(folder)


def _rows(count, label=None):
    labels = ["bad", "good"]
    return [
        {
            "text": f"{TEXTS[i % 4]}, ünïque{i}",
            "label": labels[(i + 1) % 2] if label is None else label,
        }
        for i in range(count)
    ]


def _write(builders, folder, name, splits):
    import tensorflow as tf
    import tensorflow_datasets

    features = tensorflow_datasets.features.FeaturesDict(
        {
            "text": tensorflow_datasets.features.Text(),
            "label": tensorflow_datasets.features.ClassLabel(names=["bad", "good"]),
        }
    )
    tensorflow_datasets.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=features,
        split_datasets={split: _dataset(tf, rows) for split, rows in splits.items()},
        data_dir=str(folder),
    )


def _dataset(tf, rows):
    labels = {"bad": 0, "good": 1}
    return tf.data.Dataset.from_tensor_slices(
        {
            "text": [row["text"] for row in rows],
            "label": tf.constant([labels.get(row["label"], -1) for row in rows], "int64"),
        }
    )


def test_a_text_set_is_read_and_split(folder):
    dataset = tfds(dataset="tiny_texts", data_dir=folder, validation=0.2)
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [18, 5, 7]
    assert dataset.task.class_names == ["bad", "good"]
    for text, label in zip(dataset.test.inputs, dataset.test.labels, strict=True):
        assert isinstance(text, str)
        assert dataset.task.class_names[label] in text
    assert any("ünïque" in text for text in dataset.test.inputs)


def test_without_a_test_split_a_fifth_is_taken(folder):
    dataset = tfds(dataset="tiny_train_only", data_dir=folder)
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [20, 3, 6]


def test_the_vocabulary_is_learned_from_the_training_split(folder):
    text = {"sequence_length": 5, "keep": "last"}
    dataset = tfds(dataset="tiny_texts", data_dir=folder, text=text)
    vocabulary = set(dataset.preprocessing.vocabulary)
    for text in dataset.train.inputs:
        assert text.split()[-1] in vocabulary
    for text in dataset.validation.inputs:
        assert text.split()[-1] not in vocabulary
    assert dataset.preprocessing.keep == "last"
    assert dataset.preprocessing.vocabulary_size == len(vocabulary) + 2


def test_a_split_without_labels_is_refused(folder):
    with pytest.raises(DataError, match="5 examples of hidden have no label. Choose another"):
        tfds(dataset="tiny_texts", data_dir=folder, test_split="hidden")


def test_what_is_for_images_is_refused(folder):
    with pytest.raises(DataError, match="data.image_size is for images"):
        tfds(dataset="tiny_texts", data_dir=folder, image_size=[5, 7])
    with pytest.raises(DataError, match="data.augmentation is for images"):
        tfds(dataset="tiny_texts", data_dir=folder, augmentation={"rotate": 3.0})


def test_texts_that_do_not_fit_are_refused(folder):
    with pytest.raises(DataError, match="raise data.memory_limit, or take a part"):
        tfds(dataset="tiny_texts", data_dir=folder, memory_limit=1e-9)


def test_imdb_reviews():
    folder = os.environ.get("TFDS_DATA_DIR", os.path.expanduser("~/tensorflow_datasets"))
    if not os.path.isdir(os.path.join(folder, "imdb_reviews", "plain_text")):
        pytest.skip("imdb_reviews is not in the folder of TFDS")
    dataset = tfds(
        dataset="imdb_reviews", train_split="train[:500]", test_split="test[:7]", data_dir=folder
    )
    assert dataset.task.class_names == ["neg", "pos"]
    assert [len(s) for s in (dataset.train, dataset.validation, dataset.test)] == [450, 50, 7]
    assert "film" in dataset.preprocessing.vocabulary
