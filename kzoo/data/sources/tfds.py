"""Any set of TensorFlow Datasets of images or texts with classes."""

import math
from typing import Annotated, Any

import numpy as np

from kzoo.data.files.tfds import (
    check_split,
    class_names,
    prepared_builder,
    read,
    stream,
    supervised_keys,
)
from kzoo.data.sources.base import Source
from kzoo.messages import DataConfigError
from kzoo.tasks.targets import Targets
from kzoo.types import LEARNED, HeightWidth, PositiveFloat

NAMES = {"train": "the training split", "test": "the test split"}


def tfds(
    preprocessing=None,
    *,
    dataset: str,
    image_size: Annotated[HeightWidth | None, LEARNED] = None,
    train_split: str = "train",
    test_split: str | None = None,
    data_dir: str | None = None,
    memory_limit: PositiveFloat = 4.0,
    text: Annotated[Any, LEARNED] = None,
):
    """A set of TensorFlow Datasets of images or texts, downloaded where it is not on disk.

    Args:
        preprocessing: That of a trained model, the size of whose images goes first; or None.
        dataset: Its name, as in `"mnist"` or `"imdb_reviews"`; `"name/config"` and `"name:version"`
            work too.
        image_size: `(height, width)` in pixels that the model gets; None keeps the set's own. For
            images alone.
        train_split: What to train and validate on; a part of a split works: `"train[:1000]"`.
        test_split: What to test on. None takes `"test"`, and 20 % of each class of the training
            split where the set has none.
        data_dir: Folder of TFDS; None is `TFDS_DATA_DIR` of the environment, or
            `~/tensorflow_datasets`.
        memory_limit: GiB up to which the set is kept in memory; more images are read from disk in
            every epoch, more texts are refused.
        text: Keyword arguments of `TextPreprocessing.learn`, or None.

    Raises:
        DataError: If there is no such set, it cannot be had, or it holds something else than
            images or texts with one class each, or with several.
    """
    builder = prepared_builder(dataset, data_dir)
    keys = supervised_keys(builder)
    input_feature, label_feature = (builder.info.features[key] for key in keys)
    test_split = test_split or ("test" if "test" in builder.info.splits else None)
    splits = [check_split(builder, split) for split in (train_split, test_split) if split]
    if input_feature.shape:  # an image has three axes
        kind = "image"
        if preprocessing and preprocessing.kind == kind:
            image_size = preprocessing.example_shape[:2]
        options = _image_options(dataset, input_feature, image_size)
        pixels = math.prod(options["image_size"]) * options["channels"]
        size = 5 * pixels * sum(split.num_examples for split in splits)  # raw and as float32
    else:
        kind, options = "text", text or {}
        size = sum(split.num_bytes for split in splits)
        _check_text(dataset, image_size, size, memory_limit)
    read_split = read if size <= memory_limit * 2**30 else stream
    train = read_split(builder, train_split, *keys)
    return Source(
        kind=kind,
        train=train,
        test=read_split(builder, test_split, *keys) if test_split else None,
        targets=_targets(dataset, class_names(label_feature), train.labels),
        options=options,
    )


def _targets(dataset, names, labels):
    if labels.ndim == 1:  # indices into the names
        return Targets(names)
    return Targets(np.array(names), path=dataset, names=NAMES)


def _check_text(dataset, image_size, size, memory_limit):
    """Refuses what is for images, and texts that fill the memory."""
    if image_size:
        raise DataConfigError(
            f"{dataset} holds texts, and data.image_size is for images. Remove it."
        )
    if size > memory_limit * 2**30:
        raise DataConfigError(
            f"The texts of {dataset} take {size / 2**30:.1f} GiB, and texts are kept in memory: "
            "raise data.memory_limit, or take a part: data.train_split: train[:10%]."
        )


def _image_options(dataset, feature, image_size):
    height, width, channels = feature.shape
    if image_size is None and None in (height, width):
        raise DataConfigError(
            f"The images of {dataset} differ in size: give data.image_size, such as [96, 96]."
        )
    return {"image_size": image_size or (height, width), "channels": channels}
