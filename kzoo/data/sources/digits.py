"""Handwritten digits that come with scikit-learn."""

import numpy as np

from kzoo.data.dataset import Examples
from kzoo.data.sources.base import Source
from kzoo.tasks.targets import Targets


def digits():
    """1,797 real handwritten digits, grey, 8x8 pixels, from scikit-learn; needs no network.

    References:
        Alpaydin and Kaynak, 1998, Optical Recognition of Handwritten Digits, UCI.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = np.round(bunch.images * (255 / 16)).astype("uint8")[..., None]
    return Source(
        kind="image",
        train=Examples(images, bunch.target),
        targets=Targets([str(digit) for digit in range(10)]),
        options={"channels": 1},
    )
