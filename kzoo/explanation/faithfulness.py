"""Whether what a model attends to is what it needs."""

import dataclasses

import keras
import numpy as np

from kzoo.explanation.attention import received_attention
from kzoo.explanation.explain import as_png, check_and_preprocess
from kzoo.explanation.records import parts_of_records
from kzoo.messages import listed


@dataclasses.dataclass(frozen=True, repr=False)
class Faithfulness:
    """How what a model predicts falls as positions are deleted.

    Of a classification that is the probability of the predicted class; of a regression, minus the
    change of the number, in standard deviations of the target.

    In a notebook it shows itself, as the two curves.

    Attributes:
        layer: Name of the layer whose weights gave the order.
        shares: Array `(steps + 1,)`: share of the positions that is deleted, 0 to 1.
        attention: Array `(examples, steps + 1)` of them, the highest weight deleted first.
        random: Array `(orders, examples, steps + 1)` of them, in random orders.
        followed_as: What they are, in words.
    """

    layer: str
    shares: np.ndarray
    attention: np.ndarray
    random: np.ndarray
    followed_as: str = ""

    @property
    def areas(self):
        """Array `(examples,)`: the area between the mean random curve and that of attention."""
        return np.trapezoid(self.random.mean(axis=0) - self.attention, self.shares, axis=-1)

    @property
    def area(self):
        """Mean of the areas: above 0 where attention finds what matters, 0 by chance."""
        return float(self.areas.mean())

    @property
    def standard_error(self):
        """Of that mean, over the examples; NaN for one example."""
        count = len(self.areas)
        return float(self.areas.std(ddof=1) / count**0.5) if count > 1 else float("nan")

    def __repr__(self):
        count = len(self.areas)
        spread = f" ± {self.standard_error:.3f}" if count > 1 else ""
        examples = "1 example" if count == 1 else f"{count} examples"
        return f"faithfulness of {self.layer}: {self.area:.3f}{spread} over {examples}"

    def figure(self):
        """Returns a Matplotlib figure of the two curves."""
        from kzoo.explanation.figures import deletion_figure

        return deletion_figure(self)

    def _repr_png_(self):
        return as_png(self.figure())


def faithfulness(model, inputs, *, layer=None, orders=10, steps=20, seed=0):
    """Measures whether a model needs the positions that get the most attention.

    Positions are deleted step by step, those with the most attention first, and again in random
    orders:

        f(s) = probability of the class predicted for the whole input, a share s deleted; of a
               regression, - |number predicted then - that for the whole input| / its scale
        area = integral over s from 0 to 1 of (mean of f over random orders - f by attention)

    Deleted words are taken out of the text; the region of an image gets its mean colour; a
    feature of a row or a step of a sequence becomes 0 behind the pre-processing, which is the mean
    of the training data. A region is what one position of the layer covers, in both orders.

    Args:
        model: A `TrainedModel` with attention layers.
        inputs: Raw inputs, as of `model.predict`.
        layer: Name of the attention layer, over whose heads the mean is taken; None is the one
            nearest to the logits.
        orders: Number of random orders for each input.
        steps: Number of steps from nothing to all deleted.
        seed: Draws the orders.

    Returns:
        `Faithfulness`; its `area` is the number, above 0 where attention does better than chance.

    Raises:
        ValueError: If the model has no such layer, or there is no input.

    Example:
    >>> images = np.random.default_rng(0).integers(0, 256, (2, 8, 8), "uint8")
    >>> found = faithfulness(kzoo.load("digits_cnn_attention"), images, steps=5)
    >>> found.attention.shape, found.random.shape
    ((2, 6), (10, 2, 6))

    References:
        Petsiuk et al., 2018, RISE: Randomized Input Sampling for Explanation of Black-box Models
        (deletion metric); DeYoung et al., 2020, ERASER: A Benchmark to Evaluate Rationalized NLP
        Models (comprehensiveness; against random).
    """
    x = check_and_preprocess(model, inputs)
    received = received_attention(model.core, x)
    layer = layer or list(received)[-1]
    if layer not in received:
        raise ValueError(f"`layer` must be one of {listed(received)}. Received: layer={layer!r}")
    weights = received[layer].mean(axis=1)
    delete = _deletion(model, x)
    shares = np.linspace(0, 1, steps + 1)
    random = np.random.default_rng(seed)
    falls = [
        _falls(model, _example(x, i), of_example, delete, shares, orders, random)
        for i, of_example in enumerate(weights)
    ]
    falls = np.stack(falls, axis=1)
    return Faithfulness(layer, shares, falls[0], falls[1:], model.task.followed_as)


def _deletion(model, x):
    """Returns a function of an example, places and the grid of all, that deletes these."""
    preprocessing = model.preprocessing
    if preprocessing.kind != "record":
        return preprocessing.delete
    places = parts_of_records(model.core, preprocessing, x)

    def delete(example, deleted, grid):
        found = {}
        for name, (of_part, part_grid) in places.items():
            inside = deleted[(deleted >= of_part.start) & (deleted < of_part.stop)]
            inside = inside - of_part.start
            part = preprocessing.parts[name]
            found[name] = part.delete(example[name], inside, part_grid)
        return found

    return delete


def _example(x, i):
    return keras.tree.map_structure(lambda array: array[i], x)


def _real(preprocessing, x, weights):
    """Returns the places of an example that are no padding, in any order."""
    if preprocessing.kind == "record":  # what is missing gets no attention at all
        return np.flatnonzero(weights)
    lengths = preprocessing.lengths(x[None])
    return np.arange(weights.size if lengths is None else int(lengths[0]))


def _falls(model, x, weights, delete, shares, orders, random):
    """Returns `(1 + orders, steps + 1)` numbers of one example, by attention first."""
    real = _real(model.preprocessing, x, weights)
    count = len(real)
    shuffled = [random.permutation(real) for _ in range(orders + 1)]
    # sorted from a random order, so that equal weights stay in one
    by_attention = shuffled[0][np.argsort(-weights.ravel()[shuffled[0]], kind="stable")]
    numbers = np.unique(np.rint(shares * count).astype(int))
    variants = [
        delete(x, order[:number], weights.shape)
        for order in [by_attention, *shuffled[1:]]
        for number in numbers
    ]
    stacked = keras.tree.map_structure(lambda *arrays: np.stack(arrays), *variants)
    logits = model.core.predict(stacked, batch_size=64, verbose=0)
    followed = model.task.followed(model.task.predictions(logits))
    falls = followed.reshape(orders + 1, len(numbers))
    return np.stack([np.interp(shares, numbers / count, fall) for fall in falls])
