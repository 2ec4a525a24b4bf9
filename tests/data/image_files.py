"""Image files of noise, in folders by class."""

import numpy as np
import tensorflow as tf

ENCODE = {".png": tf.io.encode_png, ".jpg": lambda image: tf.io.encode_jpeg(image, quality=100)}


def image(height, width, channels, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype="uint8")


def write(folder, name, array, suffix=".png"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}{suffix}").write_bytes(ENCODE[suffix](array).numpy())


def write_classes(root, count=7, shape=(5, 3, 3), classes=("cat", "dog")):
    for c, name in enumerate(classes):
        for i in range(count):
            write(root / name, i, image(*shape, seed=100 * c + i))
    return str(root)
