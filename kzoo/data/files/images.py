"""Image files, read and decoded."""

import concurrent.futures
import dataclasses
import hashlib
from typing import Any

from kzoo.data.files.image_decoding import ImageError, colour, decode
from kzoo.data.files.listing import read_file
from kzoo.messages import DataConfigError, DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff")


@dataclasses.dataclass(frozen=True)
class Read:
    """What is known of image files after all of them have been read.

    Attributes:
        images: List of uint8 arrays `(height, width, channels)`, None for a broken file; or None
            where they do not fit into memory.
        digests: List of integers; equal files have equal ones.
        sizes: Set of `(height, width)`.
        problems: Dict from each broken file to what is wrong with it.
        brightest: The highest value of a pixel.
    """

    images: list | None
    digests: list[int]
    sizes: set
    problems: dict[Any, str]
    brightest: int


def read_images(files, channels, memory_limit, ready_size=None, background="white"):
    """Decodes image files, several at a time.

    Args:
        files: List of `Path`.
        channels: 1 or 3.
        memory_limit: Bytes; the images are not kept if they, and the floats that will be made of
            them, take more.
        ready_size: Number of these floats for an image; None is that of its pixels.
        background: Name of the colour behind what is transparent.

    Returns:
        `Read`.
    """
    images, digests, sizes, problems, used, brightest = [], [], set(), {}, 0, 0
    with concurrent.futures.ThreadPoolExecutor() as pool:
        loaded = pool.map(lambda file: _load(file, channels, background), files)
        for file, (image, digest, problem) in zip(files, loaded, strict=True):
            digests.append(digest)
            if problem:
                problems[file] = problem
            else:
                sizes.add(image.shape[:2])
                brightest = max(brightest, int(image.max()))
                used += image.size + 4 * (ready_size or image.size)
            if images is not None:
                images.append(image)
                images = images if used <= memory_limit else None
    return Read(images, digests, sizes, problems, brightest)


def read_image(file, channels, background="white", digest=None):
    """Returns an image as an array `(height, width, channels)`.

    Args:
        file: `Path`.
        channels: 1 or 3.
        background: Name of the colour behind what is transparent.
        digest: That of the file when it was read before, or None.

    Raises:
        DataError: If it cannot be read, or has changed.
    """
    image, now, problem = _load(file, channels, background)
    if digest is not None and now != digest:
        problem = f"changed since the training began{f': {problem}' if problem else ''}"
    if problem:
        raise DataError(f"{file}: {problem}")
    return image


def check_background(background):
    """Refuses what is no colour, of `data.background`."""
    try:
        colour(background)
    except ValueError as error:
        raise DataConfigError(f"data.background {error}") from None


def _digest(data):
    """Returns a number of 63 bits, the same in every process."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest()) >> 1


def _load(file, channels, background):
    """Returns the image as an array, a digest of its file, and what is wrong, or None."""
    try:
        data = read_file(file)
        return decode(data, channels, background), _digest(data), None
    except OSError as error:
        return None, 0, error.strerror or str(error)
    except MemoryError:
        return None, 0, "too large: the file does not fit into memory"
    except ImageError as error:
        return None, 0, str(error)
