"""One input that was explained."""

import dataclasses

import numpy as np

from kzoo.tasks.base import Told


@dataclasses.dataclass(frozen=True)
class Example:
    """One input, what the model made of it, and where it looked.

    Attributes:
        name: What its files are called.
        kind: What it is, as `Preprocessing.kind` says it.
        raw: An image, uint8 `(height, width, channels)`; a sequence `(time, features)`; else None.
        positions: What the weights belong to: the words of the text, those that the model does
            not know in brackets; the features of the row; the steps; the parts of a record; None
            for the pixels of an image.
        scores: Dict from attention layer to array `(heads or glimpses, positions)`, for an image
            `(heads or glimpses, height, width)`, in the pixels that the model reads. The weights
            of a head add up to 1.
        outputs: Dict from class name to probability, or from target to number.
        told: `Told`: the prediction, what is true, and a caption of both.
        parts: List of an `Example` for each part of a record: the columns of texts and images
            under their names, and the features of all others. Their weights add up to the one
            that the part has.
    """

    name: str
    kind: str
    raw: np.ndarray | None = dataclasses.field(repr=False)  # a notebook keeps what it prints
    positions: list[str] | None = dataclasses.field(repr=False)
    scores: dict[str, np.ndarray] = dataclasses.field(repr=False)
    outputs: dict[str, float]
    told: Told
    parts: list = dataclasses.field(default_factory=list, repr=False)

    @property
    def prediction(self):
        """Name of the most probable class, or the number predicted."""
        return self.told.prediction

    @property
    def label(self):
        """What is true, or None."""
        return self.told.label

    @property
    def caption(self):
        """As in `"cat (93%)"` or, where that is wrong, `"cat (93%), is dog"`."""
        return self.told.caption

    @property
    def is_mistake(self):
        """Whether the prediction is another class than the true one."""
        return self.told.is_mistake
