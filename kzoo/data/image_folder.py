"""A folder of images, the sub-folders of which are the classes."""

import math
from typing import Literal

import numpy as np

from kzoo.data.class_folders import class_folders
from kzoo.data.dataset import DataConfigError, DataError, Dataset, Examples, Stream
from kzoo.data.image_files import decode, read_images
from kzoo.data.image_preprocessing import ImagePreprocessing
from kzoo.data.split import complete_splits
from kzoo.types import HeightWidth, PositiveFloat, PositiveFraction, PositiveInt, Seed

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
NAMED = 5  # broken files that a message names


def image_folder(
    image_shape=None,
    *,
    path: str,
    image_size: HeightWidth | None = None,
    channels: Literal[1, 3] = 3,
    broken: Literal["refuse", "skip"] = "refuse",
    memory_limit: PositiveFloat = 4.0,
    batch_size: PositiveInt = 32,
    validation: PositiveFraction = 0.1,
    split_seed: Seed = 0,
    augmentation=None,
):
    """Images in files `path/<class>/*`: PNG, JPEG, BMP, WebP or the first picture of a GIF.

    Where there is a folder `path/train`, and perhaps `path/validation` and `path/test`, the class
    folders lie in these.

    Args:
        image_shape: `(height, width, channels)` that a trained model reads, in place of
            `image_size` and `channels`; or None.
        path: The folder.
        image_size: `(height, width)` in pixels that the model gets; None keeps that of the
            images, which must be the same for all.
        channels: 1 for grey, 3 for colour; images of the other kind are converted.
        broken: Whether a file that is no image ends the run, or is left out and named.
        memory_limit: GiB up to which the images are kept in memory; more are read from disk in
            every epoch.
        batch_size: Examples in a training step.
        validation: Fraction of the training examples that choices are made on.
        split_seed: Draws the splits; independent of the seed of a run.
        augmentation: Keyword arguments of `augment`, or None.

    Returns:
        `Dataset`; 20 % of each class are the test split where there is none.

    Raises:
        DataError: If a folder is missing or holds no image, or a file is broken.
    """
    if image_shape:
        image_size, channels = image_shape[:2], image_shape[2]
    folders = class_folders(path, SUFFIXES)
    listed = [
        (split, label, file)
        for split, files in folders.files.items()
        for label, file in zip(folders.labels[split], files, strict=True)
    ]
    size = math.prod(image_size) * channels if image_size else None
    read = read_images([file for _, _, file in listed], channels, memory_limit * 2**30, size)
    notes = _check_broken(read.problems, broken)
    splits = {split: _examples(listed, read, split, channels) for split in folders.files}
    train, held_out, test = complete_splits(
        splits["train"], splits.get("validation"), splits.get("test"), validation, split_seed
    )
    return Dataset(
        train=train,
        validation=held_out,
        test=test,
        class_names=folders.class_names,
        preprocessing=ImagePreprocessing(*_image_size(image_size, read.sizes), channels),
        batch_size=batch_size,
        augmentation=augmentation,
        notes=(_describe(read.sizes), *folders.notes, *notes),
    )


def _check_broken(problems, broken):
    """Refuses broken files, or returns lines that name them."""
    if not problems:
        return []
    lines = [f"{file}: {problem}" for file, problem in list(problems.items())[:NAMED]]
    more = [f"and {len(problems) - NAMED} more"] if len(problems) > NAMED else []
    if broken == "refuse":
        raise DataError(
            "\n".join([f"Files that are no image that can be read: {len(problems)}", *lines, *more])
            + "\nRemove them, or leave them out with data.broken: skip."
        )
    return [f"left out, broken: {line}" for line in lines] + more


def _examples(listed, read, split, channels):
    """Returns the `Examples` of a split, or, where they do not fit, a `Stream`."""
    places = [
        i for i, (s, _, file) in enumerate(listed) if s == split and file not in read.problems
    ]
    labels = np.array([listed[i][1] for i in places], "int32")
    if read.images is not None:
        return Examples(_stack([read.images[i] for i in places]), labels)
    files = [str(listed[i][2]) for i in places]

    def open_split():
        import tensorflow as tf

        return tf.data.Dataset.from_tensor_slices((files, labels)).map(
            lambda file, label: (decode(tf.io.read_file(file), channels), label),
            num_parallel_calls=tf.data.AUTOTUNE,
        )

    return Stream(open_split, labels, np.array([read.digests[i] for i in places]))


def _stack(images):
    """One array; of dtype object where the images differ in size."""
    if len({image.shape for image in images}) == 1:
        return np.stack(images)
    array = np.empty(len(images), dtype=object)
    array[:] = images
    return array


def _image_size(image_size, sizes):
    if image_size is None and len(sizes) > 1:
        raise DataConfigError(
            f"The images differ in size ({_describe(sizes)}): give data.image_size, such as "
            "[96, 96]."
        )
    return image_size or next(iter(sizes))


def _describe(sizes):
    (low, high), (left, right) = (
        (min(size[axis] for size in sizes), max(size[axis] for size in sizes)) for axis in (0, 1)
    )
    height = f"{low}" if low == high else f"{low} to {high}"
    width = f"{left}" if left == right else f"{left} to {right}"
    return f"images {height} pixels high, {width} wide"
