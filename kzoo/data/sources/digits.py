"""Handwritten digits that come with scikit-learn."""

import numpy as np

from kzoo.data.dataset import Dataset, Examples
from kzoo.data.split import TEST_FRACTION, split_examples
from kzoo.preprocessing.image import ImagePreprocessing
from kzoo.types import PositiveFraction, PositiveInt, Seed


def digits(
    *,
    batch_size: PositiveInt = 64,
    validation: PositiveFraction = 0.1,
    split_seed: Seed = 0,
    augmentation=None,
):
    """1,797 real handwritten digits, grey, 8x8 pixels, from scikit-learn; needs no network.

    Args:
        batch_size: Examples in a training step.
        validation: Fraction of the training examples that choices are made on.
        split_seed: Draws the splits; independent of the seed of a run.
        augmentation: Keyword arguments of `augment`, or None.

    Returns:
        `Dataset`; 20 % of each class are the test split.

    References:
        Alpaydin and Kaynak, 1998, Optical Recognition of Handwritten Digits, UCI.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.round(bunch.images * (255 / 16)).astype("uint8")[..., None]
    examples = Examples(images, bunch.target.astype("int32"))
    train, test = split_examples(examples, TEST_FRACTION, split_seed)
    train, held_out = split_examples(train, validation, split_seed)
    return Dataset(
        train=train,
        validation=held_out,
        test=test,
        class_names=[str(digit) for digit in range(10)],
        preprocessing=ImagePreprocessing(8, 8, 1),
        batch_size=batch_size,
        augmentation=augmentation,
    )
