"""A folder of images, the sub-folders of which are the classes."""

import math
from typing import Annotated, Literal

import numpy as np

from kzoo.data.dataset import Examples, Stream
from kzoo.data.files.class_folders import class_folders
from kzoo.data.files.images import SUFFIXES, check_background, read_image, read_images
from kzoo.data.sources.base import Source
from kzoo.messages import DataConfigError, DataError
from kzoo.tasks.targets import Targets
from kzoo.types import LEARNED, HeightWidth, PositiveFloat

NAMED = 5  # broken files that a message names
DARK = 32  # of 255: 10 or 12 bits in files of 16 come out below it


def image_folder(
    preprocessing=None,
    *,
    path: str,
    image_size: Annotated[HeightWidth | None, LEARNED] = None,
    channels: Annotated[Literal[1, 3], LEARNED] = 3,
    background: Annotated[str, LEARNED] = "white",
    broken: Literal["refuse", "skip"] = "refuse",
    memory_limit: PositiveFloat = 4.0,
):
    """Images in files `path/<class>/*`: PNG, JPEG, BMP, GIF, WebP or TIFF.

    Where there is a folder `path/train`, and perhaps `path/validation` and `path/test`, the class
    folders lie in these. An image is read as viewers show it: upright as EXIF says, its first
    frame, transparent parts on a background, 16 bits scaled to 8.

    Args:
        preprocessing: That of a trained model, whose size, channels and background go first; or
            None.
        path: The folder.
        image_size: `(height, width)` in pixels that the model gets; None keeps that of the
            images, which must be the same for all.
        channels: 1 for grey, 3 for colour; images of the other kind are converted.
        background: Colour behind transparent pixels, a name or `"#rrggbb"`. The saved model keeps
            it for the files that it is given later.
        broken: Whether a file that is no image ends the run, or is left out and named.
        memory_limit: GiB up to which the images are kept in memory; more are read from disk in
            every epoch.

    Raises:
        DataError: If a folder is missing or holds no image, or a file is broken.
    """
    check_background(background)
    if preprocessing:
        *image_size, channels = preprocessing.example_shape
        background = preprocessing.background
    folders = class_folders(path, SUFFIXES)
    size = math.prod(image_size) * channels if image_size else None
    files = [file for split in folders.files.values() for file in split]
    read = read_images(files, channels, memory_limit * 2**30, size, background)
    notes = [*folders.notes, *_check_broken(read, broken)]
    if read.brightest < DARK:
        notes.append(
            f"warning: no pixel of these images is above {read.brightest} of 255, so they are "
            "nearly black, in viewers too"
        )
    splits = _examples(folders, read, channels, background)
    image_size = _image_size(image_size, read.sizes)
    return Source(
        kind="image",
        **splits,
        targets=Targets(folders.class_names),
        options={"image_size": image_size, "channels": channels, "background": background},
        notes=(_describe(read.sizes), *notes),
    )


def _check_broken(read, broken):
    """Refuses broken files, or returns lines that name them."""
    if not read.problems:
        return []
    lines = [f"{file}: {problem}" for file, problem in list(read.problems.items())[:NAMED]]
    more = [f"and {len(read.problems) - NAMED} more"] if len(read.problems) > NAMED else []
    if broken == "refuse" or not read.sizes:
        raise DataError(
            "\n".join([f"Images that cannot be read: {len(read.problems)}", *lines, *more])
            + "\nRemove them, or leave them out with data.broken: skip."
        )
    return [f"left out, broken: {line}" for line in lines] + more


def _examples(folders, read, channels, background):
    """Returns a dict from split to its `Examples` or, where they do not fit, a `Stream`."""
    splits, start = {}, 0
    for split, files in folders.files.items():
        places = [i for i, file in enumerate(files) if file not in read.problems]
        labels = folders.labels[split][places]
        if read.images is not None:
            images = _stack([read.images[start + i] for i in places])
            splits[split] = Examples(images, labels)
        else:
            digests = np.array([read.digests[start + i] for i in places])
            of_split = [files[i] for i in places]
            splits[split] = _stream(of_split, labels, digests, channels, background)
        start += len(files)
    return splits


def _stream(files, labels, digests, channels, background):
    def load(i):
        return read_image(files[i], channels, background, digests[i])

    def open_split():
        import tensorflow as tf

        def example(i):
            image = tf.ensure_shape(tf.numpy_function(load, [i], tf.uint8), (None, None, channels))
            return image, tf.constant(labels)[i]

        return tf.data.Dataset.range(len(files)).map(example, num_parallel_calls=tf.data.AUTOTUNE)

    def take(indices):
        part = [files[i] for i in indices]
        return _stream(part, labels[indices], digests[indices], channels, background)

    return Stream(open_split, labels, digests, take)


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
