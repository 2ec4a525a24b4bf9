"""A data set that is trained on within a second: where the image is bright tells its class."""

import numpy as np

from kzoo.data.dataset import Dataset, Examples
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.tasks.classification import Classification
from kzoo.types import PositiveInt

HEIGHT, WIDTH, CLASSES = 7, 5, 3
TRAIN, VALIDATION, TEST, BATCH = 29, 13, 11, 7
STEPS = 5  # 4 batches of 7 and one of 1
MODEL = {
    "name": "cnn_attention",
    "filters": [2, 3],
    "num_heads": 3,
    "num_glimpses": 2,
    "units": 5,
}


def examples(count, seed):
    """Uint8 images with two bright rows, the place of which is the class."""
    random = np.random.default_rng(seed)
    labels = np.arange(count, dtype="int32") % CLASSES
    images = random.integers(0, 97, (count, HEIGHT, WIDTH, 1), dtype="uint8")
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 2] += 150
    return Examples(images, labels)


def tiny(preprocessing=None, task=None, *, batch_size: PositiveInt = BATCH, augmentation=None):
    """Returns the `Dataset`; also an entry for `DATASETS`."""
    return Dataset(
        train=examples(TRAIN, seed=0),
        validation=examples(VALIDATION, seed=1),
        test=examples(TEST, seed=2),
        task=Classification(["top", "middle", "bottom"]),
        preprocessing=ImagePreprocessing(HEIGHT, WIDTH, 1),
        batch_size=batch_size,
        augmentation=augmentation,
    )
