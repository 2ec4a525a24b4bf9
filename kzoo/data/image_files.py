"""Image files, read and decoded."""

import concurrent.futures
import dataclasses
import re
from typing import Any


@dataclasses.dataclass(frozen=True)
class Read:
    """What is known of image files after all of them have been read.

    Attributes:
        images: List of uint8 arrays `(height, width, channels)`, None for a broken file; or None
            where they do not fit into memory.
        digests: List of integers; equal files have equal ones.
        sizes: Set of `(height, width)`.
        problems: Dict from each broken file to what is wrong with it.
    """

    images: list | None
    digests: list[int]
    sizes: set
    problems: dict[Any, str]


def read_images(files, channels, memory_limit, ready_size=None):
    """Decodes image files, several at a time.

    Args:
        files: List of `Path`.
        channels: 1 or 3.
        memory_limit: Bytes; the images are not kept if they, and the floats that will be made of
            them, take more.
        ready_size: Number of these floats for an image; None is that of its pixels.

    Returns:
        `Read`.
    """
    images, digests, sizes, problems, used = [], [], set(), {}, 0
    with concurrent.futures.ThreadPoolExecutor() as pool:
        loaded = pool.map(lambda file: _load(file, channels), files)
        for file, (image, digest, problem) in zip(files, loaded, strict=True):
            digests.append(digest)
            if problem:
                problems[file] = problem
            else:
                sizes.add(image.shape[:2])
                used += image.size + 4 * (ready_size or image.size)
            if images is not None:
                images.append(image)
                images = images if used <= memory_limit else None
    return Read(images, digests, sizes, problems)


def decode(data, channels):
    """Decodes the bytes of an image file, in a graph too.

    Args:
        data: Scalar string tensor.
        channels: 1 or 3; an image of the other kind is converted.

    Returns:
        Tensor `(height, width, channels)`, uint8.
    """
    import tensorflow as tf

    image = tf.io.decode_image(data, expand_animations=False)
    is_grey = tf.shape(image)[2] <= 2  # the second is transparency, as is a fourth
    if channels == 1:
        image = tf.cond(
            is_grey,
            lambda: image[..., :1],
            lambda: tf.image.rgb_to_grayscale(image[..., :3]),
        )
    else:
        image = tf.cond(
            is_grey, lambda: tf.repeat(image[..., :1], 3, axis=2), lambda: image[..., :3]
        )
    return tf.ensure_shape(image, (None, None, channels))


def _load(file, channels):
    """Returns the image as an array, a digest of its file, and what is wrong, or None."""
    import tensorflow as tf

    try:
        data = file.read_bytes()
        with tf.device("CPU:0"):
            return decode(tf.constant(data), channels).numpy(), hash(data), None
    except OSError as error:
        return None, 0, error.strerror
    except (tf.errors.InvalidArgumentError, ValueError) as error:
        return None, 0, _reason(error)


def _reason(error):
    """The sentence in an error of TensorFlow."""
    text = getattr(error, "message", None) or str(error)
    text = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", text.splitlines()[0])
    return text.strip().rstrip(".")
