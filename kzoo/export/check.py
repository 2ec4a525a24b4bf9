"""What a model gives, and what a file of it gives."""

from typing import Any, NamedTuple

import numpy as np

from kzoo.export.process import run_alone
from kzoo.export.saved_model import meanwhile

BATCH = 32


class Expected(NamedTuple):
    """What a model, or a file, is run on, and what must come out.

    Attributes:
        inputs: Array or tensor `(examples, ...)`, or a dict of them.
        predictions: Array `(examples, num_outputs)` that the model gives.
    """

    inputs: Any
    predictions: np.ndarray


def predict(model, inputs):
    """Returns the `Expected` of raw inputs, computed on the CPU, as those of a file are.

    Args:
        model: A `TrainedModel`.
        inputs: What its `predict` takes.
    """
    import tensorflow as tf

    with tf.device("CPU:0"), meanwhile(model.core, use_cudnn=False):
        outputs = model.predict(inputs, decoded=True, batch_size=BATCH, verbose=0)
    return Expected(model.preprocessing.as_raw(inputs), outputs[model.task.output])


def read_and_run(format, path, output, inputs, folder):
    """Returns the predictions that a file gives in a new process.

    Args:
        format: What it is.
        path: Where it lies.
        output: Name of the predictions among its outputs.
        inputs: What it takes: an array or tensor, or a dict of them.
        folder: Where files may be left.
    """
    columns = inputs if isinstance(inputs, dict) else {"": inputs}
    arrays = [np.asarray(column) for column in columns.values()]
    arrays = [a.astype("S") if a.dtype == object else a for a in arrays]  # strings, in UTF-8
    names = list(columns) if isinstance(inputs, dict) else []
    np.savez(folder / "inputs.npz", names, *arrays)
    run_alone("reload.py", format, path, output, folder / "inputs.npz", folder / "outputs.npy")
    return np.load(folder / "outputs.npy")
