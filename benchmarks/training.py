"""One training inside a benchmark, with what it comes to."""

import tempfile
from pathlib import Path

import numpy as np

from kzoo.data.batches import evaluation_batches
from kzoo.training.fit import fit


def fit_and_test(core, dataset, seed, training, callbacks=(), split="test"):
    """Trains a core as a recipe does.

    Args:
        core: Functional model to logits, which holds the best weights afterwards.
        dataset: `Dataset`.
        seed: Integer.
        training: Dict, the section `training` of a config.
        callbacks: Further Keras callbacks.
        split: Name of the split that the best weights are tested on.

    Returns:
        The best epoch, and the accuracy on that split, 0 to 1.
    """
    with tempfile.TemporaryDirectory() as folder:
        best = fit(core, dataset, seed, Path(folder), callbacks=callbacks, **training).best
    examples = getattr(dataset, split)
    logits = core.predict(evaluation_batches(dataset, examples), verbose=0)
    return best.best_epoch, np.mean(logits.argmax(axis=-1) == examples.labels)
