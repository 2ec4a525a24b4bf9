"""Cuts one split off another, by class, the same in every run."""

import keras
import numpy as np

from kzoo.data.dataset import DataError, Examples, Stream

TEST_FRACTION = 0.2  # where a set has no test split of its own


def split_examples(examples, fraction, split_seed):
    """Cuts a stratified fraction off.

    Args:
        examples: `Examples` or `Stream`.
        fraction: Size of the second part, between 0 and 1.
        split_seed: Integer; independent of the seed that weights are drawn from.

    Returns:
        The rest and what was cut off, each in the order of `examples`.

    Raises:
        DataError: If a part would lack a class.
    """
    from sklearn.model_selection import train_test_split

    labels = examples.labels
    try:
        parts = train_test_split(
            np.arange(len(labels)), test_size=fraction, random_state=split_seed, stratify=labels
        )
    except ValueError as error:
        raise DataError(
            f"{len(labels)} examples of {len(np.unique(labels))} classes cannot be split into "
            f"{1 - fraction:.0%} and {fraction:.0%} by class: {error}"
        ) from None
    return tuple(_take(examples, np.sort(part)) for part in parts)


def _take(examples, indices):
    if isinstance(examples, Examples):
        inputs = keras.tree.map_structure(lambda array: array[indices], examples.inputs)
        return Examples(inputs, examples.labels[indices])
    kept = np.zeros(len(examples), bool)
    kept[indices] = True

    def open_part():
        import tensorflow as tf

        numbered = examples.open().enumerate()
        part = numbered.filter(lambda number, example: tf.constant(kept)[number])
        return part.map(lambda number, example: example)

    return Stream(open_part, examples.labels[indices])
