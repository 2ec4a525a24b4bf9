"""Rows of a photo, a text, a number and a category, of which one knows what each is for."""

import numpy as np

from kzoo.data.dataset import Examples
from kzoo.data.sources.base import Source
from kzoo.preprocessing import ImagePreprocessing
from kzoo.tasks.targets import Targets
from kzoo.types import Seed

TOGETHER = ("add the two", "put both together", "what is the sum", "how many are there in all")
APART = ("take one from the other", "how far apart are they", "what is the difference", "subtract")
GREETINGS = ("hello", "good morning", "dear friend", "excuse me")
THANKS = ("please", "thank you", "many thanks", "as soon as you can")
BARS = {"low": 5, "high": 9}
NO_PHOTO, NO_REQUEST = 0.05, 0.1  # share of the rows


def digit_sums(*, split_seed: Seed = 0):
    """1,797 rows, each with one of scikit-learn's handwritten digits as `photo`; needs no network.

    `request` is a text that asks for the sum of the digit and of `number`, 0 to 9, or for their
    difference. The class says whether the result is above the `bar`, which is low (5) or high (9).
    No input alone tells. Of 5 % of the rows the photo is missing, which counts as 0, and of 10 %
    the request, which is for the sum then.

    Args:
        split_seed: Draws the rows and the splits; independent of the seed of a run.

    References:
        Alpaydin and Kaynak, 1998, Optical Recognition of Handwritten Digits, UCI.
    """
    from sklearn.datasets import load_digits

    bunch, generator = load_digits(), np.random.default_rng(split_seed)
    count = len(bunch.target)
    photos = np.round(bunch.images * (255 / 16)).astype("uint8")[..., None]
    no_photo, no_request, together = (
        generator.random(count) < share for share in (NO_PHOTO, NO_REQUEST, 0.5)
    )
    numbers, bars = generator.integers(0, 10, count), generator.choice(list(BARS), count)
    requests = [
        " ".join(generator.choice(words) for words in (GREETINGS, asked, THANKS))
        for asked in (TOGETHER if is_sum else APART for is_sum in together)
    ]
    digits = np.where(no_photo, 0, bunch.target)
    result = np.where(together | no_request, digits + numbers, np.abs(digits - numbers))
    above = result > np.array([BARS[bar] for bar in bars])
    columns = {
        "photo": np.where(no_photo[:, None, None, None], 0, photos).astype("uint8"),
        "request": np.where(no_request, "", np.array(requests, dtype=object)),
        "number": numbers.astype("float64"),
        "bar": bars.astype(object),
    }
    return Source(
        kind="record",
        train=Examples(columns, above.astype("int32")),
        targets=Targets(["up to the bar", "above the bar"]),
        options={
            "kinds": {"photo": "image", "request": "text"},
            "images": ImagePreprocessing(*photos.shape[1:]),
            "table": {},
        },
    )
