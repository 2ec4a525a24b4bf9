"""Any image classification set of TensorFlow Datasets."""

import math
import urllib.error
import urllib.request

import numpy as np

from kzoo.data.dataset import DataError, Dataset, Examples, Stream
from kzoo.data.image_preprocessing import ImagePreprocessing
from kzoo.data.split import TEST_FRACTION, split_examples
from kzoo.types import HeightWidth, PositiveFloat, PositiveFraction, PositiveInt, Seed


def tfds(
    *,
    dataset: str,
    image_size: HeightWidth | None = None,
    train_split: str = "train",
    test_split: str | None = None,
    data_dir: str | None = None,
    memory_limit: PositiveFloat = 4.0,
    batch_size: PositiveInt = 256,
    validation: PositiveFraction = 0.1,
    split_seed: Seed = 0,
    augmentation=None,
):
    """An image classification set of TensorFlow Datasets, downloaded where it is not on disk.

    Args:
        dataset: Its name, as in `"mnist"` or `"cifar10"`; `"name/config"` and `"name:version"`
            work too.
        image_size: `(height, width)` in pixels that the model gets; None keeps the set's own.
        train_split: What to train and validate on; a part of a split works: `"train[:1000]"`.
        test_split: What to test on. None takes `"test"`, and 20 % of each class of the training
            split where the set has none.
        data_dir: Folder of TFDS; None is `TFDS_DATA_DIR` of the environment, or
            `~/tensorflow_datasets`.
        memory_limit: GiB up to which the images are kept in memory; a larger set is read from
            disk in every epoch.
        batch_size: Examples in a training step.
        validation: Fraction of the training examples that choices are made on.
        split_seed: Draws the splits; independent of the seed of a run.
        augmentation: Keyword arguments of `augment`, or None.

    Returns:
        `Dataset`.

    Raises:
        DataError: If there is no such set, it cannot be had, or it holds something else than
            images of one class each.
    """
    builder = _prepared_builder(dataset, data_dir)
    image_key, label_key = _supervised_keys(builder)
    image, label = builder.info.features[image_key], builder.info.features[label_key]
    height, width, channels = image.shape
    if image_size is None and None in (height, width):
        raise DataError(
            f"The images of {dataset} differ in size: give data.image_size, such as [96, 96]."
        )
    test_split = test_split or ("test" if "test" in builder.info.splits else None)
    preprocessing = ImagePreprocessing(*(image_size or (height, width)), channels)

    splits = [_check_split(builder, split) for split in (train_split, test_split) if split]
    size = sum(split.num_examples for split in splits) * math.prod(preprocessing.example_shape)
    fits = size * 5 <= memory_limit * 2**30  # the bytes of a raw pixel and of a float32
    read = _read if fits else _stream
    train = read(builder, train_split, image_key, label_key)
    if test_split:
        test = read(builder, test_split, image_key, label_key)
    else:
        train, test = split_examples(train, TEST_FRACTION, split_seed)
    train, held_out = split_examples(train, validation, split_seed)
    return Dataset(
        train=train,
        validation=held_out,
        test=test,
        class_names=list(label.names),
        preprocessing=preprocessing,
        batch_size=batch_size,
        augmentation=augmentation,
    )


def _prepared_builder(dataset, data_dir):
    """Returns the builder of a set that is on disk now."""
    import tensorflow_datasets

    try:
        builder = tensorflow_datasets.builder(dataset, data_dir=data_dir)
    except tensorflow_datasets.core.DatasetNotFoundError:
        raise DataError(_not_found(dataset)) from None
    except (ValueError, AssertionError) as error:
        raise DataError(f"TFDS has no {dataset}: {str(error).splitlines()[0]}") from None
    if not builder.is_prepared():
        _check_network(builder, dataset)
        try:
            builder.download_and_prepare()
        except Exception as error:  # whatever a download can end in
            reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise DataError(
                f"{dataset} could not be downloaded to {builder.data_path}: {reason}"
            ) from error
    return builder


def _not_found(dataset):
    import difflib

    import tensorflow_datasets

    nearest = difflib.get_close_matches(dataset, tensorflow_datasets.list_builders(), n=1)
    hint = f" Did you mean {nearest[0]}?" if nearest else ""
    return f"TFDS has no data set {dataset!r}.{hint} Its catalogue: https://www.tensorflow.org/datasets"


def _check_network(builder, dataset):
    """Refuses at once what TFDS would try again for minutes."""
    for url in list(builder.url_infos)[:1]:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=10).close()
        except urllib.error.HTTPError:
            return  # somebody answered
        except OSError as error:
            raise DataError(
                f"{dataset} is not in {builder.data_path} and cannot be downloaded without a "
                f"network ({getattr(error, 'reason', error)}); `data: {{name: digits}}` needs none."
            ) from None


def _supervised_keys(builder):
    """Returns the names of the one image and the one class label of an example."""
    from tensorflow_datasets import features

    found = dict(builder.info.features)
    images = [key for key, feature in found.items() if isinstance(feature, features.Image)]
    labels = [key for key, feature in found.items() if isinstance(feature, features.ClassLabel)]
    supervised = builder.info.supervised_keys or ()
    if len(supervised) == 2 and supervised[0] in images and supervised[1] in labels:
        return supervised
    if len(images) != 1 or len(labels) != 1:
        raise DataError(
            f"{builder.name} is no image classification set: it needs one image and one class "
            f"label in an example. Received: {', '.join(found)}"
        )
    return images[0], labels[0]


def _check_split(builder, split):
    try:
        return builder.info.splits[split]
    except (KeyError, ValueError):
        raise DataError(
            f"{builder.name} has no split {split!r}. It has: {', '.join(builder.info.splits)}."
        ) from None


def _read(builder, split, image_key, label_key):
    """Reads a split into memory."""
    rows = builder.as_dataset(split=split).map(lambda row: (row[image_key], row[label_key]))
    if None not in builder.info.features[image_key].shape:
        batches = list(rows.batch(1024).as_numpy_iterator())
        images, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    else:
        pairs = list(rows.as_numpy_iterator())
        images = np.empty(len(pairs), dtype=object)
        images[:] = [image for image, _ in pairs]
        labels = np.array([label for _, label in pairs])
    return Examples(images, labels.astype("int32"))


def _stream(builder, split, image_key, label_key):
    """Reads only the labels of a split; the images come from disk in every epoch."""
    from tensorflow_datasets import decode

    undecoded = builder.as_dataset(split=split, decoders={image_key: decode.SkipDecoding()})
    labels = [row[label_key] for row in undecoded.as_numpy_iterator()]

    def open_split():
        return builder.as_dataset(split=split).map(lambda row: (row[image_key], row[label_key]))

    return Stream(open_split, np.array(labels, "int32"))
