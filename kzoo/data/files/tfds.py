"""Reads classification sets of TensorFlow Datasets."""

import importlib
import logging
import urllib.error
import urllib.request

import numpy as np

from kzoo.data.dataset import Examples, Stream
from kzoo.messages import DataConfigError, DataError, listed, nearest, reason


def prepared_builder(dataset, data_dir):
    """Returns the builder of a set that is on disk now."""
    tensorflow_datasets = _import_tfds()
    try:
        builder = tensorflow_datasets.builder(dataset, data_dir=data_dir)
    except tensorflow_datasets.core.DatasetNotFoundError:
        raise DataConfigError(_not_found(dataset)) from None
    except (ValueError, AssertionError) as error:
        raise DataConfigError(f"TFDS has no {dataset}: {str(error).splitlines()[0]}") from None
    if not builder.is_prepared():
        _check_network(builder, dataset)
        try:
            builder.download_and_prepare()
        except Exception as error:  # whatever a download can end in
            raise DataError(
                f"{dataset} could not be downloaded to {builder.data_path}: {reason(error)}"
            ) from error
    return builder


def _import_tfds():
    """Imports TensorFlow Datasets, or says why that is not possible and what mends it."""
    absl = logging.getLogger("absl")
    level = absl.level
    absl.setLevel(logging.CRITICAL + 1)  # it logs the traceback
    try:
        importlib.import_module("tensorflow_datasets.public_api")  # the package hides its error
    except Exception as error:
        older = "'tensorflow-metadata<1.18'"  # the last one for the protobuf of Colab
        package = older if "protobuf" in str(error).lower() else "--upgrade tensorflow-datasets"
        raise DataError(
            f"TensorFlow Datasets cannot be imported: {reason(error)}\n"
            f"Run pip install {package}, and restart Python."
        ) from error
    finally:
        absl.setLevel(level)
    return importlib.import_module("tensorflow_datasets")


def _not_found(dataset):
    import tensorflow_datasets

    hint = nearest(dataset, tensorflow_datasets.list_builders())
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


def supervised_keys(builder):
    """Returns the names of an example's one input, an image or a text, and of its class labels.

    That is the one class label or, where there is none, the first sequence of class labels.
    """
    from tensorflow_datasets import features

    found = dict(builder.info.features)
    inputs = [key for key, f in found.items() if isinstance(f, features.Image | features.Text)]
    labels = [key for key, f in found.items() if isinstance(f, features.ClassLabel)]
    supervised = builder.info.supervised_keys or ()
    if len(supervised) == 2 and supervised[0] in inputs and supervised[1] in labels:
        return supervised
    several = [key for key, feature in found.items() if _has_several(feature)]
    if len(inputs) == 1 and not labels and several:
        return inputs[0], several[0]
    if len(inputs) != 1 or len(labels) != 1:
        raise DataConfigError(
            f"{builder.name} is no classification set of images or texts: it needs one image or "
            f"text and one class label, or a sequence of them, in an example. "
            f"Received: {listed(found)}"
        )
    return inputs[0], labels[0]


def class_names(feature):
    """Returns the names of the classes of a feature, one label or several."""
    return list((feature.feature if _has_several(feature) else feature).names)


def _has_several(feature):
    from tensorflow_datasets import features

    return isinstance(getattr(feature, "feature", None), features.ClassLabel)


def _reader(builder, key):
    """Returns the function from an example to its label: an integer, or 0 or 1 for each class."""
    import tensorflow as tf

    feature = builder.info.features[key]
    if not _has_several(feature):
        return lambda row: row[key]
    count = len(class_names(feature))
    return lambda row: tf.reduce_max(tf.one_hot(row[key], count, dtype=tf.uint8), axis=0)


def check_split(builder, split):
    try:
        return builder.info.splits[split]
    except (KeyError, ValueError):
        raise DataConfigError(
            f"{builder.name} has no split {split!r}. It has: {listed(builder.info.splits)}."
        ) from None


def read(builder, split, input_key, label_key):
    """Reads a split into memory.

    Args:
        builder: A prepared builder of TFDS.
        split: Its name, or a part of it.
        input_key: Name of the input in an example.
        label_key: Name of the class label, or of the sequence of them.

    Returns:
        `Examples`; texts are `str`, and images of different sizes an array of dtype object.

    Raises:
        DataError: If examples have no label.
    """
    label = _reader(builder, label_key)
    rows = builder.as_dataset(split=split).map(lambda row: (row[input_key], label(row)))
    if None not in builder.info.features[input_key].shape:
        batches = list(rows.batch(1024).as_numpy_iterator())
        inputs, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    else:
        pairs = list(rows.as_numpy_iterator())
        inputs = np.empty(len(pairs), dtype=object)
        inputs[:] = [image for image, _ in pairs]
        labels = np.array([label for _, label in pairs])
    if inputs.dtype == object and isinstance(inputs[0], bytes):
        inputs[:] = [text.decode("utf-8", "replace") for text in inputs]
    return Examples(inputs, _checked(labels, builder, split))


def stream(builder, split, input_key, label_key):
    """Reads only the labels of a split; the images come from disk in every epoch."""
    from tensorflow_datasets import decode

    undecoded = builder.as_dataset(split=split, decoders={input_key: decode.SkipDecoding()})
    label = _reader(builder, label_key)
    labels = np.array(list(undecoded.map(label).as_numpy_iterator()))

    def open_split():
        return builder.as_dataset(split=split).map(lambda row: (row[input_key], label(row)))

    return Stream(open_split, _checked(labels, builder, split))


def _checked(labels, builder, split):
    if labels.min() < 0:  # how TFDS marks what the makers of a competition kept for themselves
        raise DataError(
            f"{builder.name}: {np.sum(labels < 0):,} examples of {split} have no label. "
            "Choose another one: data.train_split, data.test_split."
        )
    return labels.astype("int32")
