"""Sequences of like lengths go together, so that there is little padding."""

import numpy as np

from kzoo.data.dataset import Examples


def sort_by_length(examples):
    """Returns texts from the shortest to the longest, so that their batches have little padding."""
    order = np.argsort([len(text) for text in examples.inputs], kind="stable")
    return Examples(examples.inputs[order], examples.labels[order])


def batches_of_like_length(x, size, lengths):
    """Yields the places of each batch and the batch.

    Args:
        x: Array `(examples, ...)`, pre-processed.
        size: Examples in a batch.
        lengths: Integer array `(examples,)`, the positions of each that are no padding: the
            shortest come first then, and a batch is as wide as its longest; or None.
    """
    order = np.arange(len(x)) if lengths is None else np.argsort(lengths, kind="stable")
    for i in range(0, len(x), size):
        places = order[i : i + size]
        yield places, x[places] if lengths is None else x[places, : max(1, lengths[places[-1]])]
