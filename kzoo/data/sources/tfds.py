"""Any set of TensorFlow Datasets that classifies images or texts."""

import math

from kzoo.data.dataset import Dataset
from kzoo.data.files.tfds import check_split, prepared_builder, read, stream, supervised_keys
from kzoo.data.split import TEST_FRACTION, sort_by_length, split_examples
from kzoo.messages import DataConfigError
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.preprocessing.text import learn_text_preprocessing
from kzoo.types import HeightWidth, PositiveFloat, PositiveFraction, PositiveInt, Seed


def tfds(
    image_shape=None,
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
    text=None,
):
    """A set of TensorFlow Datasets of images or texts, downloaded where it is not on disk.

    Args:
        image_shape: `(height, width, channels)` that a trained model reads, in place of
            `image_size`; or None.
        dataset: Its name, as in `"mnist"` or `"imdb_reviews"`; `"name/config"` and `"name:version"`
            work too.
        image_size: `(height, width)` in pixels that the model gets; None keeps the set's own. Like
            `augmentation`, for images alone.
        train_split: What to train and validate on; a part of a split works: `"train[:1000]"`.
        test_split: What to test on. None takes `"test"`, and 20 % of each class of the training
            split where the set has none.
        data_dir: Folder of TFDS; None is `TFDS_DATA_DIR` of the environment, or
            `~/tensorflow_datasets`.
        memory_limit: GiB up to which the set is kept in memory; more images are read from disk in
            every epoch, more texts are refused.
        batch_size: Examples in a training step.
        validation: Fraction of the training examples that choices are made on.
        split_seed: Draws the splits; independent of the seed of a run.
        augmentation: Keyword arguments of `augment`, or None.
        text: Keyword arguments of `learn_text_preprocessing`, or None.

    Returns:
        `Dataset`.

    Raises:
        DataError: If there is no such set, it cannot be had, or it holds something else than
            images or texts of one class each.
    """
    builder = prepared_builder(dataset, data_dir)
    keys = supervised_keys(builder)
    input_feature, label_feature = (builder.info.features[key] for key in keys)
    test_split = test_split or ("test" if "test" in builder.info.splits else None)
    splits = [check_split(builder, split) for split in (train_split, test_split) if split]
    count = sum(split.num_examples for split in splits)
    limit = memory_limit * 2**30

    is_text = not input_feature.shape  # an image has three axes
    if is_text:
        _check_text(dataset, image_size, augmentation)
        size = sum(split.num_bytes for split in splits)
        if size > limit:
            raise DataConfigError(
                f"The texts of {dataset} take {size / 2**30:.1f} GiB, and texts are kept in "
                "memory: raise data.memory_limit, or take a part: data.train_split: train[:10%]."
            )
    else:
        size = image_shape[:2] if image_shape else image_size
        preprocessing = _image_preprocessing(dataset, input_feature, size)
        size = 5 * count * math.prod(preprocessing.example_shape)  # of raw pixels and of float32
    read_split = read if size <= limit else stream
    train = read_split(builder, train_split, *keys)
    if test_split:
        test = read_split(builder, test_split, *keys)
    else:
        train, test = split_examples(train, TEST_FRACTION, split_seed)
    train, held_out = split_examples(train, validation, split_seed)
    if is_text:
        preprocessing = learn_text_preprocessing(train.inputs, **(text or {}))
        held_out, test = sort_by_length(held_out), sort_by_length(test)
    return Dataset(
        train=train,
        validation=held_out,
        test=test,
        class_names=list(label_feature.names),
        preprocessing=preprocessing,
        batch_size=batch_size,
        augmentation=None if is_text else augmentation,
    )


def _check_text(dataset, image_size, augmentation):
    """Refuses what is for images."""
    if image_size or any((augmentation or {}).values()):
        key = "image_size" if image_size else "augmentation"
        raise DataConfigError(f"{dataset} holds texts, and data.{key} is for images. Remove it.")


def _image_preprocessing(dataset, feature, image_size):
    height, width, channels = feature.shape
    if image_size is None and None in (height, width):
        raise DataConfigError(
            f"The images of {dataset} differ in size: give data.image_size, such as [96, 96]."
        )
    return ImagePreprocessing(*(image_size or (height, width)), channels)
