"""A column of a table that names image files."""

import math
from pathlib import Path

import numpy as np

from kzoo.data.files.images import read_images
from kzoo.preprocessing.record import resized

FILES = 64  # that are held at a time in their own size


def read_image_column(names, folder, part):
    """Reads the images that a column names.

    Args:
        names: Array of strings: paths, relative to `folder`; `""` where an image is missing.
        folder: Folder of the table.
        part: `ImagePreprocessing`, for their size, channels and background.

    Returns:
        Array, uint8 `(rows, height, width, channels)`, black where an image is missing; and a dict
        from each row whose file cannot be read to what is wrong with it.
    """
    size = (part.height, part.width)
    found = np.zeros((len(names), *size, part.channels), "uint8")
    rows, problems = [row for row, name in enumerate(names) if name], {}
    for start in range(0, len(rows), FILES):
        chunk = rows[start : start + FILES]
        files = {row: Path(folder) / names[row] for row in chunk}
        read = read_images(list(files.values()), part.channels, math.inf, None, part.background)
        for row, image in zip(chunk, read.images, strict=True):
            if image is None:
                problems[row] = f"{files[row]}: {read.problems[files[row]]}"
            else:
                found[row] = resized(image, size)
    return found, problems
