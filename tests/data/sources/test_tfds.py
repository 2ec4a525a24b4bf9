import importlib
import os
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets

from kzoo.data import DATASETS
from kzoo.data.batches import evaluation_batches, training_batches
from kzoo.data.dataset import Examples, Stream
from kzoo.messages import DataError
from kzoo.training import train
from tests import tiny

tfds = DATASETS["tfds"]
SPLITS = {"train": 40, "test": 11}
NAMES = ["left", "right"]


def pixels(split, number, height, width):
    """Image `number` of a split; the label is whether the right half is brighter."""
    random = np.random.default_rng([len(split), number])
    image = random.integers(0, 97, (height, width, 3), dtype="uint8")
    image[:, width // 2 if number % 2 else 0 :][:, : width // 2] += 150
    return image


class Builder(tensorflow_datasets.core.GeneratorBasedBuilder):
    """A small data set of coloured images, made on the fly."""

    VERSION = tensorflow_datasets.core.Version("1.0.0")
    shape = (7, 5, 3)
    splits = SPLITS
    pkg_dir_path = Path(__file__).parent

    def _info(self):
        features = tensorflow_datasets.features
        return tensorflow_datasets.core.DatasetInfo(
            builder=self,
            features=features.FeaturesDict(
                {
                    "image": features.Image(shape=self.shape, encoding_format="png"),
                    "label": features.ClassLabel(names=NAMES),
                    "number": np.int64,
                }
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(split) for split in self.splits}

    def _generate_examples(self, split):
        for number in range(self.splits[split]):
            height, width = self.size(number)
            image = pixels(split, number, height, width)
            yield number, {"image": image, "label": number % 2, "number": number}

    def size(self, number):
        return self.shape[:2]


class KzooFixed(Builder):
    """Images of one size, with a test split."""


class KzooVarying(Builder):
    """Images that differ in size."""

    shape = (None, None, 3)

    def size(self, number):
        return 5 + number % 3, 4 + number % 5


class KzooUnsplit(Builder):
    """No test split."""

    splits = {"train": 50}


class KzooTags(Builder):
    """Several labels an image, or none."""

    def _info(self):
        features = tensorflow_datasets.features
        tags = features.Sequence(features.ClassLabel(names=["even", "third", "fifth"]))
        image = features.Image(shape=self.shape, encoding_format="png")
        return tensorflow_datasets.core.DatasetInfo(
            builder=self, features=features.FeaturesDict({"image": image, "tags": tags})
        )

    def _generate_examples(self, split):
        for number in range(self.splits[split]):
            image = pixels(split, number, 7, 5)
            yield number, {"image": image, "tags": tags(number)}


def tags(number):
    return [i for i, divisor in enumerate((2, 3, 5)) if number % divisor == 0]


class KzooNumbers(Builder):
    """No images."""

    def _info(self):
        features = tensorflow_datasets.features
        return tensorflow_datasets.core.DatasetInfo(
            builder=self,
            features=features.FeaturesDict(
                {"number": np.int64, "label": features.ClassLabel(num_classes=2)}
            ),
        )

    def _generate_examples(self, split):
        for number in range(self.splits[split]):
            yield number, {"number": number, "label": number % 2}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """A TFDS folder with the sets above."""
    folder = tmp_path_factory.mktemp("tfds")
    for builder in [KzooFixed, KzooVarying, KzooUnsplit, KzooTags, KzooNumbers]:
        builder(data_dir=folder).download_and_prepare()
    return str(folder)


def read(pipeline):
    return list(pipeline.as_numpy_iterator())


def rows(examples):
    return sorted(image.tobytes() for image in examples.inputs)


def test_fixed_size(data_dir):
    dataset = tfds(dataset="kzoo_fixed", data_dir=data_dir, validation=0.2)
    assert dataset.preprocessing.example_shape == (7, 5, 3) and dataset.task.class_names == NAMES
    assert [len(p) for p in (dataset.train, dataset.validation, dataset.test)] == [32, 8, 11]
    assert isinstance(dataset.train, Examples)
    assert dataset.train.inputs.dtype == "uint8" and dataset.train.labels.dtype == "int32"
    assert np.bincount(dataset.validation.labels).tolist() == [4, 4]
    assert rows(dataset.test) == sorted(pixels("test", i, 7, 5).tobytes() for i in range(11))
    both = rows(dataset.train) + rows(dataset.validation)
    assert sorted(both) == sorted(pixels("train", i, 7, 5).tobytes() for i in range(40))


def test_labels_stay_with_their_images(data_dir):
    dataset = tfds(dataset="kzoo_fixed", data_dir=data_dir)
    by_image = {pixels("train", i, 7, 5).tobytes(): i % 2 for i in range(40)}
    for part in [dataset.train, dataset.validation]:
        assert [by_image[image.tobytes()] for image in part.inputs] == part.labels.tolist()


@pytest.mark.parametrize("memory_limit", [4.0, 1e-6])
def test_several_labels(data_dir, memory_limit):
    options = {"dataset": "kzoo_tags", "data_dir": data_dir, "memory_limit": memory_limit}
    dataset = tfds(None, {"name": "multi_label"}, **options)
    assert dataset.task.label_names == ["even", "third", "fifth"]
    expected = sorted(tags(number) for number in range(SPLITS["test"]))
    assert sorted(np.flatnonzero(y).tolist() for y in dataset.test.labels) == expected
    if memory_limit == 4.0:
        images = {pixels("test", i, 7, 5).tobytes(): tags(i) for i in range(SPLITS["test"])}
        for image, y in zip(dataset.test.inputs, dataset.test.labels, strict=True):
            assert images[image.tobytes()] == np.flatnonzero(y).tolist()
    with pytest.raises(
        DataError, match="kzoo_tags: the t.* split must hold one class for each exa"
    ):
        tfds(**options)


def test_varying_sizes_need_one(data_dir):
    with pytest.raises(DataError, match=r"kzoo_varying differ in size: give data.image_size, such"):
        tfds(dataset="kzoo_varying", data_dir=data_dir)


def test_varying_sizes(data_dir):
    dataset = tfds(dataset="kzoo_varying", data_dir=data_dir, image_size=[11, 13])
    assert dataset.preprocessing.example_shape == (11, 13, 3)
    found = np.concatenate([x for x, _ in read(evaluation_batches(dataset, dataset.test))])
    assert found.shape == (11, 11, 13, 3)
    expected = [dataset.preprocessing(image[None])[0] for image in dataset.test.inputs]
    np.testing.assert_allclose(found, np.stack(expected), atol=1e-6)
    assert {image.shape for image in dataset.test.inputs} == {
        (5 + i % 3, 4 + i % 5, 3) for i in range(11)
    }


def test_without_a_test_split(data_dir):
    """20 % of each class, the same whatever the rest is."""
    dataset = tfds(dataset="kzoo_unsplit", data_dir=data_dir, validation=0.25)
    assert [len(p) for p in (dataset.train, dataset.validation, dataset.test)] == [30, 10, 10]
    assert np.bincount(dataset.test.labels).tolist() == [5, 5]
    assert not set(rows(dataset.test)) & set(rows(dataset.train) + rows(dataset.validation))
    again = tfds(dataset="kzoo_unsplit", data_dir=data_dir, validation=0.5)
    np.testing.assert_array_equal(again.test.inputs, dataset.test.inputs)
    other = tfds(dataset="kzoo_unsplit", data_dir=data_dir, split_seed=1)
    assert rows(other.test) != rows(dataset.test)


@pytest.mark.parametrize("name, size", [("kzoo_fixed", None), ("kzoo_varying", [7, 5])])
@pytest.mark.parametrize("unsplit", [False, True])
def test_what_does_not_fit_is_streamed(data_dir, name, size, unsplit):
    """The same examples in the same splits, pre-processed to the same numbers."""
    name = "kzoo_unsplit" if unsplit else name
    cached = tfds(dataset=name, data_dir=data_dir, image_size=size, batch_size=7)
    streamed = tfds(
        dataset=name, data_dir=data_dir, image_size=size, batch_size=7, memory_limit=1e-9
    )
    for part in ["train", "validation", "test"]:
        assert isinstance(getattr(cached, part), Examples)
        assert isinstance(getattr(streamed, part), Stream)
        np.testing.assert_array_equal(getattr(streamed, part).labels, getattr(cached, part).labels)
        pairs = zip(
            read(evaluation_batches(streamed, getattr(streamed, part))),
            read(evaluation_batches(cached, getattr(cached, part))),
            strict=True,
        )
        for (inputs, targets), (expected_inputs, expected_targets) in pairs:
            np.testing.assert_allclose(inputs, expected_inputs, atol=1e-6)
            np.testing.assert_array_equal(targets, expected_targets)
    labels = [
        np.sort(np.concatenate([y.argmax(axis=1) for _, y in read(training_batches(d, 0, 1))]))
        for d in [cached, streamed]
    ]
    np.testing.assert_array_equal(*labels)


def test_a_part_of_a_split(data_dir):
    dataset = tfds(
        dataset="kzoo_fixed", data_dir=data_dir, train_split="train[:20]", test_split="test[:5]"
    )
    assert len(dataset.train) + len(dataset.validation) == 20 and len(dataset.test) == 5


@pytest.mark.parametrize("split", ["dev", "train[", "train[:abc]"])
def test_no_such_split(data_dir, split):
    with pytest.raises(DataError, match=r"has no split '.*'. It has: .*train"):
        tfds(dataset="kzoo_fixed", data_dir=data_dir, train_split=split)


def test_a_set_without_images(data_dir):
    with pytest.raises(DataError, match="kzoo_numbers is no classification set.*: number"):
        tfds(dataset="kzoo_numbers", data_dir=data_dir)


def test_no_such_set(data_dir):
    with pytest.raises(DataError, match="TFDS has no data set 'mnits'. Did you mean mnist?"):
        tfds(dataset="mnits", data_dir=data_dir)


@pytest.fixture
def network(monkeypatch):
    """Decides what the attempt to reach a server ends in."""

    def answer(error):
        def urlopen(*args, **kwargs):
            raise error

        monkeypatch.setattr(urllib.request, "urlopen", urlopen)

    return answer


@pytest.mark.parametrize("error", [urllib.error.URLError("no route"), TimeoutError("no route")])
def test_not_on_disk_without_network(tmp_path, network, error):
    network(error)
    with pytest.raises(DataError) as message:
        tfds(dataset="mnist", data_dir=str(tmp_path))
    assert str(message.value) == (
        f"mnist is not in {tmp_path}/mnist/3.0.1 and cannot be downloaded without a network "
        "(no route); `data: {name: digits}` needs none."
    )


def test_a_download_that_fails(tmp_path, network, monkeypatch):
    """A server answers, but then the download breaks off: still one sentence."""
    network(urllib.error.HTTPError("http://x", 403, "Forbidden", None, None))

    def broken(self, **kwargs):
        raise ConnectionResetError("reset by peer\nand many more lines")

    monkeypatch.setattr(
        tensorflow_datasets.core.GeneratorBasedBuilder, "download_and_prepare", broken
    )
    with pytest.raises(DataError, match=r"^mnist could not be downloaded to .*: reset by peer$"):
        tfds(dataset="mnist", data_dir=str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("memory_limit", [4.0, 1e-9], ids=["cached", "streamed"])
def test_a_run_on_a_tfds_set(data_dir, tiny_config, tmp_path, memory_limit):
    data = {"name": "tfds", "dataset": "kzoo_varying", "data_dir": data_dir, "image_size": [7, 5]}
    data["memory_limit"] = memory_limit
    options = {"data": data, "training.epochs": 1, "export.formats": ["keras"]}
    run = train(tiny_config, options, run_dir=tmp_path / "run")
    assert run.metrics["test_classes"].keys() == set(NAMES)
    assert np.sum(run.metrics["test_confusion_matrix"]) == 11
    assert run.model.core.input_shape == (None, 7, 5, 3)


@pytest.fixture
def mnist_dir():
    folder = Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()
    if not (folder / "mnist").is_dir():
        pytest.skip(f"there is no mnist in {folder} (TFDS_DATA_DIR)")
    return str(folder)


@pytest.mark.slow
def test_mnist(mnist_dir):
    dataset = tfds(dataset="mnist", data_dir=mnist_dir)
    assert [len(p) for p in (dataset.train, dataset.validation, dataset.test)] == [
        54_000,
        6_000,
        10_000,
    ]
    assert dataset.preprocessing.example_shape == (28, 28, 1)
    assert dataset.task.class_names == list("0123456789")
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # of the test split
    assert np.bincount(dataset.test.labels).tolist() == counts


@pytest.mark.slow
def test_a_run_on_mnist(mnist_dir, tiny_config, tmp_path):
    data = {"name": "tfds", "dataset": "mnist", "data_dir": mnist_dir, "batch_size": 97}
    data |= {"train_split": "train[:1000]", "test_split": "test[:500]"}
    options = {"data": data, "training.epochs": 1, "export.formats": []}
    options |= {"model": {**tiny.MODEL, "filters": [5, 6]}}
    run = train(tiny_config, options, run_dir=tmp_path / "run")
    assert np.sum(run.metrics["test_confusion_matrix"]) == 500


def test_a_tfds_that_cannot_be_imported(monkeypatch):
    """As in Colab's image, where tensorflow-metadata wants a newer protobuf."""

    real = importlib.import_module

    def import_module(name, package=None):
        if name.startswith("tensorflow_datasets"):
            raise ValueError("Detected incompatible Protobuf versions: gencode 6.31.1 runtime 5.29")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", import_module)
    with pytest.raises(DataError) as error:
        tfds(dataset="mnist")
    assert str(error.value).splitlines() == [
        "TensorFlow Datasets cannot be imported: Detected incompatible Protobuf versions: "
        "gencode 6.31.1 runtime 5.29",
        "Run pip install 'tensorflow-metadata<1.18', and restart Python.",
    ]
