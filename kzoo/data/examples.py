"""Real inputs, for what is done with a trained model."""

import keras
import numpy as np

from kzoo.data.dataset import Stream

MOST = 512


def validation_inputs(dataset):
    """Returns raw inputs of the validation split, as `model.predict` takes them: 512 at most.

    Args:
        dataset: `Dataset`. Of images that differ in size, it is those of the size of the first.
    """
    split = dataset.validation
    if isinstance(split, Stream):
        inputs = [raw for raw, _ in split.open().take(MOST).as_numpy_iterator()]
    else:
        inputs = keras.tree.map_structure(lambda array: array[:MOST], split.inputs)
    if isinstance(inputs, dict) or isinstance(inputs[0], str | bytes):
        return inputs
    return np.stack([raw for raw in inputs if raw.shape == inputs[0].shape])
